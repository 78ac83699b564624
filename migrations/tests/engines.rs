//! What the schema and the two-engine backend promise, proved on SQLite always and on PostgreSQL when
//! `TEST_POSTGRES_URL` names an empty database whose owner is not a superuser.
#![expect(
    clippy::unwrap_used,
    reason = "a test says what it expects by panicking"
)]

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::dsl::{count_star, exists, max};
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::serialize::{Output, ToSql};
use diesel::sql_types;
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;
use uuid::Uuid;
use zamu_schema::constraints::{UNIQUE, constraint_name};
use zamu_schema::dual::{
    Bucket, Dual, DualConnection, ForUpdate, Prepared, Raw, SkipLocked, SqliteOptions, SumMinor,
};
use zamu_schema::migrate::{self, Target};
use zamu_schema::tables::{
    accounts, departments, gathering_members, gatherings, heads, members, organizations, outbox,
    punches, shifts, work_sessions,
};

// ---------------------------------------------------------------- support

/// One engine with a schema of its own.
struct Site {
    target: Target,
    conn: DualConnection,
    _folder: Option<TempDir>,
}

/// An empty database on every engine there is; on PostgreSQL a schema named after the test.
async fn empty(test: &str) -> Vec<(Target, Option<TempDir>)> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("zamu ?#%.db");
    let mut targets = vec![(Target::Sqlite(file), Some(folder))];
    #[expect(
        clippy::disallowed_methods,
        reason = "the one setting of this test binary"
    )]
    if let Ok(url) = std::env::var("TEST_POSTGRES_URL") {
        let mut conn = DualConnection::connect_postgres(&url).await.unwrap();
        let schema = format!("test_{test}");
        conn.batch_execute(&format!(
            "SET client_min_messages = warning; DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}"
        ))
        .await
        .unwrap();
        let joint = if url.contains('?') { '&' } else { '?' };
        let url = format!("{url}{joint}options=-csearch_path%3D{schema}");
        targets.push((Target::Postgres(url), None));
    }
    targets
}

async fn connect(target: &Target) -> DualConnection {
    match target {
        Target::Sqlite(path) => {
            DualConnection::open_sqlite(path, SqliteOptions::default()).unwrap()
        }
        Target::Postgres(url) => {
            let mut conn = DualConnection::connect_postgres(url).await.unwrap();
            conn.batch_execute("SET zamu.platform = 'on'")
                .await
                .unwrap();
            conn
        }
    }
}

/// A migrated database on every engine there is.
async fn sites(test: &str) -> Vec<Site> {
    let mut sites = Vec::new();
    for (target, folder) in empty(test).await {
        migrate::run(&target).unwrap();
        let conn = connect(&target).await;
        sites.push(Site {
            target,
            conn,
            _folder: folder,
        });
    }
    sites
}

fn new_id() -> Uuid {
    static LAST: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u64_pair(
        0x019b_0000_0000_7000,
        0x8000_0000_0000_0000 | LAST.fetch_add(1, Ordering::Relaxed),
    )
}

/// Half past eight in the morning, with microseconds.
fn morning() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_767_594_600_123_456).unwrap()
}

async fn add_organization(conn: &mut DualConnection, slug: &str) -> Uuid {
    let id = new_id();
    diesel::insert_into(organizations::table)
        .values((
            organizations::id.eq(id),
            organizations::slug.eq(slug),
            organizations::name.eq(slug),
            organizations::time_zone.eq("Africa/Nairobi"),
            organizations::currency.eq("KES"),
            organizations::created_at.eq(morning()),
        ))
        .execute(conn)
        .await
        .unwrap();
    id
}

async fn add_account(conn: &mut DualConnection, email: &str) -> QueryResult<Uuid> {
    diesel::insert_into(accounts::table)
        .values((
            accounts::id.eq(new_id()),
            accounts::email.eq(email),
            accounts::password_hash.eq("x"),
            accounts::password_changed_at.eq(morning()),
            accounts::created_at.eq(morning()),
        ))
        .returning(accounts::id)
        .get_result(conn)
        .await
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = sql_types::Text)]
    line: String,
}

async fn lines(conn: &mut DualConnection, sql: &str) -> Vec<String> {
    let lines: Vec<Line> = diesel::sql_query(sql).load(conn).await.unwrap();
    lines.into_iter().map(|line| line.line).collect()
}

// What the application writes for its own types: an id that names what it identifies, an enum as text.

#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Uuid)]
struct Id<K: 'static>(Uuid, std::marker::PhantomData<K>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Session;

impl<K> ToSql<sql_types::Uuid, Dual> for Id<K>
where
    K: std::fmt::Debug,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Dual>) -> diesel::serialize::Result {
        <Uuid as ToSql<sql_types::Uuid, Dual>>::to_sql(&self.0, out)
    }
}

impl<K> FromSql<sql_types::Uuid, Dual> for Id<K> {
    fn from_sql(raw: Raw<'_>) -> diesel::deserialize::Result<Self> {
        let id = <Uuid as FromSql<sql_types::Uuid, Dual>>::from_sql(raw)?;
        Ok(Self(id, std::marker::PhantomData))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Text)]
enum Status {
    Active,
    Closed,
}

impl ToSql<sql_types::Text, Dual> for Status {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Dual>) -> diesel::serialize::Result {
        let text = match self {
            Self::Active => "ACTIVE",
            Self::Closed => "CLOSED",
        };
        <str as ToSql<sql_types::Text, Dual>>::to_sql(text, out)
    }
}

