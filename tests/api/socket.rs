//! graphql-transport-ws, against a real server.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zamu::auth::action::Action;
use zamu::db::tx::Audit;
use zamu::events::event::{Event, SessionEvent};
use zamu::graphql::limits;
use zamu::http::Deadlines;
use zamu::identity::{logins, service, tokens};

use super::server::{PROTOCOL, Server};
use super::support::people::TestOrg;

const EVENTS: &str = "subscription { sessionEvents { number } }";

fn init() -> Value {
    json!({ "type": "connection_init" })
}

#[tokio::test]
async fn socket_needs_its_sub_protocol() {
    let server = Server::start().await;
    for protocol in [None, Some("graphql-ws")] {
        let refused = std::panic::AssertUnwindSafe(server.socket_with(protocol, None));
        // A client that asked for another protocol may refuse the handshake before it sees the code.
        if let Ok(mut socket) = futures_util::FutureExt::catch_unwind(refused).await {
            assert_eq!(socket.closed().await.0, 4406);
        }
    }
    let mut socket = server.socket_with(Some("graphql-ws, graphql-transport-ws"), None).await;
    socket.say(&init()).await;
    assert_eq!(socket.hear().await["type"], "connection_ack");
}

#[tokio::test]
async fn socket_init_has_a_deadline() {
    let init = Duration::from_millis(200);
    let server = Server::with_deadlines(Deadlines { init, ..Deadlines::default() }).await;
    let mut socket = server.socket().await;
    assert_eq!(socket.closed().await.0, 4408);
    // One that was initialised in time stays.
    let mut socket = server.socket().await;
    socket.say(&super::socket::init()).await;
    assert_eq!(socket.hear().await["type"], "connection_ack");
    tokio::time::sleep(init * 2).await;
    socket.say(&json!({ "type": "ping" })).await;
    assert_eq!(socket.hear().await["type"], "pong");
}

#[tokio::test]
async fn socket_rules_have_codes() {
    let server = Server::start().await;
    let mut early = server.socket().await;
    early.subscribe("1", "{ __typename }").await;
    assert_eq!(early.closed().await.0, 4401);

    let mut eager = server.socket().await;
    eager.say(&init()).await;
    eager.say(&init()).await;
    assert_eq!(eager.closed().await.0, 4429);

    for bad in ["", "{", "[]", r#"{"type":"start"}"#, r#"{"type":"subscribe","id":"1"}"#, r#"{"type":"subscribe","id":"","payload":{}}"#] {
        let mut socket = server.socket().await;
        socket.say(&init()).await;
        socket.hear().await;
        socket.say_text(bad).await;
        assert_eq!(socket.closed().await.0, 4400, "{bad}");
    }
    let mut binary = server.socket().await;
    binary.say_binary().await;
    assert_eq!(binary.closed().await.0, 4400);

    let mut long = server.socket().await;
    long.say_text(&" ".repeat(limits::MESSAGE_BYTES + 1)).await;
    assert_eq!(long.closed().await.0, 1009);

    let mut forged = server.socket().await;
    forged.say(&json!({ "type": "connection_init", "payload": { "authorization": "Bearer x" } })).await;
    assert_eq!(forged.closed().await, (4403, "Forbidden: UNAUTHENTICATED".to_owned()));
}

