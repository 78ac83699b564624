//! Signing in and staying in; members and what they may do to each other; invitations; API tokens.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Answer, Caller, PASSWORD, TestApp};

fn sign_in_as(identifier: &str, password: &str) -> Value {
    json!({"input": {"identifier": identifier, "password": password, "device": "Phone"}})
}

async fn sign_in(caller: &Caller, identifier: &str, password: &str) -> Answer {
    caller.run("identity/sign_in", sign_in_as(identifier, password)).await
}

// ---- Signing in

#[tokio::test]
async fn signing_in_by_phone_or_email() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let phone = acme.worker.run("identity/update_profile", json!({"input": {"phone": "0712 345 678"}})).await;
    assert_eq!(phone.data("/updateProfile/phone"), "+254712345678");
    let stranger = app.stranger("198.51.100.7");
    for identifier in ["254712345678", "0712-345-678", "Worker@Acme.example"] {
        let answer = sign_in(&stranger, identifier, PASSWORD).await;
        assert_eq!(answer.data("/signIn/member/role"), "WORKER");
        assert_eq!(answer.data("/signIn/organization/slug"), "acme");
        assert_eq!(answer.data("/signIn/expiresInSeconds"), 900);
        let me = app.with_token(&answer.text("/signIn/accessToken")).run("identity/me", json!({})).await;
        assert_eq!(me.data("/me/id"), &json!(acme.worker.member));
    }
}

#[tokio::test]
async fn unknown_and_wrong_look_alike() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let stranger = app.stranger("198.51.100.7");
    let wrong = sign_in(&stranger, &acme.worker.email, "not the password").await;
    for nobody in ["nobody@acme.example", "0799999999", "not an identifier"] {
        let unknown = sign_in(&stranger, nobody, "not the password").await;
        assert_eq!(unknown.0["errors"], wrong.0["errors"]);
    }
    assert_eq!(wrong.code(), "SIGN_IN_FAILED");
}

#[tokio::test]
async fn aliases_guess_no_faster() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let email = &acme.worker.email;
    let guess = |n: i32| {
        format!("g{n}: signIn(input: {{identifier: \"{email}\", password: \"guess number {n}\"}}) {{ accessToken }}")
    };
    // A field that may not be null takes its siblings with it, so each guess is a document as well as an alias.
    let guesses: Vec<String> = (0..10).map(guess).collect();
    let thief = app.stranger("198.51.100.7");
    let aliased = thief.query(&format!("mutation {{ {} }}", guesses.join(" ")), json!({})).await;
    assert!(!aliased.ok());
    for guess in &guesses {
        thief.query(&format!("mutation {{ {guess} }}"), json!({})).await;
    }
    let locked = sign_in(&thief, email, PASSWORD).await;
    assert_eq!(locked.code(), "TRY_AGAIN");
    let seconds = locked.extension("retryAfterSeconds").as_i64().unwrap();
    assert_eq!(seconds, 15);

    // Whoever sits elsewhere is not locked out by it.
    assert!(sign_in(&app.stranger("203.0.113.9"), email, PASSWORD).await.ok());

    app.clock.advance(TimeDelta::seconds(seconds - 1));
    assert_eq!(sign_in(&thief, email, PASSWORD).await.extension("retryAfterSeconds"), 1);
    app.clock.advance(TimeDelta::seconds(1));
    // One guess is free again; the wait after it is longer.
    assert_eq!(sign_in(&thief, email, "guess number 11").await.code(), "SIGN_IN_FAILED");
    assert_eq!(sign_in(&thief, email, PASSWORD).await.extension("retryAfterSeconds"), 30);
    app.clock.advance(TimeDelta::seconds(30));
    assert!(sign_in(&thief, email, PASSWORD).await.ok());
    assert_eq!(sign_in(&thief, email, "guess number 12").await.code(), "SIGN_IN_FAILED");
}