impl FromSql<sql_types::Text, Dual> for Status {
    fn from_sql(raw: Raw<'_>) -> diesel::deserialize::Result<Self> {
        match <String as FromSql<sql_types::Text, Dual>>::from_sql(raw)?.as_str() {
            "ACTIVE" => Ok(Self::Active),
            "CLOSED" => Ok(Self::Closed),
            other => Err(format!("no status {other}").into()),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = members, check_for_backend(Dual))]
struct Member {
    org_id: Uuid,
    id: Uuid,
    role: String,
    name: String,
    phone: Option<String>,
    tags: serde_json::Value,
    external_ref: Option<String>,
    joined_at: DateTime<Utc>,
}

fn member(org_id: Uuid, name: &str) -> Member {
    Member {
        org_id,
        id: new_id(),
        role: "EMPLOYEE".into(),
        name: name.into(),
        phone: None,
        tags: json!([]),
        external_ref: None,
        joined_at: morning(),
    }
}

#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = work_sessions, check_for_backend(Dual))]
struct WorkSession {
    org_id: Uuid,
    id: Id<Session>,
    member_id: Uuid,
    status: Status,
    work_date: NaiveDate,
    clocked_in_at: DateTime<Utc>,
    clocked_out_at: Option<DateTime<Utc>>,
    minutes_late: Option<i32>,
    fence_in: String,
    distance_in_m: Option<f64>,
    flags: serde_json::Value,
    needs_review: bool,
}

fn work_session(member: &Member, clocked_in_at: DateTime<Utc>) -> WorkSession {
    WorkSession {
        org_id: member.org_id,
        id: Id(new_id(), std::marker::PhantomData),
        member_id: member.id,
        status: Status::Active,
        work_date: clocked_in_at.date_naive(),
        clocked_in_at,
        clocked_out_at: None,
        minutes_late: None,
        fence_in: "INSIDE".into(),
        distance_in_m: Some(12.5),
        flags: json!({"late": [1, {"x": null}]}),
        needs_review: false,
    }
}

#[derive(Insertable, Clone)]
#[diesel(table_name = outbox)]
struct OutboxRow {
    id: Uuid,
    org_id: Uuid,
    stream: &'static str,
    kind: &'static str,
    version: i32,
    payload: serde_json::Value,
    occurred_at: DateTime<Utc>,
}

fn outbox_row(org_id: Uuid, n: i32) -> OutboxRow {
    OutboxRow {
        id: new_id(),
        org_id,
        stream: "EVENT",
        kind: "punched",
        version: n,
        payload: json!({ "n": n }),
        occurred_at: morning(),
    }
}

async fn add_member(conn: &mut DualConnection, org: Uuid, name: &str) -> Member {
    diesel::insert_into(members::table)
        .values(&member(org, name))
        .returning(Member::as_returning())
        .get_result(conn)
        .await
        .unwrap()
}

async fn add_session(conn: &mut DualConnection, session: &WorkSession) -> QueryResult<WorkSession> {
    diesel::insert_into(work_sessions::table)
        .values(session)
        .returning(WorkSession::as_returning())
        .get_result(conn)
        .await
}

// ---------------------------------------------------------------- migrations

#[test]
fn migrations_have_the_same_names_on_both_engines_and_each_goes_up_and_down() {
    let folder = |engine: &str| -> BTreeSet<String> {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(engine);
        std::fs::read_dir(path)
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                for file in ["up.sql", "down.sql"] {
                    assert!(entry.path().join(file).is_file(), "{entry:?} lacks {file}");
                }
                entry.file_name().into_string().unwrap()
            })
            .collect()
    };
    assert_eq!(folder("postgres"), folder("sqlite"));
    assert_eq!(
        migrate::names(),
        folder("postgres").into_iter().collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn migrations_go_up_down_and_up_again_with_data() {
    for (target, _folder) in empty("up_down_up").await {
        let names = migrate::names();
        assert_eq!(migrate::pending(&target).unwrap(), names);
        if let Target::Sqlite(path) = &target {
            assert!(!path.exists(), "asking what is pending created the file");
        }
        assert_eq!(migrate::run(&target).unwrap(), names);
        assert!(migrate::run(&target).unwrap().is_empty());
        assert!(migrate::pending(&target).unwrap().is_empty());

        let mut conn = connect(&target).await;
        let org = add_organization(&mut conn, "one").await;
        let ann = add_member(&mut conn, org, "Ann").await;
        let session = add_session(&mut conn, &work_session(&ann, morning()))
            .await
            .unwrap();
        add_punch(&mut conn, &session).await.unwrap();
        add_department(&mut conn, org, None, "Kitchen")
            .await
            .unwrap();
        drop(conn);

        let mut reverted = migrate::revert_all(&target).unwrap();
        reverted.reverse();
        assert_eq!(reverted, names);
        let mut conn = connect(&target).await;
        let left = match conn.dialect() {
            Dual::Pg => {
                "SELECT relname::text AS line FROM pg_class WHERE relkind IN ('r', 'i', 'v') \
                 AND relnamespace = current_schema()::regnamespace AND relname NOT LIKE '\\_\\_diesel%' \
                 UNION SELECT proname::text FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
            }
            Dual::Sqlite => {
                "SELECT name AS line FROM sqlite_schema \
                 WHERE tbl_name NOT LIKE '\\_\\_diesel%' ESCAPE '\\'"
            }
        };
        assert_eq!(lines(&mut conn, left).await, [""; 0]);
        drop(conn);
        assert_eq!(migrate::run(&target).unwrap(), names);
    }
}

/// The migrations that move rows of SQLite into new tables.
const REBUILT: [&str; 3] = [
    "2026-11-23-010000_gathering_series_create",
    "2026-11-23-020000_gathering_reasons",
    "2026-11-23-030000_shifts_keys",
];

#[tokio::test]
async fn rebuilt_tables_keep_their_rows_and_gain_their_keys() {
    let rows = "SELECT 'shift ' || count(*) || ' ' || min(kind) || ' ' || min(break_minutes) AS line FROM shifts \
         UNION ALL SELECT 'sessions ' || count(shift_id) FROM work_sessions \
         UNION ALL SELECT 'event ' || count(*) || ' ' || min(title) || ' ' || min(secret) FROM gatherings \
         UNION ALL SELECT 'names ' || count(*) FROM gathering_members";
    for mut site in sites("rebuilt").await {
        let conn = &mut site.conn;
        let engine = match conn.dialect() {
            Dual::Pg => "postgres",
            Dual::Sqlite => "sqlite",
        };
        let (org, ann, _, _) = furnish(conn).await;
        let shift = add_shift(conn, &ann).await;
        diesel::update(work_sessions::table)
            .set(work_sessions::shift_id.eq(shift))
            .execute(conn)
            .await
            .unwrap();
        add_gathering(conn, &ann).await;
        let before = lines(conn, rows).await;
        assert_eq!(before.len(), 4);
        let down = REBUILT.iter().rev().map(|name| (name, "down.sql"));
        for (name, file) in down.chain(REBUILT.iter().map(|name| (name, "up.sql"))) {
            let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(engine);
            let sql = std::fs::read_to_string(path.join(name).join(file)).unwrap();
            conn.batch_execute(&format!("BEGIN; {sql}; COMMIT"))
                .await
                .unwrap();
        }
        assert_eq!(lines(conn, rows).await, before);
        let dangling = [
            diesel::update(shifts::table)
                .set(shifts::type_id.eq(new_id()))
                .execute(conn)
                .await,
            diesel::update(shifts::table)
                .set(shifts::series_id.eq(new_id()))
                .execute(conn)
                .await,
            diesel::update(shifts::table)
                .set(shifts::leave_id.eq(new_id()))
                .execute(conn)
                .await,
            diesel::update(gatherings::table)
                .set(gatherings::series_id.eq(new_id()))
                .execute(conn)
                .await,
            // What points at the rows that moved still does.
            diesel::delete(shifts::table.filter(shifts::org_id.eq(org)))
                .execute(conn)
                .await,
            diesel::delete(gatherings::table.filter(gatherings::org_id.eq(org)))
                .execute(conn)
                .await,
        ];
        for outcome in dangling {
            assert_eq!(broken(outcome).0, "ForeignKeyViolation");
        }
    }
}

async fn add_shift(conn: &mut DualConnection, member: &Member) -> Uuid {
    let id = new_id();
    diesel::insert_into(shifts::table)
        .values((
            shifts::org_id.eq(member.org_id),
            shifts::id.eq(id),
            shifts::member_id.eq(member.id),
            shifts::kind.eq("WORK"),
            shifts::work_date.eq(morning().date_naive()),
            shifts::starts_at.eq(morning()),
            shifts::ends_at.eq(morning() + TimeDelta::hours(8)),
            shifts::break_minutes.eq(30),
            shifts::created_at.eq(morning()),
        ))
        .execute(conn)
        .await
        .unwrap();
    id
}

/// An attendance event that the member is invited to by name.
async fn add_gathering(conn: &mut DualConnection, member: &Member) {
    let (id, later) = (new_id(), morning() + TimeDelta::hours(1));
    diesel::insert_into(gatherings::table)
        .values((
            gatherings::org_id.eq(member.org_id),
            gatherings::id.eq(id),
            gatherings::title.eq("Algebra"),
            gatherings::kind.eq("CLASS"),
            gatherings::starts_at.eq(morning()),
            gatherings::ends_at.eq(later),
            gatherings::time_zone.eq("Africa/Nairobi"),
            gatherings::opens_minutes.eq(15),
            gatherings::opens_at.eq(morning()),
            gatherings::check_in_until.eq(later),
            gatherings::closes_at.eq(later),
            gatherings::code_required.eq(false),
            gatherings::secret.eq("c2VjcmV0"),
            gatherings::roster.eq("MEMBERS"),
            gatherings::state.eq("SCHEDULED"),
            gatherings::created_at.eq(morning()),
        ))
        .execute(conn)
        .await
        .unwrap();
    diesel::insert_into(gathering_members::table)
        .values((
            gathering_members::org_id.eq(member.org_id),
            gathering_members::gathering_id.eq(id),
            gathering_members::member_id.eq(member.id),
        ))
        .execute(conn)
        .await
        .unwrap();
}

#[tokio::test]
async fn processes_that_start_at_once_all_succeed_and_one_of_them_migrates() {
    for (target, _folder) in empty("at_once").await {
        let outcomes: Vec<Vec<String>> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| migrate::run(&target).unwrap()))
                .collect();
            starts
                .into_iter()
                .map(|start| start.join().unwrap())
                .collect()
        });
        let total: usize = outcomes.iter().map(Vec::len).sum();
        assert_eq!(total, migrate::names().len());
        assert_eq!(outcomes.iter().filter(|each| !each.is_empty()).count(), 1);
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_an_error_of_connecting() {
    let target = Target::from_url("sqlite:/nowhere/at/all/zamu.db");
    assert!(matches!(
        migrate::run(&target),
        Err(migrate::MigrateError::Connect(_))
    ));
    assert_eq!(
        Target::from_url("sqlite://zamu.db"),
        Target::Sqlite("zamu.db".into())
    );
    assert_eq!(
        Target::from_url("postgresql://h/d"),
        Target::Postgres("postgresql://h/d".into())
    );
}