#[tokio::test]
async fn socket_answers_queries_and_refusals() {
    let server = Server::start().await;
    let acme = server.app.organization("acme").await;
    let header = acme.owner.authorization().await.unwrap();
    let mut socket = server.socket_with(Some(PROTOCOL), Some(&header)).await;
    socket.say(&init()).await;
    socket.hear().await;
    socket.subscribe("q", "{ __typename }").await;
    let next = socket.hear().await;
    assert_eq!((&next["type"], &next["id"]), (&json!("next"), &json!("q")));
    assert_eq!(next["payload"]["data"]["__typename"], "Query");
    assert_eq!(socket.hear().await, json!({ "type": "complete", "id": "q" }));
    for (query, code) in [("{", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED")] {
        socket.subscribe("q", query).await;
        let error = socket.hear().await;
        assert_eq!(error["type"], "error", "{error}");
        assert_eq!(error["payload"][0]["extensions"]["code"], code);
        assert!(error["payload"][0]["extensions"]["requestId"].as_str().unwrap().len() > 1);
    }
    socket.say(&json!({ "type": "ping", "payload": { "n": 1 } })).await;
    assert_eq!(socket.hear().await, json!({ "type": "pong", "payload": { "n": 1 } }));
}

#[tokio::test]
async fn socket_ids_and_numbers_of_operations_are_bounded() {
    let server = Server::start().await;
    let acme = server.app.organization("acme").await;
    let header = acme.owner.authorization().await.unwrap();
    let mut socket = server.welcome(&header).await;
    for id in 0..limits::SOCKET_OPERATIONS {
        socket.subscribe(&id.to_string(), EVENTS).await;
    }
    socket.subscribe("more", EVENTS).await;
    let error = socket.hear().await;
    assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("more")));
    assert_eq!(error["payload"][0]["extensions"]["code"], "TOO_MANY_OPERATIONS");
    // Completing one makes room, and its id is free again.
    socket.say(&json!({ "type": "complete", "id": "0" })).await;
    socket.subscribe("0", "{ __typename }").await;
    assert_eq!(socket.hear().await["id"], "0");
    assert_eq!(socket.hear().await, json!({ "type": "complete", "id": "0" }));
    socket.subscribe("1", EVENTS).await;
    assert_eq!(socket.closed().await.0, 4409);
}

#[tokio::test]
async fn socket_closes_within_a_second_of_a_revocation() {
    let server = Server::start().await;
    let acme = server.app.organization("acme").await;
    let owner = server.app.viewer(&acme.owner).await;

    let mut worker = server.welcome(&acme.worker.authorization().await.unwrap()).await;
    worker.subscribe("1", EVENTS).await;
    let mut admin = server.welcome(&acme.admin.authorization().await.unwrap()).await;
    let mut bystander = server.welcome(&acme.supervisor.authorization().await.unwrap()).await;

    let begun = Instant::now();
    service::deactivate_member(&server.app.app, &owner, acme.worker.member, "left").await.unwrap();
    assert_eq!(worker.closed().await.0, 4403);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());

    let begun = Instant::now();
    let header = acme.admin.authorization().await.unwrap();
    let who = service::account_of(&server.app.app, &header).await.unwrap();
    logins::revoke(&server.app.app, who, who.login).await.unwrap();
    assert_eq!(admin.closed().await.0, 4403);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());

    let new = tokens::NewToken { name: "till".to_owned(), scopes: vec![Action::ReadEvents], expires_in_days: 1 };
    let (text, token) = tokens::create(&server.app.app, &owner, new).await.unwrap();
    let mut program = server.welcome(&format!("Bearer {text}")).await;
    let begun = Instant::now();
    tokens::revoke(&server.app.app, &owner, token.id).await.unwrap();
    assert_eq!(program.closed().await.0, 4403);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());

    bystander.say(&json!({ "type": "ping" })).await;
    assert_eq!(bystander.hear().await["type"], "pong");
}

#[tokio::test]
async fn socket_ends_with_its_access_token() {
    let recheck = Duration::from_millis(100);
    let server = Server::with_deadlines(Deadlines { recheck, ..Deadlines::default() }).await;
    let acme = server.app.organization("acme").await;
    let mut socket = server.welcome(&acme.worker.authorization().await.unwrap()).await;
    socket.subscribe("1", EVENTS).await;
    server.app.clock.advance(chrono::TimeDelta::minutes(16));
    assert_eq!(socket.closed().await, (4403, "Forbidden: TOKEN_EXPIRED".to_owned()));
}

#[tokio::test]
async fn socket_pings_and_lets_go_of_the_dead() {
    let ping = Duration::from_millis(150);
    let server = Server::with_deadlines(Deadlines { ping, ..Deadlines::default() }).await;
    let mut alive = server.socket().await;
    alive.say(&init()).await;
    alive.hear().await;
    for _ in 0..5 {
        assert_eq!(alive.hear().await["type"], "ping");
        alive.say(&json!({ "type": "pong" })).await;
    }
    let mut dead = server.socket().await;
    dead.say(&init()).await;
    dead.hear().await;
    assert_eq!(dead.closed().await.0, 1001);
}