#[tokio::test]
async fn parallel_guesses_each_count() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let thief = app.stranger("198.51.100.7");
    let guesses = (0..20).map(|n| {
        let (thief, email) = (thief.clone(), acme.worker.email.clone());
        async move { sign_in(&thief, &email, &format!("guess number {n}")).await.code().to_owned() }
    });
    let codes = futures_util::future::join_all(guesses).await;
    let looked_at = codes.iter().filter(|code| *code == "SIGN_IN_FAILED").count();
    let turned_away = codes.iter().filter(|code| *code == "TRY_AGAIN").count();
    assert_eq!((looked_at, turned_away), (5, 15));
}

#[tokio::test]
async fn one_address_cannot_try_everybody() {
    let app = TestApp::start().await;
    let thief = app.stranger("198.51.100.7");
    let mut failed = 0;
    for n in 0..120 {
        let answer = sign_in(&thief, &format!("person{n}@example.org"), "winter is coming").await;
        failed += usize::from(answer.code() == "SIGN_IN_FAILED");
    }
    assert_eq!(failed, 100);
    app.clock.advance(TimeDelta::minutes(11));
    assert_eq!(sign_in(&thief, "a@example.org", "winter is coming").await.code(), "SIGN_IN_FAILED");
}

#[tokio::test]
async fn many_addresses_slow_down_strangers_only() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let email = &acme.worker.email;
    let home = app.stranger("203.0.113.9");
    assert!(sign_in(&home, email, PASSWORD).await.ok());
    for n in 0..30 {
        sign_in(&app.stranger(&format!("198.51.100.{n}")), email, "winter is coming").await;
    }
    assert_eq!(sign_in(&app.stranger("192.0.2.77"), email, PASSWORD).await.code(), "TRY_AGAIN");
    assert!(sign_in(&home, email, PASSWORD).await.ok(), "an address that is known is not slowed down");
}

// ---- Staying signed in

#[tokio::test]
async fn a_refresh_token_works_once() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let phone = app.stranger("198.51.100.7");
    let first = sign_in(&phone, &acme.worker.email, PASSWORD).await;
    let exchange = |token: String| phone.run("identity/refresh", json!({"input": {"refreshToken": token}}));
    app.clock.advance(TimeDelta::minutes(16));
    let late = app.with_token(&first.text("/signIn/accessToken")).run("identity/me", json!({})).await;
    assert_eq!(late.code(), "TOKEN_EXPIRED");
    let second = exchange(first.text("/signIn/refreshToken")).await;
    let access = second.text("/refresh/accessToken");
    assert!(app.with_token(&access).run("identity/me", json!({})).await.ok());

    // The copy comes back: thief or owner, nobody knows, so everybody is out.
    assert_eq!(exchange(first.text("/signIn/refreshToken")).await.code(), "REFRESH_TOKEN_REUSED");
    assert_eq!(app.with_token(&access).run("identity/me", json!({})).await.code(), "TOKEN_EXPIRED");
    assert_eq!(exchange(second.text("/refresh/refreshToken")).await.code(), "TOKEN_EXPIRED");
    assert_eq!(exchange("nonsense".to_owned()).await.code(), "UNAUTHENTICATED");
    // Another device of the same person goes on.
    assert!(acme.worker.run("identity/me", json!({})).await.ok());
}