// ---------------------------------------------------------------- tables.rs against the schemas

/// Column, type, nullable.
type Columns = Vec<(String, String, bool)>;

/// The columns of every table, as `tables.rs` says it.
fn declared() -> BTreeMap<String, Columns> {
    let mut tables = BTreeMap::new();
    let mut current: Option<(String, Columns)> = None;
    for line in include_str!("../src/tables.rs").lines() {
        let line = line.trim();
        if let Some((name, _)) = line.strip_suffix(") {").and_then(|l| l.split_once(" (")) {
            current = Some((name.to_owned(), Vec::new()));
        } else if line.starts_with("diesel::") {
            // The head of a table, or what may be joined.
        } else if let Some((column, kind)) = line.split_once(" -> ") {
            let kind = kind.trim_end_matches(',');
            let inner = kind
                .strip_prefix("Nullable<")
                .and_then(|kind| kind.strip_suffix('>'));
            current.as_mut().unwrap().1.push((
                column.to_owned(),
                inner.unwrap_or(kind).to_owned(),
                inner.is_some(),
            ));
        } else if line == "}" {
            tables.extend(current.take());
        }
    }
    tables
}

#[tokio::test]
async fn every_column_is_declared_as_it_is_in_both_schemas() {
    let declared = declared();
    assert_eq!(declared.len(), 68);
    for mut site in sites("columns").await {
        let (kinds, sql): (&[(&str, &str)], &str) = match site.conn.dialect() {
            Dual::Pg => (
                &[
                    ("Uuid", "uuid"),
                    ("Text", "text"),
                    ("Timestamptz", "timestamp with time zone"),
                    ("Jsonb", "jsonb"),
                    ("Bool", "boolean"),
                    ("Integer", "integer"),
                    ("BigInt", "bigint"),
                    ("Double", "double precision"),
                    ("Date", "date"),
                ],
                "SELECT concat_ws('|', table_name, column_name, data_type, is_nullable = 'YES') AS line \
                 FROM information_schema.columns WHERE table_schema = current_schema() \
                 AND table_name NOT LIKE '\\_\\_diesel%' ORDER BY table_name, ordinal_position",
            ),
            Dual::Sqlite => (
                &[
                    ("Uuid", "BLOB"),
                    ("Text", "TEXT"),
                    ("Timestamptz", "BIGINT"),
                    ("Jsonb", "TEXT"),
                    ("Bool", "BOOLEAN"),
                    ("Integer", "INTEGER"),
                    ("BigInt", "BIGINT"),
                    ("Double", "DOUBLE"),
                    ("Date", "TEXT"),
                ],
                "SELECT t.name || '|' || c.name || '|' || c.type || '|' || iif(c.\"notnull\", 'f', 't') AS line \
                 FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' \
                 AND t.name NOT LIKE '\\_\\_diesel%' ESCAPE '\\' ORDER BY t.name, c.cid",
            ),
        };
        let kinds: BTreeMap<_, _> = kinds.iter().copied().collect();
        let expected: Vec<String> = declared
            .iter()
            .flat_map(|(table, columns)| columns.iter().map(move |column| (table, column)))
            .map(|(table, (column, kind, nullable))| {
                let nullable = if *nullable { 't' } else { 'f' };
                format!("{table}|{column}|{}|{nullable}", kinds[kind.as_str()])
            })
            .collect();
        let mut actual = lines(&mut site.conn, sql).await;
        // The server may collate underscores otherwise; a stable sort keeps the order of columns.
        actual.sort_by_key(|line| line.split('|').next().unwrap().to_owned());
        assert_eq!(actual, expected);
    }
}

#[tokio::test]
async fn every_column_of_every_table_can_be_selected() {
    macro_rules! select_all {
        ($conn:expr; $($table:ident)*) => {{
            let mut names = BTreeSet::new();
            $(
                let rows = zamu_schema::tables::$table::table
                    .select(zamu_schema::tables::$table::all_columns)
                    .limit(0)
                    .execute($conn)
                    .await;
                assert_eq!(rows.unwrap(), 0, stringify!($table));
                names.insert(stringify!($table).to_owned());
            )*
            names
        }};
    }
    for mut site in sites("select_all").await {
        let conn = &mut site.conn;
        let names = select_all!(conn;
            organizations departments accounts members emergency_contacts invitations login_sessions
            refresh_tokens sign_in_attempts api_tokens places clients client_places shifts work_sessions punches
            session_notes location_pings rule_decisions rule_snapshots rule_snapshot_parts rule_retention
            rule_cases rule_replays rule_replay_changes rule_drafts rule_releases rule_reviews rule_activations
            rule_duties rule_nodes rule_node_releases punch_edits session_versions work_days day_parts
            group_days exceptions exception_changes exception_codes reactions outbox events heads
            idempotency_keys audit_entries holidays business_hours shift_types shift_series shift_series_changes
            leave_types leave_requests leave_entries group_months day_closings corrections timesheets
            timesheet_policies gatherings gathering_series gathering_series_changes gathering_members attendance_records gathering_guesses
            member_departments member_imports client_contacts
        );
        assert_eq!(names, declared().into_keys().collect());
    }
}

