//! GraphQL over HTTP, against a real server.

use serde_json::{Value, json};
use zamu::graphql::limits;
use zamu::http::{Demo, Options};

use super::server::Server;

const ANY: &str = "{ __typename }";
const JSON: &str = "application/json";
const GRAPHQL: &str = "application/graphql-response+json";

async fn accepted(server: &Server, accept: Option<&str>, query: &str) -> (u16, String, Value) {
    let mut asked = server.post(json!({ "query": query }).to_string());
    if let Some(accept) = accept {
        asked = asked.header("accept", accept);
    }
    let answer = asked.send().await.unwrap();
    let content_type = answer.headers()["content-type"].to_str().unwrap().to_owned();
    (answer.status().as_u16(), content_type, answer.json().await.unwrap())
}

#[tokio::test]
async fn http_answers_in_the_media_type_that_is_wanted() {
    let server = Server::start().await;
    for (accept, expected) in [
        (None, JSON),
        (Some("*/*"), JSON),
        (Some("application/*"), JSON),
        (Some("application/json; charset=utf-8"), JSON),
        (Some(GRAPHQL), GRAPHQL),
        (Some("application/graphql-response+json, application/json;q=0.9"), GRAPHQL),
        (Some("application/json, application/graphql-response+json;q=0.9"), JSON),
        (Some("text/html, */*;q=0.1"), JSON),
    ] {
        let (status, content_type, body) = accepted(&server, accept, ANY).await;
        assert_eq!((status, content_type.as_str()), (200, &*format!("{expected}; charset=utf-8")), "{accept:?}");
        assert_eq!(body["data"]["__typename"], "Query");
    }
    for accept in ["text/html", "application/json; charset=latin1", "application/json;q=0"] {
        let (status, content_type, body) = accepted(&server, Some(accept), ANY).await;
        assert_eq!((status, content_type.starts_with(JSON)), (406, true), "{accept}");
        assert_eq!(body["errors"][0]["extensions"]["code"], "NOT_ACCEPTABLE");
    }
}

#[tokio::test]
async fn http_status_codes_depend_on_the_media_type() {
    let server = Server::start().await;
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothingOfTheKind }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($id: ID!) { __typename }", "INVALID_INPUT"),
        ("query A { __typename } query B { __typename }", "GRAPHQL_VALIDATION_FAILED"),
    ] {
        for (accept, expected) in [(GRAPHQL, 400), (JSON, 200)] {
            let (status, _, body) = accepted(&server, Some(accept), query).await;
            assert_eq!(status, expected, "{query} as {accept}");
            assert_eq!(body["errors"][0]["extensions"]["code"], code, "{body}");
            assert!(body["errors"][0]["extensions"]["requestId"].is_string());
            assert!(body.get("data").is_none(), "{body}");
        }
    }
}

#[tokio::test]
async fn http_takes_json_only() {
    let server = Server::start().await;
    let body = json!({ "query": ANY }).to_string();
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=utf-16"] {
        let asked = server.http.post(server.url("/graphql")).header("content-type", content_type).body(body.clone());
        assert_eq!(asked.send().await.unwrap().status(), 415, "{content_type}");
    }
    assert_eq!(server.http.post(server.url("/graphql")).body(body.clone()).send().await.unwrap().status(), 415);
    let packed = server.post(body).header("content-encoding", "gzip").send().await.unwrap();
    assert_eq!(packed.status(), 415);
}

#[tokio::test]
async fn http_refuses_what_is_no_request() {
    let server = Server::start().await;
    let wrong = [
        "", "{ \"query", "7", "null", "\"text\"", "[]", "[1]", "{}",
        r#"{"query": 1}"#, r#"{"query": null}"#,
        r#"{"query": "{ __typename }", "operationName": 1}"#,
        r#"{"query": "{ __typename }", "variables": "x"}"#,
        r#"{"query": "{ __typename }", "variables": []}"#,
        r#"{"query": "{ __typename }", "extensions": 0}"#,
    ];
    for body in wrong {
        for accept in [JSON, GRAPHQL] {
            let answer = server.post(body).header("accept", accept).send().await.unwrap();
            assert_eq!(answer.status(), 400, "{body}");
            let answer: Value = answer.json().await.unwrap();
            assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID_INPUT", "{body}");
        }
    }
    let named = json!({ "query": "query A { a: __typename } query B { b: __typename }", "operationName": "B" });
    assert_eq!(server.ask(&named).await.1["data"], json!({ "b": "Query" }));
}

