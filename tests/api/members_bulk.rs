//! Members from a table: every row accounted for, corrected until none is left.

use chrono::TimeDelta;
use serde_json::{Value, json};
use zamu::identity::invitations;
use zamu::identity::logins::Device;
use zamu::imports::members::retention;

use crate::support::database::dump;
use crate::support::people::{Person, TestOrg};
use crate::support::{Answer, PASSWORD, TestApp};

const TABLE: &str = "\u{feff}Name;Mail;Phone;Job;Team;Ref;Role\r\n\
    Ada Achieng;ADA@example.org;0712 345 678;Nurse;Field / Night;E1;\r\n\
    \"Ben \"\"Benjo\"\"\r\nOtieno\";ben@example.org;;Driver;Field;E2;SUPERVISOR\r\n\
    \r\n\
    Cyd;not an address;12;;Field;E3;CHIEF\r\n\
    Dan;;;;;;\r\n\
    Eve;eve@example.org;;;Moon;E5;\r\n\
    Ada again;;0712345678;;;;\r\n\
    Fay;fay@example.org\r\n\
    =cmd();;+254733000111;;Moon;E7;\r\n";

fn input(key: &str, csv: &str) -> Value {
    json!({
        "idempotencyKey": key, "csv": csv,
        "mapping": {
            "name": "name", "email": "Mail", "phone": "Phone", "title": "Job", "department": "Team",
            "externalRef": "Ref", "role": "Role",
        },
    })
}

async fn import(by: &Person, mut base: Value, more: Value) -> Answer {
    base.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    by.run("imports/import_members", json!({"input": base}))
        .await
}

/// `rows blank skipped created updated unchanged failed`, checked to add up.
fn counts(import: &Value) -> [u64; 7] {
    let of = |name: &str| import[name].as_u64().unwrap();
    let all = [
        "rows",
        "blank",
        "skipped",
        "created",
        "updated",
        "unchanged",
        "failed",
    ]
    .map(of);
    assert_eq!(all[0], all[1..].iter().sum::<u64>(), "{import:#}");
    all
}

fn remarks(import: &Value) -> Vec<String> {
    let all = import["remarks"].as_array().unwrap().iter();
    let line = |one: &Value| {
        let column = one["column"].as_str().unwrap_or("-");
        format!(
            "{} {} {}",
            one["row"],
            column,
            one["code"].as_str().unwrap()
        )
    };
    all.map(line).collect()
}

async fn members(acme: &TestOrg) -> Value {
    let query = "{ members(first: 100) { edges { node {
        id name email phone title role externalRef hasAccount department { name } } } } }";
    acme.owner
        .query(query, json!({}))
        .await
        .data("/members")
        .clone()
}

#[tokio::test]
async fn every_row_is_accounted_for() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let answer = import(&acme.admin, input("one", TABLE), json!({})).await;
    let import = answer.data("/importMembers/import");
    assert_eq!(counts(import), [9, 1, 0, 2, 0, 0, 6]);
    assert_eq!(
        remarks(import),
        [
            "2 Phone PHONE_REWRITTEN",
            "5 Mail INVALID_VALUE",
            "5 Phone INVALID_VALUE",
            "5 Role UNKNOWN_ROLE",
            "6 - KEY_MISSING",
            "7 Team UNKNOWN_DEPARTMENT",
            "8 Phone PHONE_REWRITTEN",
            "8 - REPEATED_ROW",
            "9 - MALFORMED_ROW",
            "10 Team UNKNOWN_DEPARTMENT",
        ]
    );
    let all = members(&acme).await;
    let find = |name: &str| {
        let edges = all["edges"].as_array().unwrap().iter();
        edges
            .map(|edge| &edge["node"])
            .find(|node| node["externalRef"] == name)
            .unwrap()
            .clone()
    };
    let (ada, ben) = (find("E1"), find("E2"));
    assert_eq!(
        (
            &ada["email"],
            &ada["phone"],
            &ada["department"]["name"],
            &ada["role"]
        ),
        (
            &json!("ada@example.org"),
            &json!("+254712345678"),
            &json!("Night"),
            &json!("WORKER")
        )
    );
    assert_eq!(ben["name"], "Ben \"Benjo\" Otieno");
    assert_eq!(ben["role"], "SUPERVISOR");
    // What failed is a table again, and runs nothing.
    let failed = import["failedCsv"].as_str().unwrap();
    assert!(failed.starts_with("Name;Mail;Phone;Job;Team;Ref;Role;zamu_row;error\r\n"));
    assert!(
        failed.contains("'=cmd();;'+254733000111;;Moon;E7;;10;"),
        "{failed}"
    );
    assert_eq!(failed.lines().count(), 7);
}

