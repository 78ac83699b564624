//! One organization never sees another's data: every operation file, run as the owner of another organization who
//! holds the first one's ids.
//!
//! Accepted are NOT_FOUND, FORBIDDEN, and answers in which none of those ids occur. An operation without an entry in
//! [`variables`] fails, by name.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::people::TestOrg;
use crate::support::{PASSWORD, TestApp, operations};

/// What the first organization has, by the name of the kind.
struct Foreign {
    acme: TestOrg,
    ids: Vec<(&'static str, String)>,
}

impl Foreign {
    async fn new(app: &TestApp) -> Self {
        let acme = app.organization("acme").await;
        let invited = json!({"input": {"name": "Zuri", "email": "zuri@example.org", "role": "WORKER"}});
        let invitation = acme.owner.run("identity/invite_member", invited).await;
        let token = json!({"input": {"name": "Payroll", "scopes": ["VIEW_MEMBERS"], "expiresInDays": 30}});
        let token = acme.owner.run("identity/create_api_token", token).await;
        let contacts = json!({"input": {"contacts": [{"name": "Amani", "phone": "0712345678"}]}});
        let contacts = acme.worker.run("identity/set_emergency_contacts", contacts).await;
        let logins = acme.worker.run("identity/my_logins", json!({})).await;
        let ids = vec![
            ("organization", acme.id.to_string()),
            ("department", acme.field.to_string()),
            ("team", acme.night.to_string()),
            ("owner", acme.owner.member.to_string()),
            ("supervisor", acme.supervisor.member.to_string()),
            ("member", acme.worker.member.to_string()),
            ("invitation", invitation.text("/inviteMember/invitation/id")),
            ("apiToken", token.text("/createApiToken/apiToken/id")),
            ("contact", contacts.text("/setEmergencyContacts/emergencyContacts/0/id")),
            ("login", logins.text("/myLogins/0/id")),
        ];
        Self { acme, ids }
    }

    fn id(&self, kind: &str) -> &str {
        self.ids.iter().find(|(known, _)| *known == kind).map(|(_, id)| id.as_str()).unwrap()
    }
}

/// What a stranger sends with an operation: the first organization's ids wherever one fits.
fn variables(path: &str, foreign: &Foreign) -> Option<Value> {
    let id = |kind: &str| foreign.id(kind);
    let input = |input: Value| Some(json!({"input": input}));
    match path {
        "orgs/organization" | "orgs/departments" => Some(json!({})),
        "orgs/update_organization" => input(json!({"name": "Taken over"})),
        "orgs/create_department" => input(json!({"name": "Mine", "parentId": id("department")})),
        "orgs/update_department" => input(json!({"id": id("team"), "parentId": null})),
        "orgs/archive_department" => input(json!({"id": id("team")})),
        "identity/me"
        | "identity/memberships"
        | "identity/my_logins"
        | "identity/api_tokens"
        | "identity/invitations"
        | "identity/sign_out"
        | "identity/sign_out_everywhere" => Some(json!({})),
        "identity/sign_in" => {
            input(json!({"identifier": "owner@other.example", "password": PASSWORD, "organization": "acme"}))
        }
        "identity/refresh" => input(json!({"refreshToken": id("login")})),
        "identity/accept_invitation" => input(json!({"token": id("invitation"), "password": PASSWORD})),
        "identity/switch_organization" => input(json!({"organization": foreign.acme.slug})),
        "identity/revoke_login" => input(json!({"id": id("login")})),
        "identity/change_password" => input(json!({"current": PASSWORD, "new": "another fine phrase"})),
        "identity/update_profile" => input(json!({"email": foreign.acme.worker.email})),
        "identity/set_emergency_contacts" => input(json!({"memberId": id("member"), "contacts": []})),
        "identity/members" => Some(json!({"filter": {"departmentId": id("department")}})),
        "identity/member" => Some(json!({"id": id("member")})),
        "identity/invite_member" => input(json!({
            "name": "Mole", "email": "mole@example.org", "role": "WORKER", "departmentId": id("department"),
        })),
        "identity/revoke_invitation" => input(json!({"id": id("invitation")})),
        "identity/update_member" => input(json!({"id": id("member"), "role": "ADMIN"})),
        "identity/deactivate_member" => input(json!({"id": id("owner"), "reason": "mischief"})),
        "identity/reactivate_member" => input(json!({"id": id("member")})),
        "identity/create_api_token" => {
            input(json!({"name": "Mine", "scopes": ["VIEW_MEMBERS"], "expiresInDays": 1}))
        }
        "identity/revoke_api_token" => input(json!({"id": id("apiToken")})),
        _ => None,
    }
}

#[tokio::test]
async fn every_operation_as_a_stranger() {
    let app = TestApp::start().await;
    let foreign = Foreign::new(&app).await;
    let other = app.organization("other").await;
    let mut wrong = Vec::new();
    for path in operation_files() {
        let Some(variables) = variables(&path, &foreign) else {
            wrong.push(format!("{path}: say in isolation.rs with which foreign ids a stranger runs it"));
            continue;
        };
        // Each on a device of its own: some of them sign out.
        let stranger = app.signed_in(&other.owner.email, "other").await;
        let answer = stranger.run(&path, variables).await;
        if matches!(answer.code(), "NOT_FOUND" | "FORBIDDEN") {
            continue;
        }
        // A refusal is fine as long as it names nothing; a document that does not run proves nothing.
        if answer.codes().iter().any(|code| code.starts_with("GRAPHQL_") || *code == "INTERNAL") {
            wrong.push(format!("{path}: {:#}", answer.0));
        }
        let text = answer.0.to_string();
        wrong.extend(foreign.ids.iter().filter(|(_, id)| text.contains(id)).map(|(kind, _)| {
            format!("{path}: shows the {kind} of another organization")
        }));
        if path == "identity/change_password" && answer.ok() {
            let back = json!({"input": {"current": "another fine phrase", "new": PASSWORD}});
            assert!(stranger.run(&path, back).await.ok());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    the_first_is_untouched(&foreign).await;
}

/// What the stranger tried has changed nothing.
async fn the_first_is_untouched(foreign: &Foreign) {
    let acme = &foreign.acme;
    let members = acme.owner.run("identity/members", json!({"filter": {"active": true}})).await;
    assert_eq!(members.data("/members/edges").as_array().unwrap().len(), 4);
    let worker = acme.owner.run("identity/member", json!({"id": acme.worker.member})).await;
    assert_eq!(worker.data("/member/role"), "WORKER");
    assert_eq!(worker.data("/member/emergencyContacts/0/name"), "Amani");
    let organization = acme.owner.run("orgs/organization", json!({})).await;
    assert_eq!(organization.data("/organization/name"), "acme Limited");
    let invitations = acme.owner.run("identity/invitations", json!({"first": 1})).await;
    assert_eq!(invitations.data("/invitations/edges/0/node/status"), "PENDING");
    assert!(acme.worker.run("identity/me", json!({})).await.ok());
}

/// `orgs/organization` for every file under `graphql/operations`.
fn operation_files() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(&operations(), &mut found);
    assert!(found.len() > 20, "the operation files were not found");
    found
}

fn collect(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "graphql") {
            let relative = path.strip_prefix(operations()).unwrap().with_extension("");
            found.insert(relative.to_string_lossy().replace('\\', "/"));
        }
    }
}
