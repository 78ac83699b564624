//! The second line: what PostgreSQL shows and takes when somebody goes round the stores.

use diesel::sql_types::{BigInt, Bool, Text};
use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
use serde_json::json;
use zamu::auth::action::Action;
use zamu::kernel::id::OrgId;
use zamu_schema::dual::DualConnection;

use super::support::TestApp;
use super::support::database::{is_postgres, raw};
use super::support::people::TestOrg;

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(diesel::QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(diesel::QueryableByName)]
struct Role {
    #[diesel(sql_type = Bool)]
    passes: bool,
}

/// Tables of the lobby: they are about accounts, which belong to no organization.
const LOBBY: &[&str] = &["login_sessions"];

/// Every table with an organization's rows, as the database lists them: a new one cannot be forgotten.
async fn tenant_tables(conn: &mut DualConnection) -> Vec<String> {
    let asked = "SELECT table_name::text AS name FROM information_schema.columns \
                 WHERE table_schema = 'public' AND column_name = 'org_id' ORDER BY 1";
    let found: Vec<Name> = diesel::sql_query(asked).load(conn).await.unwrap();
    let names: Vec<String> = found.into_iter().map(|found| found.name).collect();
    assert!(names.len() >= 15, "{names:?}");
    names
        .into_iter()
        .filter(|name| !LOBBY.contains(&name.as_str()))
        .collect()
}

async fn count(conn: &mut DualConnection, table: &str, org: OrgId) -> i64 {
    let asked = format!(
        "SELECT count(*) AS count FROM {table} WHERE org_id = '{}'",
        org.uuid()
    );
    let found: Count = diesel::sql_query(asked).get_result(conn).await.unwrap();
    found.count
}

/// A row in every table an organization can fill.
async fn fill(org: &TestOrg) {
    let contacts = json!({"input": {"contacts": [{"name": "Otieno", "phone": "+254712345678"}]}});
    let contacts = org
        .worker
        .run("identity/set_emergency_contacts", contacts)
        .await;
    assert!(contacts.ok());
    let place = json!({"input": {"name": "Clinic", "position": {"latitude": -1.28, "longitude": 36.81}, "radiusM": 100}});
    assert!(org.admin.run("places/create_place", place).await.ok());
    let client = json!({"input": {"name": "Akinyi"}});
    assert!(org.admin.run("places/create_client", client).await.ok());
    let input = json!({"input": {"idempotencyKey": "a"}});
    let opened = org.worker.run("attendance/clock_in", input).await;
    let note = json!({"input": {"idempotencyKey": "note", "session": opened.text("/clockIn/id"), "body": "a note"}});
    assert!(
        org.worker
            .run("attendance/add_session_note", note)
            .await
            .ok()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_another_organization_are_out_of_reach_of_raw_sql() {
    if !is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let (own, other) = (
        app.organization("acme").await,
        app.organization("other").await,
    );
    fill(&own).await;
    fill(&other).await;
    app.drain().await;
    for org in [&own, &other] {
        // Not numbered yet, so that the outbox has rows as well.
        let out = json!({"input": {"idempotencyKey": "out"}});
        assert!(org.worker.run("attendance/clock_out", out).await.ok());
    }
    let mut all = raw(app.target()).await;
    let viewer = app.viewer(&own.owner).await;
    let mut filled = 0;
    for table in tenant_tables(&mut all).await {
        let rows = count(&mut all, &table, other.id).await;
        filled += usize::from(rows > 0);
        let begin = app.app.begin(&viewer, Action::ManageOrganization);
        let read = app.app.read(&viewer, Action::ViewMembers);
        for mut tx in [begin.await.unwrap(), read.await.unwrap()] {
            let conn = tx.conn().unwrap();
            assert_eq!(count(conn, &table, other.id).await, 0, "{table} shows rows");
            let mine = count(conn, &table, own.id).await;
            assert_eq!(mine > 0, rows > 0, "{table}: the test sees its own rows");
        }
        for change in [
            format!(
                "UPDATE {table} SET org_id = org_id WHERE org_id = '{}'",
                other.id.uuid()
            ),
            format!("DELETE FROM {table} WHERE org_id = '{}'", other.id.uuid()),
        ] {
            let mut tx = app
                .app
                .begin(&viewer, Action::ManageOrganization)
                .await
                .unwrap();
            let query = diesel::sql_query(&change);
            let touched = query.execute(tx.conn().unwrap()).await.unwrap();
            assert_eq!(touched, 0, "{change}");
        }
        // A row of one's own cannot be given to the other organization, nor one be made there.
        if rows > 0 {
            let made = format!(
                "INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, \
                 to_jsonb(r) || '{{\"org_id\": \"{}\"}}')).* FROM (SELECT * FROM {table} LIMIT 1) r",
                other.id.uuid()
            );
            let mut tx = app
                .app
                .begin(&viewer, Action::ManageOrganization)
                .await
                .unwrap();
            let refused = tx.conn().unwrap().batch_execute(&made).await.unwrap_err();
            let message = refused.to_string();
            assert!(message.contains("row-level security"), "{table}: {message}");
        }
        assert_eq!(count(&mut all, &table, other.id).await, rows, "{table}");
    }
    assert!(filled >= 12, "{filled} tables have rows to protect");
}

#[tokio::test]
async fn the_server_is_not_above_row_security() {
    if !is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let mut conn = raw(app.target()).await;
    let asked =
        "SELECT rolsuper OR rolbypassrls AS passes FROM pg_roles WHERE rolname = current_user";
    let role: Role = diesel::sql_query(asked)
        .get_result(&mut conn)
        .await
        .unwrap();
    assert!(!role.passes);
    let asked = "SELECT relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = 'public' AND c.relkind = 'r' AND NOT (relrowsecurity AND relforcerowsecurity)";
    let open: Vec<Name> = diesel::sql_query(asked).load(&mut conn).await.unwrap();
    let open: Vec<String> = open.into_iter().map(|open| open.name).collect();
    for table in tenant_tables(&mut conn).await {
        assert!(
            !open.contains(&table),
            "{table} has no forced row-level security"
        );
    }
}