#[tokio::test]
async fn login_sessions_are_listed_and_ended() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let phone = sign_in(&app.stranger("198.51.100.7"), &acme.worker.email, PASSWORD).await;
    let phone = app.with_token(&phone.text("/signIn/accessToken"));
    app.clock.advance(TimeDelta::minutes(2));
    assert!(phone.run("identity/me", json!({})).await.ok());
    let list = phone.run("identity/my_logins", json!({})).await;
    assert_eq!(list.data("/myLogins").as_array().unwrap().len(), 2);
    assert_eq!(list.data("/myLogins/0/isCurrent"), true);
    assert_eq!(list.data("/myLogins/0/ip"), "198.51.100.7");
    assert_eq!(list.data("/myLogins/0/device"), "Phone");
    let seen: chrono::DateTime<chrono::Utc> = list.text("/myLogins/0/lastSeenAt").parse().unwrap();
    assert_eq!(seen, app.now());

    let lost = list.text("/myLogins/0/id");
    let other = acme.supervisor.run("identity/revoke_login", json!({"input": {"id": lost}})).await;
    assert_eq!(other.code(), "NOT_FOUND");
    let ended = acme.worker.run("identity/revoke_login", json!({"input": {"id": lost}})).await;
    assert!(ended.data("/revokeLogin/revokedAt").is_string());
    assert_eq!(phone.run("identity/me", json!({})).await.code(), "TOKEN_EXPIRED");

    let again = sign_in(&app.stranger("198.51.100.7"), &acme.worker.email, PASSWORD).await;
    let again = app.with_token(&again.text("/signIn/accessToken"));
    assert!(again.run("identity/sign_out", json!({})).await.ok());
    assert_eq!(again.run("identity/me", json!({})).await.code(), "TOKEN_EXPIRED");
    let all = acme.worker.run("identity/sign_out_everywhere", json!({})).await;
    assert_eq!(all.data("/signOutEverywhere").as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_new_password_ends_the_other_devices() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let thief = sign_in(&app.stranger("198.51.100.7"), &acme.worker.email, PASSWORD).await;
    let thief = app.with_token(&thief.text("/signIn/accessToken"));
    let change = |current: &str, new: &str| {
        acme.worker.run("identity/change_password", json!({"input": {"current": current, "new": new}}))
    };
    let wrong = change("not the password", "a phrase of my own").await;
    assert_eq!((wrong.code(), wrong.field()), ("WRONG_PASSWORD", "current"));
    for weak in ["short", "password123", "worker@acme.example"] {
        let refused = change(PASSWORD, weak).await;
        assert_eq!((refused.code(), refused.field()), ("PASSWORD_TOO_WEAK", "new"), "{weak}");
    }
    let changed = change(PASSWORD, "a phrase of my own").await;
    assert_eq!(changed.data("/changePassword").as_array().unwrap().len(), 1);
    assert_eq!(thief.run("identity/me", json!({})).await.code(), "TOKEN_EXPIRED");
    assert!(acme.worker.run("identity/me", json!({})).await.ok());
    let stranger = app.stranger("203.0.113.9");
    assert_eq!(sign_in(&stranger, &acme.worker.email, PASSWORD).await.code(), "SIGN_IN_FAILED");
    assert!(sign_in(&stranger, &acme.worker.email, "a phrase of my own").await.ok());
}

#[tokio::test]
async fn bad_headers_are_errors_and_not_nobody() {
    let app = TestApp::start().await;
    assert_eq!(app.with_token("nonsense").run("identity/me", json!({})).await.code(), "UNAUTHENTICATED");
    assert_eq!(app.with_token("zamu_nothing").run("identity/me", json!({})).await.code(), "UNAUTHENTICATED");
    assert_eq!(app.stranger("192.0.2.1").run("identity/me", json!({})).await.code(), "UNAUTHENTICATED");
    assert_eq!(app.stranger("192.0.2.1").run("identity/my_logins", json!({})).await.code(), "UNAUTHENTICATED");
}

// ---- Invitations and several organizations

async fn invite(by: &Caller, input: Value) -> Answer {
    by.run("identity/invite_member", json!({"input": input})).await
}

async fn accept(caller: &Caller, token: &str, password: &str) -> Answer {
    caller.run("identity/accept_invitation", json!({"input": {"token": token, "password": password}})).await
}