// ---------------------------------------------------------------- tenancy

/// Tables with an organization that are not tenant tables: the lobby writes them before there is one.
const LOBBY: [&str; 1] = ["login_sessions"];
/// Tenant tables whose key does not begin with the organization: read across organizations, in order of id.
const KEYED_OTHERWISE: [&str; 1] = ["outbox"];

#[tokio::test]
async fn the_key_of_every_tenant_table_begins_with_the_organization() {
    let tenant: BTreeSet<String> = declared()
        .into_iter()
        .filter(|(table, columns)| {
            columns.iter().any(|column| column.0 == "org_id")
                && !LOBBY.contains(&table.as_str())
                && !KEYED_OTHERWISE.contains(&table.as_str())
        })
        .map(|(table, _)| table)
        .collect();
    assert!(tenant.len() > 15);
    for mut site in sites("keys").await {
        let sql = match site.conn.dialect() {
            Dual::Pg => {
                "SELECT i.indrelid::regclass::text AS line FROM pg_index i \
                 JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = current_schema()::regnamespace \
                 JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] \
                 WHERE i.indisprimary AND a.attname = 'org_id'"
            }
            Dual::Sqlite => {
                "SELECT t.name AS line FROM sqlite_schema t, pragma_table_info(t.name) c \
                 WHERE t.type = 'table' AND c.pk = 1 AND c.name = 'org_id'"
            }
        };
        let led: BTreeSet<String> = lines(&mut site.conn, sql).await.into_iter().collect();
        assert_eq!(led, tenant);
    }
}

#[tokio::test]
async fn postgresql_forces_row_level_security_on_every_tenant_table() {
    let tenant: BTreeSet<String> = declared()
        .into_iter()
        .filter(|(table, columns)| {
            table == "organizations"
                || columns.iter().any(|column| column.0 == "org_id")
                    && !LOBBY.contains(&table.as_str())
        })
        .map(|(table, _)| table)
        .collect();
    for mut site in sites("row_security").await {
        if site.conn.dialect() == Dual::Sqlite {
            continue;
        }
        let conn = &mut site.conn;
        let forced = lines(
            conn,
            "SELECT c.relname::text AS line FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid \
             WHERE c.relnamespace = current_schema()::regnamespace AND c.relrowsecurity AND c.relforcerowsecurity",
        )
        .await;
        assert_eq!(forced.into_iter().collect::<BTreeSet<_>>(), tenant);

        let one = add_organization(conn, "one").await;
        let two = add_organization(conn, "two").await;
        add_member(conn, one, "Ann").await;
        add_member(conn, two, "Ben").await;
        // By itself: in one message with the rest it would be undone by the rollback.
        conn.batch_execute("SET zamu.platform = ''").await.unwrap();
        conn.batch_execute(&format!(
            "BEGIN; SELECT set_config('zamu.org', '{two}', true)"
        ))
        .await
        .unwrap();
        let seen: Vec<String> = members::table
            .select(members::name)
            .load(conn)
            .await
            .unwrap();
        assert_eq!(seen, ["Ben"]);
        let moved = diesel::update(members::table)
            .set(members::org_id.eq(one))
            .execute(conn)
            .await;
        assert!(moved.is_err(), "a row was moved to another organization");
        conn.batch_execute("ROLLBACK").await.unwrap();
        let seen: i64 = members::table.count().get_result(conn).await.unwrap();
        assert_eq!(seen, 0, "rows are seen without an organization");
    }
}

// ---------------------------------------------------------------- constraints

#[tokio::test]
async fn every_unique_constraint_is_known_by_name() {
    let known: BTreeSet<String> = UNIQUE
        .iter()
        .map(|unique| {
            format!(
                "{}|{}|{}",
                unique.table,
                unique.columns.join(","),
                unique.name
            )
        })
        .collect();
    assert_eq!(known.len(), UNIQUE.len());
    for mut site in sites("unique").await {
        match site.conn.dialect() {
            Dual::Pg => {
                let actual = lines(
                    &mut site.conn,
                    "SELECT t.relname || '|' || (SELECT string_agg(a.attname, ',' ORDER BY k.n) \
                       FROM unnest(i.indkey) WITH ORDINALITY k(num, n) \
                       JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.num) \
                       || '|' || c.relname AS line \
                     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid \
                     WHERE i.indisunique AND i.indexprs IS NULL AND t.relname NOT LIKE '\\_\\_diesel%' \
                     AND t.relnamespace = current_schema()::regnamespace",
                )
                .await;
                assert_eq!(actual.into_iter().collect::<BTreeSet<_>>(), known);
            }
            Dual::Sqlite => {
                let without_name = |line: &str| line.rsplit_once('|').unwrap().0.to_owned();
                let actual = lines(
                    &mut site.conn,
                    "SELECT t.name || '|' || (SELECT group_concat(name, ',') FROM \
                       (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) AS line \
                     FROM sqlite_schema t, pragma_index_list(t.name) i WHERE t.type = 'table' AND i.\"unique\" \
                     AND t.name NOT LIKE '\\_\\_diesel%' ESCAPE '\\' AND i.name <> 'one_department_per_name'",
                )
                .await;
                assert_eq!(
                    actual.into_iter().collect::<BTreeSet<_>>(),
                    known.iter().map(|line| without_name(line)).collect()
                );
            }
        }
    }
}

async fn add_department(
    conn: &mut DualConnection,
    org: Uuid,
    parent: Option<Uuid>,
    name: &str,
) -> QueryResult<Uuid> {
    diesel::insert_into(departments::table)
        .values((
            departments::org_id.eq(org),
            departments::id.eq(new_id()),
            departments::parent_id.eq(parent),
            departments::name.eq(name),
            departments::created_at.eq(morning()),
        ))
        .returning(departments::id)
        .get_result(conn)
        .await
}

async fn add_punch(conn: &mut DualConnection, session: &WorkSession) -> QueryResult<usize> {
    diesel::insert_into(punches::table)
        .values((
            punches::org_id.eq(session.org_id),
            punches::id.eq(new_id()),
            punches::session_id.eq(session.id),
            punches::member_id.eq(session.member_id),
            punches::direction.eq("IN"),
            punches::source.eq("APP"),
            punches::occurred_at.eq(morning()),
            punches::received_at.eq(morning()),
            punches::fence.eq("INSIDE"),
            punches::mock_location.eq(false),
            punches::device.eq(json!({})),
        ))
        .execute(conn)
        .await
}

/// The kind of a statement's violation and the constraint's name.
fn broken<T: std::fmt::Debug>(outcome: QueryResult<T>) -> (String, Option<String>) {
    let error = outcome.unwrap_err();
    let name = constraint_name(&error);
    match error {
        Error::DatabaseError(kind, _) => (format!("{kind:?}"), name),
        other => panic!("not an error of the database: {other:?}"),
    }
}