#[tokio::test]
async fn the_same_table_again_changes_nothing() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let first = import(&acme.admin, input("one", TABLE), json!({})).await;
    let before = members(&acme).await;
    // The same request: the same answer.
    let again = import(&acme.admin, input("one", TABLE), json!({})).await;
    assert_eq!(again.data("/importMembers"), first.data("/importMembers"));
    // The same key for something else.
    let other = import(&acme.admin, input("one", "name\nX\n"), json!({})).await;
    assert_eq!(
        other.code(),
        "INVALID_INPUT",
        "the mapping is looked at first"
    );
    let other = import(
        &acme.admin,
        input("one", TABLE),
        json!({"createDepartments": true}),
    )
    .await;
    assert_eq!(other.code(), "IDEMPOTENCY_KEY_REUSED");
    // Another request with the same table.
    let second = import(&acme.admin, input("two", TABLE), json!({})).await;
    assert_eq!(
        counts(second.data("/importMembers/import")),
        [9, 1, 0, 0, 0, 2, 6]
    );
    assert_eq!(members(&acme).await, before);
    // What the table says otherwise now is changed; an empty cell says nothing.
    let changed = "Name,Mail,Phone,Job,Team,Ref,Role\nAda Adhiambo,,,,Field,E1,\n";
    let third = import(&acme.admin, input("three", changed), json!({})).await;
    assert_eq!(
        counts(third.data("/importMembers/import")),
        [1, 0, 0, 0, 1, 0, 0]
    );
    let text = members(&acme).await.to_string();
    assert!(text.contains("Ada Adhiambo") && text.contains("ada@example.org"));
}

#[tokio::test]
async fn failed_rows_are_corrected_until_none_is_left() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let first = import(&acme.admin, input("one", TABLE), json!({})).await;
    let id = first.text("/importMembers/import/id");
    let resume = async |key: &str, csv: Value| {
        let input = json!({"input": {"idempotencyKey": key, "import": id, "csv": csv}});
        acme.admin.run("imports/resume_member_import", input).await
    };
    // As they were, after the missing department was made.
    let moon = json!({"input": {"name": "Moon"}});
    assert!(acme.admin.run("orgs/create_department", moon).await.ok());
    let second = resume("two", json!(null)).await;
    let import = second.data("/resumeMemberImport/import");
    assert_eq!(counts(import), [9, 1, 0, 4, 0, 0, 4]);
    // Corrected, but for one; and a row that never failed.
    let failed = import["failedCsv"].as_str().unwrap();
    let mut lines: Vec<String> = failed.lines().map(str::to_owned).collect();
    lines[1] = lines[1]
        .replace("not an address;12", "cyd@example.org;'+254712000333")
        .replace("CHIEF", "worker");
    lines[2] = lines[2].replace("Dan;;", "Dan;dan@example.org;");
    lines[3] = lines[3].replace("0712345678", "0712000444");
    // One is left for later.
    assert!(lines.remove(4).starts_with("Fay;"));
    lines.push("Eve;;;;;;;7;".to_owned());
    let third = resume("three", json!(lines.join("\r\n"))).await;
    let import = third.data("/resumeMemberImport/import");
    assert_eq!(counts(import), [9, 1, 0, 7, 0, 0, 1], "{import:#}");
    assert_eq!(
        third.data("/resumeMemberImport/strays/0/code"),
        "NOT_FAILED"
    );
    assert_eq!(remarks(import).last().unwrap(), "9 - MALFORMED_ROW");
    // The same request again, and what is read later.
    let again = resume("three", json!(lines.join("\r\n"))).await;
    assert_eq!(
        counts(again.data("/resumeMemberImport/import")),
        [9, 1, 0, 7, 0, 0, 1]
    );
    let read = acme
        .owner
        .run("imports/member_import", json!({"id": id}))
        .await;
    assert_eq!(counts(read.data("/memberImport")), [9, 1, 0, 7, 0, 0, 1]);
    let last = "Name;Mail;zamu_row\nFay;fay@example.org;9\n";
    let done = resume("four", json!(last)).await;
    let import = done.data("/resumeMemberImport/import");
    assert_eq!(counts(import), [9, 1, 0, 8, 0, 0, 0]);
    assert_eq!(import["failedCsv"], json!(null));
    assert_eq!(
        members(&acme).await["edges"].as_array().unwrap().len(),
        4 + 8
    );
    let unnamed = resume("five", json!("Name\nX\n")).await;
    assert_eq!(unnamed.field(), "csv");
}