#[tokio::test]
async fn an_invitation_makes_a_member_once() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let zuri = json!({"name": "Zuri", "phone": "0700111222", "role": "WORKER", "departmentId": acme.night});
    let invited = invite(&acme.admin, zuri.clone()).await;
    let token = invited.text("/inviteMember/token");
    let door = app.stranger("198.51.100.7");
    assert_eq!(accept(&door, &token, "password123").await.code(), "PASSWORD_TOO_WEAK");
    let joined = accept(&door, &token, PASSWORD).await;
    assert_eq!(joined.data("/acceptInvitation/member/phone"), "+254700111222");
    let me = app.with_token(&joined.text("/acceptInvitation/accessToken")).run("identity/me", json!({})).await;
    assert_eq!(me.data("/me/department/name"), "Night");
    assert_eq!(accept(&door, &token, PASSWORD).await.code(), "INVITATION_INVALID");
    assert_eq!(accept(&door, "nonsense", PASSWORD).await.code(), "INVITATION_INVALID");

    // Somebody who is there already is not invited twice over.
    let again = invite(&acme.admin, zuri).await.text("/inviteMember/token");
    assert_eq!(accept(&door, &again, PASSWORD).await.code(), "CONFLICT");
    let list = acme.admin.run("identity/invitations", json!({"first": 2})).await;
    assert_eq!(list.data("/invitations/edges/0/node/status"), "PENDING");
    assert_eq!(list.data("/invitations/edges/1/node/status"), "ACCEPTED");
    assert_eq!(list.data("/invitations/edges/1/node/invitedBy/id"), &json!(acme.admin.member));
}

#[tokio::test]
async fn invitations_end() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let door = app.stranger("198.51.100.7");
    let zuri = json!({"name": "Zuri", "email": "zuri@example.org", "role": "WORKER"});
    let revoked = invite(&acme.owner, zuri.clone()).await;
    let id = json!({"input": {"id": revoked.text("/inviteMember/invitation/id")}});
    assert_eq!(acme.owner.run("identity/revoke_invitation", id).await.data("/revokeInvitation/status"), "REVOKED");
    assert_eq!(accept(&door, &revoked.text("/inviteMember/token"), PASSWORD).await.code(), "INVITATION_INVALID");
    let late = invite(&acme.owner, zuri).await.text("/inviteMember/token");
    app.clock.advance(TimeDelta::days(7));
    assert_eq!(accept(&door, &late, PASSWORD).await.code(), "INVITATION_INVALID");

    for (input, code) in [
        (json!({"name": "X", "role": "WORKER"}), "INVALID_INPUT"),
        (json!({"name": "X", "email": "x@example.org", "role": "INTEGRATION"}), "INVALID_INPUT"),
        (json!({"name": "X", "email": "x@example.org", "role": "OWNER"}), "FORBIDDEN"),
    ] {
        assert_eq!(invite(&acme.admin, input).await.code(), code);
    }
    let no = invite(&acme.supervisor, json!({"name": "X", "email": "x@example.org", "role": "WORKER"})).await;
    assert_eq!(no.code(), "FORBIDDEN");
}

#[tokio::test]
async fn one_account_in_two_organizations() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let other = app.organization("other").await;
    let email = &acme.worker.email;
    let invited = invite(&other.owner, json!({"name": "Guest", "email": email, "role": "SUPERVISOR"})).await;
    let token = invited.text("/inviteMember/token");
    let door = app.stranger("198.51.100.7");
    assert_eq!(accept(&door, &token, "not the password").await.code(), "SIGN_IN_FAILED");
    let joined = accept(&door, &token, PASSWORD).await;
    assert_eq!(joined.data("/acceptInvitation/organization/slug"), "other");

    let there = app.with_token(&joined.text("/acceptInvitation/accessToken"));
    let memberships = there.run("identity/memberships", json!({})).await;
    assert_eq!(memberships.data("/memberships").as_array().unwrap().len(), 2);
    let go = |slug: &str| there.run("identity/switch_organization", json!({"input": {"organization": slug}}));
    assert_eq!(go("nowhere").await.code(), "NO_ORGANIZATION");
    let back = go("acme").await;
    assert_eq!(back.data("/switchOrganization/member/role"), "WORKER");
    // Tokens from before the switch are over, both of them.
    assert_eq!(there.run("identity/me", json!({})).await.code(), "TOKEN_EXPIRED");
    let old = json!({"input": {"refreshToken": joined.text("/acceptInvitation/refreshToken")}});
    assert_eq!(door.run("identity/refresh", old).await.code(), "UNAUTHENTICATED");
    let here = app.with_token(&back.text("/switchOrganization/accessToken"));
    assert_eq!(here.run("identity/me", json!({})).await.data("/me/organization/slug"), "acme");

    // The organization used last is where the next sign-in goes, unless one is named.
    app.clock.advance(TimeDelta::minutes(5));
    assert!(here.run("identity/me", json!({})).await.ok());
    assert_eq!(sign_in(&door, email, PASSWORD).await.data("/signIn/organization/slug"), "acme");
    let named = json!({"input": {"identifier": email, "password": PASSWORD, "organization": "other"}});
    assert_eq!(door.run("identity/sign_in", named).await.data("/signIn/organization/slug"), "other");
}