#[tokio::test]
async fn a_broken_constraint_is_told_by_the_same_name_on_both_engines() {
    for mut site in sites("broken").await {
        let conn = &mut site.conn;
        let unique = |name: &str| ("UniqueViolation".to_owned(), Some(name.to_owned()));
        let check = |name: &str| ("CheckViolation".to_owned(), Some(name.to_owned()));
        let org = add_organization(conn, "one").await;

        // A unique column.
        add_account(conn, "ann@example.org").await.unwrap();
        let again = add_account(conn, "ann@example.org").await;
        assert_eq!(broken(again), unique("one_account_per_email"));

        // A primary key, and a unique constraint over several columns.
        let ann = Member {
            external_ref: Some("7".into()),
            ..member(org, "Ann")
        };
        let insert = diesel::insert_into(members::table);
        insert.values(&ann).execute(conn).await.unwrap();
        let again = insert.values(&ann).execute(conn).await;
        let (kind, name) = broken(again);
        assert_eq!(kind, "UniqueViolation");
        assert!(["members_pkey", "one_member_per_external_ref"].contains(&name.unwrap().as_str()));
        let same_key = Member {
            external_ref: None,
            ..ann.clone()
        };
        let again = insert.values(&same_key).execute(conn).await;
        assert_eq!(broken(again), unique("members_pkey"));
        let same_ref = Member {
            id: new_id(),
            ..ann.clone()
        };
        let again = insert.values(&same_ref).execute(conn).await;
        assert_eq!(broken(again), unique("one_member_per_external_ref"));

        // A partial unique index.
        let open = work_session(&ann, morning());
        add_session(conn, &open).await.unwrap();
        let second = add_session(conn, &work_session(&ann, morning())).await;
        assert_eq!(broken(second), unique("one_open_session_per_member"));

        // A unique index over expressions.
        let top = add_department(conn, org, None, "Kitchen").await.unwrap();
        let again = add_department(conn, org, None, "KITCHEN").await;
        assert_eq!(broken(again), unique("one_department_per_name"));
        add_department(conn, org, Some(top), "kitchen")
            .await
            .unwrap();

        // A named primary key.
        for expected in [None, Some(unique("one_effect_per_idempotency_key"))] {
            let outcome = diesel::sql_query(
                "INSERT INTO idempotency_keys VALUES ($1, $2, 'k', 'a', 'h', $3, $4)",
            )
            .bind::<sql_types::Uuid, _>(org)
            .bind::<sql_types::Uuid, _>(ann.id)
            .bind::<sql_types::Uuid, _>(ann.id)
            .bind::<sql_types::Timestamptz, _>(morning())
            .execute(conn)
            .await;
            match expected {
                None => assert_eq!(outcome.unwrap(), 1),
                Some(expected) => assert_eq!(broken(outcome), expected),
            }
        }

        // A check, a foreign key, a null.
        let handleless = diesel::insert_into(accounts::table)
            .values((
                accounts::id.eq(new_id()),
                accounts::password_hash.eq("x"),
                accounts::password_changed_at.eq(morning()),
                accounts::created_at.eq(morning()),
            ))
            .execute(conn)
            .await;
        assert_eq!(broken(handleless), check("account_has_a_handle"));
        let backwards = WorkSession {
            status: Status::Closed,
            clocked_out_at: Some(morning() - TimeDelta::hours(1)),
            ..work_session(&ann, morning())
        };
        let outcome = add_session(conn, &backwards).await;
        assert_eq!(broken(outcome), check("session_ends_after_it_starts"));
        let (kind, _) = broken(add_department(conn, new_id(), None, "Nowhere").await);
        assert_eq!(kind, "ForeignKeyViolation");
        let (kind, _) = broken(add_department(conn, org, Some(new_id()), "Orphan").await);
        assert_eq!(kind, "ForeignKeyViolation");
        let nameless = diesel::sql_query("UPDATE members SET name = NULL")
            .execute(conn)
            .await;
        assert_eq!(broken(nameless), ("NotNullViolation".to_owned(), None));
        assert_eq!(constraint_name(&Error::NotFound), None);
    }
}

#[tokio::test]
async fn immutable_rows_are_neither_changed_nor_deleted() {
    for mut site in sites("immutable").await {
        let conn = &mut site.conn;
        let org = add_organization(conn, "one").await;
        let ann = add_member(conn, org, "Ann").await;
        let session = add_session(conn, &work_session(&ann, morning()))
            .await
            .unwrap();
        add_punch(conn, &session).await.unwrap();
        diesel::sql_query(
            "INSERT INTO audit_entries VALUES \
             ($1, 1, $2, $3, 'MEMBER', NULL, 'a', 'p', 't', NULL, NULL, 'r', $4, '', 'h')",
        )
        .bind::<sql_types::Uuid, _>(org)
        .bind::<sql_types::Uuid, _>(new_id())
        .bind::<sql_types::Timestamptz, _>(morning())
        .bind::<sql_types::Jsonb, _>(json!({}))
        .execute(conn)
        .await
        .unwrap();
        for (table, sql) in [
            ("punches", "UPDATE punches SET remark = 'x'"),
            ("punches", "DELETE FROM punches"),
            ("audit_entries", "UPDATE audit_entries SET reason = 'x'"),
            ("audit_entries", "DELETE FROM audit_entries"),
        ] {
            let error = diesel::sql_query(sql).execute(conn).await.unwrap_err();
            assert_eq!(error.to_string(), format!("rows of {table} are immutable"));
            assert_eq!(constraint_name(&error), None);
        }
    }
}

// ---------------------------------------------------------------- Diesel's DSL on both engines

#[derive(QueryableByName, Debug, PartialEq)]
struct Others {
    #[diesel(sql_type = sql_types::Binary)]
    bytes: Vec<u8>,
    #[diesel(sql_type = sql_types::SmallInt)]
    small: i16,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Timestamptz>)]
    absent: Option<DateTime<Utc>>,
}
#[tokio::test]
async fn rows_come_back_as_they_went_in() {
    for mut site in sites("round_trip").await {
        let conn = &mut site.conn;
        let org = add_organization(conn, "one").await;
        let ann = add_member(conn, org, "Ann \"Ñ\" 安").await;
        assert_eq!(ann.name, "Ann \"Ñ\" 安");
        let before_1970 = DateTime::from_timestamp_micros(-86_400_000_001).unwrap();
        for (at, distance) in [(before_1970, None), (morning(), Some(0.1 + 0.2))] {
            let session = WorkSession {
                status: Status::Closed,
                clocked_out_at: Some(at),
                minutes_late: Some(-5),
                distance_in_m: distance,
                needs_review: true,
                ..work_session(&ann, at)
            };
            assert_eq!(add_session(conn, &session).await.unwrap(), session);
        }
        let id: Id<Session> = work_sessions::table
            .filter(work_sessions::status.eq(Status::Closed))
            .filter(work_sessions::clocked_in_at.lt(morning()))
            .select(work_sessions::id)
            .get_result(conn)
            .await
            .unwrap();
        let day: NaiveDate = work_sessions::table
            .filter(work_sessions::id.eq(id))
            .filter(work_sessions::work_date.le(before_1970.date_naive()))
            .select(work_sessions::work_date)
            .get_result(conn)
            .await
            .unwrap();
        assert_eq!(day, before_1970.date_naive());

        let sql = match site.conn.dialect() {
            Dual::Pg => "SELECT $1 AS bytes, $2 AS small, $3 AS absent",
            Dual::Sqlite => "SELECT ? AS bytes, ? AS small, ? AS absent",
        };
        let others: Others = diesel::sql_query(sql)
            .bind::<sql_types::Binary, _>(vec![0_u8, 255])
            .bind::<sql_types::SmallInt, _>(-7_i16)
            .bind::<sql_types::Nullable<sql_types::Timestamptz>, _>(None::<DateTime<Utc>>)
            .get_result(&mut site.conn)
            .await
            .unwrap();
        assert_eq!(
            others,
            Others {
                bytes: vec![0, 255],
                small: -7,
                absent: None
            }
        );
    }
}