#[tokio::test]
async fn http_get_reads_and_never_changes() {
    let server = Server::start().await;
    let get = |parameters: Vec<(&'static str, &'static str)>| {
        let url = reqwest::Url::parse_with_params(&server.url("/graphql"), parameters).unwrap();
        server.http.get(url)
    };
    let typed = "query T($n: String!) { __type(name: $n) { name } }";
    let answer = get(vec![("query", typed), ("variables", r#"{"n":"Query"}"#)]).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["data"]["__type"]["name"], "Query");
    for query in ["mutation { __typename }", "query A { __typename } mutation B { __typename }"] {
        let mut parameters = vec![("query", query)];
        if query.contains(" B ") {
            parameters.push(("operationName", "B"));
        }
        let refused = get(parameters).send().await.unwrap();
        assert_eq!(refused.status(), 405);
        assert_eq!(refused.headers()["allow"], "POST");
        assert_eq!(refused.json::<Value>().await.unwrap()["errors"][0]["extensions"]["code"], "METHOD_NOT_ALLOWED");
    }
    for bad in [vec![], vec![("query", ANY), ("variables", "{")], vec![("query", ANY), ("query", ANY)]] {
        assert_eq!(get(bad).send().await.unwrap().status(), 400);
    }
    assert_eq!(server.http.delete(server.url("/graphql")).send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn http_limits_have_codes() {
    let server = Server::start().await;
    let long = "x".repeat(limits::BODY_BYTES + 1);
    let answer = server.post(json!({ "query": long }).to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 413);
    assert_eq!(answer.json::<Value>().await.unwrap()["errors"][0]["extensions"]["limit"], limits::BODY_BYTES);

    let server = &server;
    let refused = |query: String| async move { server.refusal(&query).await };
    let refusal = |status: u16, code: &str| (status, code.to_owned());
    let aliases: String = (0..=limits::ALIASES).map(|i| format!("a{i}: name ")).collect();
    assert_eq!(refused(format!("{{ __schema {{ queryType {{ {aliases} }} }} }}")).await, refusal(400, "TOO_MANY_ALIASES"));
    let roots = "__typename ".repeat(limits::ROOT_FIELDS + 1);
    assert_eq!(refused(format!("{{ {roots} }}")).await, refusal(400, "TOO_MANY_ROOT_FIELDS"));
    let roots = "__typename ".repeat(limits::MUTATION_FIELDS + 1);
    assert_eq!(refused(format!("mutation {{ {roots} }}")).await, refusal(400, "TOO_MANY_ROOT_FIELDS"));
    let deep = format!("{{ __schema {{ types {{ fields {{ type {}name{} }} }} }} }}", "{ ofType ".repeat(14), " }".repeat(14));
    assert_eq!(refused(deep.replace("ofType name", "ofType { name }")).await, refusal(400, "QUERY_TOO_DEEP"));
    assert_eq!(refused("{ a ".repeat(20_000)).await, refusal(413, "PAYLOAD_TOO_LARGE"));
    assert_eq!(refused("{a".repeat(20_000)).await, refusal(400, "QUERY_TOO_DEEP"));
    assert_eq!(refused(format!("{{ a(b: {}) }}", "[".repeat(60_000))).await, refusal(400, "QUERY_TOO_DEEP"));
    let many = "name ".repeat(limits::COMPLEXITY + 1);
    assert_eq!(refused(format!("{{ __schema {{ queryType {{ {many} }} }} }}")).await, refusal(400, "QUERY_TOO_COMPLEX"));
}

#[tokio::test]
async fn http_batches_are_short_and_answered_in_order() {
    let server = Server::start().await;
    let one = |name: &str| json!({ "query": format!("{{ {name}: __typename }}") });
    let (status, answer) = server.ask(&json!([one("a"), { "query": "{" }, one("c")])).await;
    assert_eq!((status, answer.as_array().unwrap().len()), (200, 3));
    assert_eq!(answer[0]["data"]["a"], "Query");
    assert_eq!(answer[1]["errors"][0]["extensions"]["code"], "GRAPHQL_PARSE_FAILED");
    assert_eq!(answer[2]["data"]["c"], "Query");
    let (status, answer) = server.ask(&Value::Array(vec![one("a"); limits::BATCH + 1])).await;
    assert_eq!(status, 400);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BATCH_TOO_LONG");
}

#[tokio::test]
async fn http_other_sites_are_let_in_by_list() {
    let allowed_origins = vec!["https://app.example".to_owned()];
    let server = Server::with(Options { allowed_origins, ..Options::default() }).await;
    let ask = |method: reqwest::Method, origin: &'static str| {
        let asked = server.http.request(method, server.url("/graphql")).header("origin", origin);
        asked.header("content-type", JSON).body(json!({ "query": ANY }).to_string()).send()
    };
    let preflight = ask(reqwest::Method::OPTIONS, "https://app.example").await.unwrap();
    assert_eq!(preflight.status(), 204);
    assert_eq!(preflight.headers()["access-control-allow-origin"], "https://app.example");
    assert!(preflight.headers()["access-control-allow-headers"].to_str().unwrap().contains("content-type"));
    let answer = ask(reqwest::Method::POST, "https://app.example").await.unwrap();
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://app.example");
    for method in [reqwest::Method::OPTIONS, reqwest::Method::POST] {
        let answer = ask(method, "https://evil.example").await.unwrap();
        assert!(answer.headers().get("access-control-allow-origin").is_none());
    }
    let closed = Server::start().await;
    let answer = closed.post("{}").header("origin", "https://app.example").send().await.unwrap();
    assert!(answer.headers().get("access-control-allow-origin").is_none());
}

#[tokio::test]
async fn http_bad_credentials_are_401_and_none_are_fine() {
    let server = Server::start().await;
    for header in ["Bearer nonsense", "Basic eDp5", "zamu_00000000_x"] {
        let answer = server.post(json!({ "query": ANY }).to_string()).header("authorization", header).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{header}");
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
        assert_eq!(answer.json::<Value>().await.unwrap()["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    }
    let acme = server.app.organization("acme").await;
    let header = acme.worker.authorization().await.unwrap();
    let ask = || server.post(json!({ "query": ANY }).to_string()).header("authorization", &header).send();
    assert_eq!(ask().await.unwrap().status(), 200);
    server.app.clock.advance(chrono::TimeDelta::minutes(16));
    let late = ask().await.unwrap();
    assert_eq!(late.status(), 401);
    assert_eq!(late.json::<Value>().await.unwrap()["errors"][0]["extensions"]["code"], "TOKEN_EXPIRED");
}

#[tokio::test]
async fn http_every_answer_carries_its_request_id_and_cost() {
    let server = Server::start().await;
    let ask = |id: &str| server.post(json!({ "query": ANY }).to_string()).header("x-request-id", id).send();
    let answer = ask("from-the-client.1").await.unwrap();
    assert_eq!(answer.headers()["x-request-id"], "from-the-client.1");
    assert_eq!(answer.json::<Value>().await.unwrap()["extensions"]["cost"]["limit"], limits::COMPLEXITY);
    let too_long = "x".repeat(65);
    for unsafe_id in ["a b", "a\"b", &too_long] {
        let answer = ask(unsafe_id).await.unwrap();
        assert_ne!(answer.headers()["x-request-id"], unsafe_id);
    }
}

#[tokio::test]
async fn http_events_stream_a_query_and_complete() {
    let server = Server::start().await;
    let answer = server.post(json!({ "query": ANY }).to_string()).header("accept", "text/event-stream").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let text = answer.text().await.unwrap();
    assert!(text.starts_with("event: next\ndata: {\"data\":{\"__typename\":\"Query\"}"), "{text}");
    assert!(text.ends_with("event: complete\ndata:\n\n"), "{text}");
}

#[tokio::test]
async fn http_the_explorer_is_served_from_the_binary() {
    let demo = Demo { identifier: "owner@demo.example".to_owned(), password: "p".to_owned() };
    let server = Server::with(Options { demo: Some(demo), ..Options::default() }).await;
    let page = server.get("/").send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'self';") && !policy.contains("script-src"), "{policy}");
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    assert!(page.text().await.unwrap().contains(r#"<script id="zamu-demo" type="application/json">"#));
    for (path, kind) in [("explorer.js", "text/javascript"), ("explorer.css", "text/css"), ("LICENSES.txt", "text/plain")] {
        let path = format!("/explorer/{path}");
        let packed = server.get(&path).header("accept-encoding", "gzip").send().await.unwrap();
        assert_eq!(packed.headers()["content-encoding"], "gzip");
        assert!(packed.headers()["content-type"].to_str().unwrap().starts_with(kind));
        let tag = packed.headers()["etag"].clone();
        let again = server.get(&path).header("if-none-match", tag).send().await.unwrap();
        assert_eq!(again.status(), 304);
    }
    assert_eq!(server.get("/nothing").send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn http_health_and_metrics_tell_the_truth() {
    let server = Server::start().await;
    assert_eq!(server.get("/health/live").send().await.unwrap().status(), 200);
    let mut ready = 503;
    for _ in 0..50 {
        ready = server.get("/health/ready").send().await.unwrap().status().as_u16();
        if ready == 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(ready, 200);
    server.ask(&json!({ "query": ANY })).await;
    server.ask(&json!({ "query": "{ inventedByAClient }" })).await;
    zamu::telemetry::rule_decided("attendance.lateness", "OK", 14);
    let text = server.get("/metrics").send().await.unwrap().text().await.unwrap();
    for expected in [
        r#"zamu_requests_total{operation="__typename",status="OK"}"#,
        r#"zamu_requests_total{operation="invalid",status="GRAPHQL_VALIDATION_FAILED"}"#,
        r#"zamu_rule_decisions_total{hook="attendance.lateness",status="OK"}"#,
        "zamu_request_seconds_bucket",
        "zamu_outbox_backlog",
        "zamu_dispatcher_last_round_age_seconds",
        "process_start_time_seconds",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert!(!text.contains("inventedByAClient"));
}

#[tokio::test]
async fn http_stopping_closes_the_door() {
    let server = Server::start().await;
    assert_eq!(server.get("/health/live").send().await.unwrap().status(), 200);
    let begun = std::time::Instant::now();
    server.running.stop().await;
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
    assert!(server.get("/health/live").send().await.is_err());
}