// ---- Members

#[tokio::test]
async fn members_are_seen_as_far_as_the_viewer_reaches() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let all = acme.owner.run("identity/members", json!({"first": 3})).await;
    assert_eq!(all.data("/members/edges/0/node/email"), "worker@acme.example");
    assert_eq!(all.data("/members/pageInfo/hasNextPage"), true);
    let rest = json!({"first": 3, "after": all.text("/members/pageInfo/endCursor")});
    let rest = acme.owner.run("identity/members", rest).await;
    assert_eq!(rest.data("/members/edges").as_array().unwrap().len(), 1);

    let team = acme.supervisor.run("identity/members", json!({})).await;
    let names: Vec<_> = team.data("/members/edges").as_array().unwrap().iter().map(|e| &e["node"]["name"]).collect();
    assert_eq!(names, ["acme worker", "acme supervisor"]);
    assert_eq!(team.data("/members/edges/0/node/email"), "worker@acme.example");
    let own = acme.worker.run("identity/members", json!({})).await;
    assert_eq!(own.data("/members/edges").as_array().unwrap().len(), 1);
    let hidden = acme.worker.run("identity/member", json!({"id": acme.supervisor.member})).await;
    assert_eq!(hidden.code(), "NOT_FOUND");

    let find = |filter: Value| acme.owner.run("identity/members", json!({"filter": filter}));
    let count = |answer: Answer| answer.data("/members/edges").as_array().unwrap().len();
    assert_eq!(count(find(json!({"search": "SUPER"})).await), 1);
    assert_eq!(count(find(json!({"search": "%"})).await), 0);
    assert_eq!(count(find(json!({"search": "acme_"})).await), 0);
    assert_eq!(count(find(json!({"departmentId": acme.field})).await), 2);
    assert_eq!(count(find(json!({"role": "ADMIN"})).await), 1);
    assert_eq!(count(find(json!({"active": false})).await), 0);
}

#[tokio::test]
async fn a_changed_role_counts_at_once() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let input = json!({"id": acme.worker.member, "role": "ADMIN", "title": "Lead", "tags": ["night", "night"]});
    let changed = acme.owner.run("identity/update_member", json!({"input": input})).await;
    assert_eq!(changed.data("/updateMember/tags"), &json!(["night"]));
    assert_eq!(changed.data("/updateMember/department/name"), "Night");
    assert!(acme.worker.run("identity/invitations", json!({})).await.ok());
}

#[tokio::test]
async fn owners_are_for_owners_and_one_stays() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let role = |id, role: &str| json!({"input": {"id": id, "role": role}});
    let (owner, admin) = (acme.owner.member, acme.admin.member);
    assert_eq!(acme.admin.run("identity/update_member", role(admin, "OWNER")).await.code(), "FORBIDDEN");
    assert_eq!(acme.admin.run("identity/update_member", role(owner, "WORKER")).await.code(), "FORBIDDEN");
    let leave = json!({"input": {"id": owner, "reason": "retires"}});
    assert_eq!(acme.admin.run("identity/deactivate_member", leave.clone()).await.code(), "FORBIDDEN");
    assert_eq!(acme.owner.run("identity/update_member", role(owner, "ADMIN")).await.code(), "LAST_OWNER");
    assert_eq!(acme.owner.run("identity/deactivate_member", leave.clone()).await.code(), "LAST_OWNER");
    assert!(acme.owner.run("identity/update_member", role(admin, "OWNER")).await.ok());
    assert!(acme.admin.run("identity/deactivate_member", leave).await.ok());
}