#[derive(AsChangeset, Default)]
#[diesel(table_name = members)]
struct MemberPatch {
    name: Option<String>,
    #[expect(clippy::option_option, reason = "unchanged, cleared, or set")]
    phone: Option<Option<String>>,
}

#[tokio::test]
async fn inserting_updating_and_deleting() {
    for mut site in sites("writing").await {
        let conn = &mut site.conn;
        let org = add_organization(conn, "one").await;

        // Multi-row, with missing values; again with nothing to do.
        let many: Vec<Member> = (0..100)
            .map(|n| Member {
                external_ref: (n % 2 == 0).then(|| format!("ref-{n}")),
                ..member(org, &format!("member {n:03}"))
            })
            .collect();
        let insert = diesel::insert_into(members::table);
        assert_eq!(insert.values(&many).execute(conn).await.unwrap(), 100);
        let again: Vec<Uuid> = insert
            .values(&many)
            .on_conflict((members::org_id, members::id))
            .do_nothing()
            .returning(members::id)
            .get_results(conn)
            .await
            .unwrap();
        assert!(again.is_empty());
        let again = insert
            .values(&many)
            .on_conflict_do_nothing()
            .execute(conn)
            .await;
        assert_eq!(again.unwrap(), 0);

        // Upsert.
        let renamed = Member {
            id: new_id(),
            name: "renamed".into(),
            tags: json!(["new"]),
            ..many[0].clone()
        };
        let upserted: Member = insert
            .values(&renamed)
            .on_conflict((members::org_id, members::external_ref))
            .do_update()
            .set((
                members::name.eq(diesel::upsert::excluded(members::name)),
                members::tags.eq(&renamed.tags),
            ))
            .returning(Member::as_returning())
            .get_result(conn)
            .await
            .unwrap();
        assert_eq!(upserted.id, many[0].id);
        assert_eq!(
            (upserted.name.as_str(), &upserted.tags),
            ("renamed", &json!(["new"]))
        );

        // Changeset.
        let patch = MemberPatch {
            phone: Some(Some("+254700000001".into())),
            ..MemberPatch::default()
        };
        let patched: Member = diesel::update(members::table.find((org, many[1].id)))
            .set(patch)
            .returning(Member::as_returning())
            .get_result(conn)
            .await
            .unwrap();
        assert_eq!(patched.phone.as_deref(), Some("+254700000001"));
        assert_eq!(patched.name, many[1].name);
        let patch = MemberPatch {
            phone: Some(None),
            name: Some("Bea".into()),
        };
        let touched = diesel::update(members::table)
            .filter(members::id.eq(many[1].id))
            .set(patch)
            .execute(conn)
            .await
            .unwrap();
        assert_eq!(touched, 1);

        // An inserted null without `treat_none_as_default_value = false`, single and multi-row.
        let nulls: i64 = members::table
            .filter(members::phone.is_null())
            .count()
            .get_result(conn)
            .await
            .unwrap();
        assert_eq!(nulls, 100);

        // Delete, returning.
        let ids: Vec<Uuid> = many[..7].iter().map(|member| member.id).collect();
        let gone: Vec<Uuid> = diesel::delete(members::table.filter(members::id.eq_any(&ids)))
            .returning(members::id)
            .get_results(conn)
            .await
            .unwrap();
        assert_eq!(gone.len(), 7);
        let nobody = diesel::delete(members::table.filter(members::id.eq_any(Vec::<Uuid>::new())));
        assert_eq!(nobody.execute(conn).await.unwrap(), 0);
    }
}

/// Ann and Ben, with seven closed sessions of Ann, the newest first, ten hours apart.
async fn furnish(conn: &mut DualConnection) -> (Uuid, Member, Member, Vec<WorkSession>) {
    let org = add_organization(conn, "one").await;
    let ann = add_member(conn, org, "Ann").await;
    let ben = add_member(conn, org, "Ben").await;
    let mut sessions = Vec::new();
    for n in 0..7 {
        let session = WorkSession {
            status: Status::Closed,
            clocked_out_at: Some(morning() + TimeDelta::hours(1)),
            minutes_late: (n > 0).then_some(n),
            ..work_session(&ann, morning() - TimeDelta::hours(10 * i64::from(n)))
        };
        sessions.push(add_session(conn, &session).await.unwrap());
    }
    (org, ann, ben, sessions)
}

#[derive(Default)]
struct Filter {
    member: Option<Uuid>,
    status: Option<Status>,
    name_like: Option<&'static str>,
    from: Option<DateTime<Utc>>,
}

async fn page(
    conn: &mut DualConnection,
    org: Uuid,
    filter: &Filter,
    after: Option<&WorkSession>,
) -> Vec<(WorkSession, String)> {
    let mut query = work_sessions::table
        .inner_join(
            members::table.on(members::org_id
                .eq(work_sessions::org_id)
                .and(members::id.eq(work_sessions::member_id))),
        )
        .filter(work_sessions::org_id.eq(org))
        .into_boxed::<Dual>();
    if let Some(member) = filter.member {
        query = query.filter(work_sessions::member_id.eq(member));
    }
    if let Some(status) = filter.status {
        query = query.filter(work_sessions::status.eq(status));
    }
    if let Some(name) = filter.name_like {
        query = query.filter(members::name.like(format!("%{name}%")));
    }
    if let Some(from) = filter.from {
        query = query.filter(work_sessions::clocked_in_at.ge(from));
    }
    if let Some(after) = after {
        query = query.filter(
            work_sessions::clocked_in_at
                .lt(after.clocked_in_at)
                .or(work_sessions::clocked_in_at
                    .eq(after.clocked_in_at)
                    .and(work_sessions::id.lt(after.id))),
        );
    }
    query
        .order((
            work_sessions::clocked_in_at.desc(),
            work_sessions::id.desc(),
        ))
        .limit(3)
        .select((WorkSession::as_select(), members::name))
        .load(conn)
        .await
        .unwrap()
}

#[tokio::test]
async fn pages_of_boxed_queries() {
    for mut site in sites("pages").await {
        let conn = &mut site.conn;
        let (org, ann, _, sessions) = furnish(conn).await;
        let like = Filter {
            name_like: Some("nn"),
            ..Filter::default()
        };
        let all = Filter {
            member: Some(ann.id),
            status: Some(Status::Closed),
            from: Some(morning() - TimeDelta::days(9)),
            ..Filter::default()
        };
        let first = page(conn, org, &like, None).await;
        let second = page(conn, org, &all, Some(&first[2].0)).await;
        let seen: Vec<_> = first
            .iter()
            .chain(&second)
            .map(|(session, _)| session)
            .collect();
        assert_eq!(seen, sessions[..6].iter().collect::<Vec<_>>());
        assert!(first.iter().all(|(_, name)| name == "Ann"));
        let shouted = Filter {
            name_like: Some("NN"),
            ..Filter::default()
        };
        assert!(
            page(conn, org, &shouted, None).await.is_empty(),
            "LIKE ignores case"
        );

        // An offset without a limit, boxed and not.
        let by_time = work_sessions::table
            .order(work_sessions::clocked_in_at.desc())
            .select(work_sessions::id);
        let rest: Vec<Id<Session>> = by_time.offset(5).load(conn).await.unwrap();
        assert_eq!(rest, [sessions[5].id, sessions[6].id]);
        let rest: Vec<Id<Session>> = by_time.into_boxed().offset(6).load(conn).await.unwrap();
        assert_eq!(rest, [sessions[6].id]);
        let two: Vec<Id<Session>> = by_time.limit(2).offset(1).load(conn).await.unwrap();
        assert_eq!(two, [sessions[1].id, sessions[2].id]);
    }
}