/// Names, numbers and addresses that nobody corrected are let go of; how many there were stays.
#[tokio::test]
async fn failed_rows_are_kept_for_thirty_days() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let first = import(&acme.admin, input("one", TABLE), json!({})).await;
    let id = first.text("/importMembers/import/id");
    let resume = async |key: &str| {
        let input = json!({"input": {"idempotencyKey": key, "import": id}});
        acme.admin.run("imports/resume_member_import", input).await
    };
    let read = async || {
        let read = json!({ "id": id });
        let read = acme.owner.run("imports/member_import", read).await;
        read.data("/memberImport").clone()
    };
    let before = read().await;
    let failed = before["failed"].as_u64().unwrap();
    assert!(failed > 0 && before["forgotten"] == 0);
    // Whoever works on them has them for longer.
    app.clock.advance(TimeDelta::days(29));
    let again = resume("two").await;
    assert_eq!(again.data("/resumeMemberImport/import/failed"), failed);
    app.clock.advance(TimeDelta::days(30));
    retention::purge(&app.app).await.unwrap();
    assert_eq!(read().await["failedCsv"], before["failedCsv"]);
    app.clock.advance(TimeDelta::seconds(1));
    for _ in 0..2 {
        retention::purge(&app.app).await.unwrap();
        let after = read().await;
        assert_eq!(counts(&after), counts(&before));
        assert_eq!(
            (&after["forgotten"], &after["failedCsv"]),
            (&json!(failed), &json!(null))
        );
        assert_eq!(after["remarks"], json!([]));
    }
    let rows = dump(app.target()).await["member_imports"].concat();
    assert!(!rows.contains("not an address"), "{rows}");
    let late = resume("three").await;
    assert_eq!((late.code(), late.field()), ("INVALID_INPUT", "import"));
}

#[tokio::test]
async fn a_try_out_changes_nothing() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    app.drain().await;
    let audit = async || acme.owner.run("audit/audit_entries", json!({})).await.0;
    let departments = async || acme.owner.run("orgs/departments", json!({})).await.0;
    let before = (members(&acme).await, audit().await, departments().await);
    let options = json!({"dryRun": true, "createDepartments": true, "invite": true});
    let tried = import(&acme.admin, input("one", TABLE), options).await;
    let import = tried.data("/importMembers/import");
    assert_eq!(counts(import), [9, 1, 0, 4, 0, 0, 4]);
    assert_eq!(import["id"], json!(null));
    assert_eq!(tried.data("/importMembers/invitations"), &json!([]));
    app.drain().await;
    let after = (members(&acme).await, audit().await, departments().await);
    assert_eq!(after, before);
}

#[tokio::test]
async fn only_the_wanted_rows_are_read() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let one = import(&acme.admin, input("one", TABLE), json!({"onlyRows": [2]})).await;
    assert_eq!(
        counts(one.data("/importMembers/import")),
        [9, 1, 7, 1, 0, 0, 0]
    );
    let none = import(&acme.admin, input("two", TABLE), json!({"onlyRows": [4]})).await;
    assert_eq!(none.field(), "onlyRows");
}