#[tokio::test]
async fn whoever_is_deactivated_is_out_and_may_come_back() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    assert!(acme.worker.run("identity/me", json!({})).await.ok());
    let out = json!({"input": {"id": acme.worker.member, "reason": "contract ended"}});
    let out = acme.admin.run("identity/deactivate_member", out).await;
    assert_eq!(out.data("/deactivateMember/isActive"), false);
    assert_eq!(acme.worker.run("identity/me", json!({})).await.code(), "MEMBER_DEACTIVATED");
    let door = app.stranger("198.51.100.7");
    assert_eq!(sign_in(&door, &acme.worker.email, PASSWORD).await.code(), "MEMBER_DEACTIVATED");
    app.drain().await;

    let back = json!({"input": {"id": acme.worker.member}});
    assert!(acme.admin.run("identity/reactivate_member", back).await.ok());
    assert!(sign_in(&door, &acme.worker.email, PASSWORD).await.ok());
}

#[tokio::test]
async fn a_handle_belongs_to_one_account() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let update = |input: Value| acme.worker.run("identity/update_profile", json!({"input": input}));
    let taken = update(json!({"email": acme.admin.email})).await;
    assert_eq!((taken.code(), taken.field()), ("HANDLE_TAKEN", "email"));
    let nothing = update(json!({"email": null})).await;
    assert_eq!(nothing.code(), "INVALID_INPUT");
    let named = update(json!({"name": "Wanjiku", "phone": "0712345678", "email": null})).await;
    assert_eq!(named.data("/updateProfile/name"), "Wanjiku");
    assert_eq!(named.data("/updateProfile/email"), &json!(null));
    let door = app.stranger("198.51.100.7");
    assert_eq!(sign_in(&door, &acme.worker.email, PASSWORD).await.code(), "SIGN_IN_FAILED");
    assert!(sign_in(&door, "0712345678", PASSWORD).await.ok());
}

#[tokio::test]
async fn emergency_contacts_are_for_few_eyes() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let set = |of: Value, contacts: Value| json!({"input": {"memberId": of, "contacts": contacts}});
    let amani = json!([{"name": "Amani", "phone": "0712345678", "relation": "sister"}]);
    let saved = acme.worker.run("identity/set_emergency_contacts", set(json!(null), amani.clone())).await;
    assert_eq!(saved.data("/setEmergencyContacts/emergencyContacts/0/phone"), "+254712345678");
    let seen = acme.supervisor.run("identity/member", json!({"id": acme.worker.member})).await;
    assert_eq!(seen.data("/member/emergencyContacts/0/relation"), "sister");

    let worker = json!(acme.worker.member);
    let no = acme.supervisor.run("identity/set_emergency_contacts", set(worker.clone(), amani)).await;
    assert_eq!(no.code(), "FORBIDDEN");
    let gone = acme.admin.run("identity/set_emergency_contacts", set(worker.clone(), json!([]))).await;
    assert_eq!(gone.data("/setEmergencyContacts/emergencyContacts"), &json!([]));
    let bad = acme.admin.run("identity/set_emergency_contacts", set(worker, json!([{"name": "A", "phone": "12"}])));
    assert_eq!(bad.await.field(), "contacts.phone");
}

// ---- API tokens