#[tokio::test]
async fn aggregates_joins_and_sets() {
    for mut site in sites("reading").await {
        let conn = &mut site.conn;
        let (org, ann, ben, sessions) = furnish(conn).await;
        let open = work_session(&ben, morning() + TimeDelta::seconds(30));
        add_session(conn, &open).await.unwrap();
        let mine = work_sessions::table.filter(work_sessions::org_id.eq(org));

        let groups: Vec<(Status, i64, Option<DateTime<Utc>>)> = mine
            .group_by(work_sessions::status)
            .select((
                work_sessions::status,
                count_star(),
                max(work_sessions::clocked_in_at),
            ))
            .order(work_sessions::status)
            .load(conn)
            .await
            .unwrap();
        assert_eq!(
            groups,
            [
                (Status::Active, 1, Some(open.clocked_in_at)),
                (Status::Closed, 7, Some(morning())),
            ]
        );

        let mut head = 0;
        for each in [org, add_organization(conn, "two").await] {
            head += 3_000_000_000_i64;
            diesel::insert_into(heads::table)
                .values((
                    heads::org_id.eq(each),
                    heads::last_event.eq(head),
                    heads::last_audit.eq(0),
                    heads::last_audit_hash.eq(""),
                ))
                .execute(conn)
                .await
                .unwrap();
        }
        let sum: Option<i64> = heads::table
            .select(SumMinor(heads::last_event))
            .get_result(conn)
            .await
            .unwrap();
        assert_eq!(sum, Some(9_000_000_000));
        let none: Option<i64> = heads::table
            .filter(heads::last_event.lt(0))
            .select(SumMinor(heads::last_event))
            .get_result(conn)
            .await
            .unwrap();
        assert_eq!(none, None);

        let bucket = || Bucket(work_sessions::clocked_in_at, 60);
        let buckets: Vec<(DateTime<Utc>, i64)> = mine
            .filter(work_sessions::clocked_in_at.ge(morning()))
            .group_by(bucket())
            .select((bucket(), count_star()))
            .order(bucket())
            .load(conn)
            .await
            .unwrap();
        let minute = DateTime::from_timestamp(1_767_594_600, 0).unwrap();
        assert_eq!(buckets, [(minute, 2)]);

        let ids: Vec<_> = sessions.iter().map(|session| session.id).collect();
        let any = mine.filter(work_sessions::id.eq_any(&ids));
        assert!(
            diesel::select(exists(any))
                .get_result::<bool>(conn)
                .await
                .unwrap()
        );
        let nobody = members::table.filter(members::name.eq("Nobody"));
        assert!(
            !diesel::select(exists(nobody))
                .get_result::<bool>(conn)
                .await
                .unwrap()
        );

        let left: Vec<(String, Option<Id<Session>>)> = members::table
            .left_join(
                work_sessions::table.on(work_sessions::org_id
                    .eq(members::org_id)
                    .and(work_sessions::member_id.eq(members::id))
                    .and(work_sessions::status.eq(Status::Active))),
            )
            .order(members::name)
            .select((members::name, work_sessions::id.nullable()))
            .load(conn)
            .await
            .unwrap();
        assert_eq!(left, [("Ann".into(), None), ("Ben".into(), Some(open.id))]);

        // By `joinable!`.
        let joined: Vec<(String, String)> = members::table
            .inner_join(organizations::table)
            .order(members::name.desc())
            .select((members::name, organizations::slug))
            .load(conn)
            .await
            .unwrap();
        assert_eq!(joined[0], ("Ben".into(), "one".into()));

        let late = mine.select(work_sessions::id);
        let union: Vec<Id<Session>> = late
            .filter(work_sessions::minutes_late.lt(2))
            .union(late.filter(work_sessions::minutes_late.gt(4)))
            .load(conn)
            .await
            .unwrap();
        assert_eq!(union.len(), 3);
        let union: Vec<Id<Session>> = late.union_all(late).load(conn).await.unwrap();
        assert_eq!(union.len(), 16);

        let named: Vec<String> = members::table
            .filter(members::id.eq_any(mine.select(work_sessions::member_id)))
            .order(members::name)
            .select(members::name)
            .load(conn)
            .await
            .unwrap();
        assert_eq!(named, ["Ann", "Ben"]);

        let other = diesel::alias!(work_sessions as other);
        let pairs: i64 = work_sessions::table
            .inner_join(
                other.on(other
                    .field(work_sessions::id)
                    .eq(work_sessions::id)
                    .and(other.field(work_sessions::member_id).eq(ann.id))),
            )
            .count()
            .get_result(conn)
            .await
            .unwrap();
        assert_eq!(pairs, 7);

        let locked = SkipLocked(mine.limit(2).select(WorkSession::as_select()));
        let locked: Vec<WorkSession> = locked.load(conn).await.unwrap();
        assert_eq!(locked.len(), 2);
        let locked = ForUpdate(
            mine.filter(work_sessions::id.eq(open.id))
                .select(work_sessions::status),
        );
        assert_eq!(
            locked.get_result::<Status>(conn).await.unwrap(),
            Status::Active
        );

        let nobody = nobody.select(members::id).first::<Uuid>(conn).await;
        assert_eq!(nobody.optional().unwrap(), None);
    }
}

#[test]
fn the_text_differs_only_where_it_must() {
    let query = ForUpdate(
        members::table
            .select(members::id)
            .filter(members::name.eq("Ann")),
    );
    let text = |engine| Prepared::new(&query, engine).unwrap().sql().to_owned();
    let plain = "SELECT \"members\".\"id\" FROM \"members\" WHERE (\"members\".\"name\" = ";
    assert_eq!(text(Dual::Pg), format!("{plain}$1) FOR UPDATE"));
    assert_eq!(text(Dual::Sqlite), format!("{plain}?)"));
    let shown = diesel::debug_query::<Dual, _>(&query).to_string();
    assert!(shown.contains("Ann"), "{shown}");
}

// ---------------------------------------------------------------- pipelines and transactions

fn sendable<T: Send + 'static>(value: T) -> T {
    value
}