#[tokio::test]
async fn whoever_is_invited_becomes_the_member_of_the_row() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let options = json!({"invite": true, "onlyRows": [2, 3]});
    let answer = import(&acme.admin, input("one", TABLE), options).await;
    assert_eq!(answer.data("/importMembers/import/invited"), 2);
    let token = answer.text("/importMembers/invitations/0/token");
    let before = members(&acme).await;
    let device = Device {
        name: None,
        ip: None,
        user_agent: None,
    };
    let welcome = invitations::accept(&app.app, device, &token, PASSWORD)
        .await
        .unwrap();
    let member = welcome.current.unwrap().member;
    assert_eq!(member.external_ref.as_deref(), Some("E1"));
    assert_eq!(member.department_id, Some(acme.night));
    let after = members(&acme).await;
    let number = |all: &Value| all["edges"].as_array().unwrap().len();
    assert_eq!(number(&after), number(&before));
    // From now on they say their own name and address, and nobody is invited twice.
    let table = "Name,Mail,Phone,Job,Team,Ref,Role\n\
        Somebody Else,other@example.org,,Chief nurse,,E1,\nBen,,,,,E2,\n";
    let again = import(&acme.admin, input("two", table), json!({"invite": true})).await;
    let import = again.data("/importMembers/import");
    assert_eq!(
        (counts(import), &import["invited"]),
        ([2, 0, 0, 0, 2, 0, 0], &json!(0)),
        "{import:#}"
    );
    assert_eq!(
        remarks(import),
        ["2 name KEPT_BY_MEMBER", "2 email KEPT_BY_MEMBER"]
    );
    let text = members(&acme).await.to_string();
    assert!(text.contains("Chief nurse") && !text.contains("Somebody Else"));
}

#[tokio::test]
async fn a_table_cannot_do_what_its_sender_may_not() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let no = import(&acme.supervisor, input("one", TABLE), json!({})).await;
    assert_eq!(no.code(), "FORBIDDEN");
    let owners = format!(
        "Name,Mail,Phone,Job,Team,Ref,Role\nMole,mole@example.org,,,,,OWNER\nacme owner,{},,,,,WORKER\n",
        acme.owner.email
    );
    let refused = import(&acme.admin, input("two", &owners), json!({})).await;
    let refused = remarks(refused.data("/importMembers/import"));
    assert_eq!(refused, ["2 Role NOT_ALLOWED", "3 Role NOT_ALLOWED"]);
    let last = import(
        &acme.owner,
        input("three", &owners),
        json!({"onlyRows": [3]}),
    )
    .await;
    assert_eq!(
        remarks(last.data("/importMembers/import")),
        ["3 Role NOT_ALLOWED"],
        "the last owner stays"
    );
    let unknown = import(&acme.admin, input("four", "Nom\nAda\n"), json!({})).await;
    assert_eq!(unknown.field(), "mapping.name");
    let rows = "Ada\n".repeat(2_001);
    let many = json!({"idempotencyKey": "five", "csv": format!("name\n{rows}"), "mapping": {"name": "name"}});
    assert_eq!(import(&acme.admin, many, json!({})).await.field(), "csv");
}

#[tokio::test]
async fn an_address_is_never_anothers_even_after_its_owner_left() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let leave = json!({"input": {"id": acme.worker.member, "reason": "moved away"}});
    assert!(
        acme.admin
            .run("identity/deactivate_member", leave)
            .await
            .ok()
    );
    // Not by changing one's own address to it.
    let occupied = json!({"input": {"email": acme.worker.email}});
    let occupied = acme.admin.run("identity/update_profile", occupied).await;
    assert_eq!(
        (occupied.code(), occupied.field()),
        ("HANDLE_TAKEN", "email")
    );
    // Not from a table.
    let table = format!(
        "Name,Mail,Phone,Job,Team,Ref,Role\nNewcomer,{},,,,N1,\n",
        acme.worker.email
    );
    let row = import(&acme.admin, input("one", &table), json!({})).await;
    assert_eq!(
        remarks(row.data("/importMembers/import")),
        ["2 - MEMBER_LEFT"]
    );
    // Not by an invitation: it takes the password of the one who left, and makes them the member they were.
    let invited =
        json!({"input": {"name": "Newcomer", "email": acme.worker.email, "role": "WORKER"}});
    let invited = acme.admin.run("identity/invite_member", invited).await;
    let token = invited.text("/inviteMember/token");
    let accept = |password: &str| json!({"input": {"token": token, "password": password}});
    let stranger = app.stranger("192.0.2.9");
    let wrong = stranger
        .run("identity/accept_invitation", accept("a newcomer's phrase"))
        .await;
    assert_eq!(wrong.code(), "SIGN_IN_FAILED");
    let back = stranger
        .run("identity/accept_invitation", accept(PASSWORD))
        .await;
    assert_eq!(
        back.text("/acceptInvitation/member/id"),
        acme.worker.member.to_string()
    );
}