#[tokio::test]
async fn an_api_token_does_what_it_may_until_it_ends() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let input = json!({"input": {"name": "Payroll", "scopes": ["VIEW_MEMBERS", "VIEW_ORGANIZATION"], "expiresInDays": 30}});
    let made = acme.admin.run("identity/create_api_token", input).await;
    let text = made.text("/createApiToken/token");
    assert!(text.starts_with(&format!("zamu_{}_", made.text("/createApiToken/apiToken/prefix"))));
    let program = app.with_token(&text);
    let members = program.run("identity/members", json!({})).await;
    assert_eq!(members.data("/members/edges/0/node/email"), &json!(null), "programs see no contacts");
    assert_eq!(program.run("identity/invitations", json!({})).await.code(), "FORBIDDEN");
    assert_eq!(program.run("identity/me", json!({})).await.code(), "FORBIDDEN");
    let list = acme.admin.run("identity/api_tokens", json!({})).await;
    assert!(list.data("/apiTokens/0/lastUsedAt").is_string());
    assert_eq!(list.data("/apiTokens/0/createdBy/id"), &json!(acme.admin.member));

    let revoke = json!({"input": {"id": made.text("/createApiToken/apiToken/id")}});
    assert!(acme.owner.run("identity/revoke_api_token", revoke).await.ok());
    assert_eq!(program.run("identity/members", json!({})).await.code(), "TOKEN_EXPIRED");
    let almost = text.get(..text.len() - 1).unwrap();
    assert_eq!(app.with_token(almost).run("identity/members", json!({})).await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn api_tokens_are_limited() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let create = |scopes: Value, days: i32| {
        let input = json!({"input": {"name": "Payroll", "scopes": scopes, "expiresInDays": days}});
        acme.owner.run("identity/create_api_token", input)
    };
    for (scopes, days, field) in [
        (json!(["MANAGE_MEMBERS"]), 30, "scopes"),
        (json!([]), 30, "scopes"),
        (json!(["VIEW_MEMBERS"]), 0, "expiresInDays"),
        (json!(["VIEW_MEMBERS"]), 366, "expiresInDays"),
    ] {
        let refused = create(scopes, days).await;
        assert_eq!((refused.code(), refused.field()), ("INVALID_INPUT", field));
    }
    let made = create(json!(["VIEW_ORGANIZATION"]), 1).await.text("/createApiToken/token");
    assert!(app.with_token(&made).run("orgs/departments", json!({})).await.ok());
    app.clock.advance(TimeDelta::days(1));
    assert_eq!(app.with_token(&made).run("orgs/departments", json!({})).await.code(), "TOKEN_EXPIRED");
    let no = json!({"input": {"name": "Mine", "scopes": ["VIEW_MEMBERS"], "expiresInDays": 1}});
    assert_eq!(acme.supervisor.run("identity/create_api_token", no).await.code(), "FORBIDDEN");
}

// ---- For founding and imports

#[tokio::test]
async fn an_import_records_a_member_once() {
    use zamu::auth::action::Action;
    use zamu::auth::policy::Role;
    use zamu::db::tx::Audit;
    use zamu::identity::service::{NewMember, import_member_in};
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let viewer = app.viewer(&acme.owner).await;
    let mut tx = app.app.begin(&viewer, Action::ImportData).await.unwrap();
    let department = zamu::orgs::service::department_by_name_in(&mut tx, "Kitchen").await.unwrap();
    assert_eq!(zamu::orgs::service::department_by_name_in(&mut tx, "Kitchen").await.unwrap(), department);
    let new = NewMember {
        name: "Baraka".to_owned(),
        role: Role::Worker,
        department: Some(department),
        title: None,
        external_ref: "hr-7".to_owned(),
        joined_at: None,
        deactivated_at: None,
        tags: Vec::new(),
    };
    let (first, created) = import_member_in(&mut tx, new.clone()).await.unwrap();
    let (second, again) = import_member_in(&mut tx, new).await.unwrap();
    assert_eq!((created, again, first.id), (true, false, second.id));
    tx.commit(Audit::of_many::<zamu::kernel::id::kinds::Member>()).await.unwrap();
    let seen = acme.owner.run("identity/member", json!({"id": first.id})).await;
    assert_eq!((seen.data("/member/externalRef"), seen.data("/member/hasAccount")), (&json!("hr-7"), &json!(false)));
}