#[tokio::test]
async fn socket_is_told_when_the_server_stops() {
    let server = Server::start().await;
    let acme = server.app.organization("acme").await;
    let mut socket = server.welcome(&acme.owner.authorization().await.unwrap()).await;
    socket.subscribe("1", EVENTS).await;
    let begun = Instant::now();
    let (closed, ()) = tokio::join!(socket.closed(), server.running.stop());
    assert_eq!(closed.0, 1001);
    assert!(closed.1.contains("resume"), "{}", closed.1);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

/// Commits events about sessions in one change.
async fn happen(server: &Server, acme: &TestOrg, count: usize) {
    let viewer = server.app.viewer(&acme.owner).await;
    let ids = server.app.app.ids();
    let mut tx = server.app.app.begin(&viewer, Action::AddSessionNote).await.unwrap();
    for _ in 0..count {
        let at = tx.now();
        let event = SessionEvent { session: ids.id(at), member: acme.worker.member, department: None, place: None, at };
        tx.emit(&Event::SessionNoted(event)).unwrap();
    }
    tx.commit(Audit::of(acme.worker.member)).await.unwrap();
}

#[tokio::test]
async fn socket_a_slow_reader_lags_harms_nobody_and_resumes() {
    const COUNT: usize = 8_000;
    const BATCH: usize = 500;
    let server = Server::start().await;
    let acme = server.app.organization("acme").await;
    let header = acme.owner.authorization().await.unwrap();
    let aliases: String = (0..28).map(|i| format!("{}{i}: number ", "long_name_".repeat(6))).collect();
    let wide = format!("subscription {{ sessionEvents {{ number {aliases} }} }}");
    let mut slow = server.welcome(&header).await;
    slow.subscribe("slow", &wide).await;
    let mut quick = server.welcome(&header).await;
    quick.subscribe("quick", EVENTS).await;
    tokio::time::sleep(Duration::from_millis(300)).await;

    // The quick one reads each batch; the slow one reads nothing.
    let mut quick_numbers = Vec::new();
    for batch in 1..=COUNT / BATCH {
        happen(&server, &acme, BATCH).await;
        while quick_numbers.len() < batch * BATCH {
            let heard = quick.hear().await;
            let number = heard["payload"]["data"]["sessionEvents"]["number"].as_i64();
            quick_numbers.push(number.unwrap_or_else(|| panic!("{heard}")));
        }
    }
    let first = quick_numbers[0];
    assert!(quick_numbers.iter().enumerate().all(|(index, number)| *number == first + i64::try_from(index).unwrap()));

    // Now it reads again: what fitted on the way, without a gap, then where to resume.
    let mut last = first - 1;
    let resume_after = loop {
        let message = slow.hear().await;
        if message["type"] == "ping" {
            continue;
        }
        if let Some(errors) = message["payload"].get("errors") {
            assert_eq!(errors[0]["extensions"]["code"], "LAGGED", "{errors}");
            break errors[0]["extensions"]["resumeAfter"].as_i64().unwrap();
        }
        let number = message["payload"]["data"]["sessionEvents"]["number"].as_i64().unwrap();
        assert_eq!(number, last + 1);
        last = number;
    };
    assert_eq!(resume_after, last);
    let received = usize::try_from(last - first + 1).unwrap();
    assert!(received < COUNT - 1024, "its stream went on being polled: {received}");
    assert_eq!(slow.hear().await, json!({ "type": "complete", "id": "slow" }));

    slow.subscribe("again", &format!("subscription {{ sessionEvents(after: {resume_after}) {{ number }} }}")).await;
    for expected in resume_after + 1..=*quick_numbers.last().unwrap() {
        assert_eq!(slow.hear().await["payload"]["data"]["sessionEvents"]["number"], expected);
    }
}