#[tokio::test]
async fn a_pipeline_runs_in_the_order_given() {
    for mut site in sites("pipeline").await {
        let conn = &mut site.conn;
        let engine = conn.dialect();
        let org = add_organization(conn, "one").await;
        let ann = member(org, "Ann");
        let session = work_session(&ann, morning());
        let insert_outbox = |row: &OutboxRow| {
            let insert = diesel::insert_into(outbox::table).values(row.clone());
            Prepared::new(&insert, engine).unwrap()
        };
        let mut statements = vec![
            Prepared::new(&diesel::insert_into(members::table).values(&ann), engine).unwrap(),
            Prepared::new(
                &diesel::insert_into(work_sessions::table).values(&session),
                engine,
            )
            .unwrap(),
            insert_outbox(&outbox_row(org, 0)),
            Prepared::new(
                &diesel::insert_into(outbox::table)
                    .values(&vec![outbox_row(org, -1), outbox_row(org, -2)]),
                engine,
            )
            .unwrap(),
        ];
        // Each of these finds its row only if the one before it has run; the texts vary on purpose.
        for n in 0..150_i32 {
            let step = outbox::table.filter(outbox::version.eq(n));
            statements.push(
                match n % 3 {
                    0 => {
                        Prepared::new(&diesel::update(step).set(outbox::version.eq(n + 1)), engine)
                    }
                    1 => Prepared::new(
                        &diesel::update(step)
                            .set((outbox::version.eq(n + 1), outbox::kind.eq(n.to_string()))),
                        engine,
                    ),
                    _ => Prepared::new(
                        &diesel::update(step.filter(outbox::org_id.eq(org)))
                            .set(outbox::version.eq(n + 1)),
                        engine,
                    ),
                }
                .unwrap(),
            );
        }
        conn.batch_execute("BEGIN").await.unwrap();
        let counts = conn.pipeline(sendable(statements)).await.unwrap();
        conn.batch_execute("COMMIT").await.unwrap();
        assert_eq!(counts[..4], [1, 1, 1, 2]);
        assert!(counts[4..].iter().all(|count| *count == 1));
        assert_eq!(counts.len(), 154);
        assert!(conn.pipeline(Vec::new()).await.unwrap().is_empty());

        // The first error is the one that is told, and nothing of it stays after a rollback.
        let row = outbox_row(org, 1_000);
        conn.batch_execute("BEGIN").await.unwrap();
        let outcome = conn
            .pipeline(vec![
                insert_outbox(&row),
                insert_outbox(&row),
                insert_outbox(&outbox_row(org, 1_001)),
            ])
            .await;
        let (_, name) = broken(outcome);
        assert_eq!(name.as_deref(), Some("outbox_pkey"));
        conn.batch_execute("ROLLBACK").await.unwrap();
        let rows: i64 = outbox::table.count().get_result(conn).await.unwrap();
        assert_eq!(rows, 3);

        let other = match engine {
            Dual::Pg => Dual::Sqlite,
            Dual::Sqlite => Dual::Pg,
        };
        let foreign = Prepared::new(&diesel::delete(outbox::table), other).unwrap();
        assert!(matches!(
            conn.pipeline(vec![foreign]).await,
            Err(Error::QueryBuilderError(_))
        ));
    }
}

#[tokio::test]
async fn transactions_nest() {
    fn is_send<T: Send>() {}
    is_send::<DualConnection>();
    for mut site in sites("transactions").await {
        let conn = &mut site.conn;
        let (_, ann, ..) = furnish(conn).await;

        // Diesel's own.
        let outcome: QueryResult<i64> = conn
            .transaction(async |conn| {
                let inner: QueryResult<()> = conn
                    .transaction(async |conn| {
                        diesel::delete(work_sessions::table).execute(conn).await?;
                        Err(Error::RollbackTransaction)
                    })
                    .await;
                assert!(matches!(inner, Err(Error::RollbackTransaction)));
                work_sessions::table.count().get_result(conn).await
            })
            .await;
        assert_eq!(outcome.unwrap(), 7);
        let undone: QueryResult<()> = conn
            .transaction(async |conn| {
                add_session(conn, &work_session(&ann, morning())).await?;
                // On PostgreSQL the violation spoils the transaction, on SQLite the statement only.
                add_session(conn, &work_session(&ann, morning())).await?;
                Ok(())
            })
            .await;
        assert!(constraint_name(&undone.unwrap_err()).is_some());

        // The application's, with a savepoint around what may fail.
        conn.batch_execute("BEGIN").await.unwrap();
        add_session(conn, &work_session(&ann, morning()))
            .await
            .unwrap();
        conn.batch_execute("SAVEPOINT one").await.unwrap();
        let second = add_session(conn, &work_session(&ann, morning())).await;
        assert!(second.is_err());
        conn.batch_execute("ROLLBACK TO SAVEPOINT one; RELEASE SAVEPOINT one")
            .await
            .unwrap();
        conn.batch_execute("COMMIT").await.unwrap();
        let count: i64 = work_sessions::table.count().get_result(conn).await.unwrap();
        assert_eq!(count, 8);

        // What is committed is seen by another connection.
        let mut other = connect(&site.target).await;
        let count: i64 = work_sessions::table
            .count()
            .get_result(&mut other)
            .await
            .unwrap();
        assert_eq!(count, 8);
    }
}

// ---------------------------------------------------------------- SQLite alone

#[tokio::test]
async fn sqlite_is_set_up_for_safety_and_one_writer() {
    let site = sites("setup").await.swap_remove(0);
    let Target::Sqlite(path) = &site.target else {
        panic!("the first site is SQLite");
    };
    let mut conn = site.conn;
    let settings = lines(
        &mut conn,
        "SELECT journal_mode || ' ' || synchronous || ' ' || foreign_keys || ' ' || timeout || ' ' \
         || temp_store || ' ' || cache_size AS line \
         FROM pragma_journal_mode, pragma_synchronous, pragma_foreign_keys, pragma_busy_timeout, \
         pragma_temp_store, pragma_cache_size",
    )
    .await;
    assert_eq!(settings, ["wal 2 1 10000 2 -8000"]);

    let reading = SqliteOptions { read_only: true };
    let mut reader = DualConnection::open_sqlite(path, reading).unwrap();
    add_organization(&mut conn, "one").await;
    let count: i64 = organizations::table
        .count()
        .get_result(&mut reader)
        .await
        .unwrap();
    assert_eq!(count, 1);
    let outcome = diesel::delete(organizations::table)
        .execute(&mut reader)
        .await;
    let text = outcome.unwrap_err().to_string();
    assert!(text.contains("readonly"), "{text}");
    let absent = path.with_file_name("absent.db");
    assert!(DualConnection::open_sqlite(&absent, reading).is_err());
    assert!(!absent.exists());

    // Diesel's transaction takes the write lock at its beginning, and a reader goes on reading.
    let outcome: QueryResult<i64> = conn
        .transaction(async |_| {
            let mut other = DualConnection::open_sqlite(path, SqliteOptions::default()).unwrap();
            other.batch_execute("PRAGMA busy_timeout = 0").await?;
            let busy = other.batch_execute("BEGIN IMMEDIATE").await;
            assert_eq!(busy.unwrap_err().to_string(), "database is locked");
            organizations::table.count().get_result(&mut reader).await
        })
        .await;
    assert_eq!(outcome.unwrap(), 1);

    let mut memory =
        DualConnection::open_sqlite(":memory:".as_ref(), SqliteOptions::default()).unwrap();
    memory
        .batch_execute("CREATE TABLE t (x INTEGER)")
        .await
        .unwrap();
}

#[test]
fn sqlite_opens_one_file_from_many_threads_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zamu.db");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| DualConnection::open_sqlite(&path, SqliteOptions::default()).unwrap());
        }
    });
}
