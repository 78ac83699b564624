//! Signing in and staying in; members and what they may do to each other; invitations; API tokens.

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn me() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let me = acme.worker.run("identity/me", json!({})).await;
    assert_eq!(me.data("/me/department/name"), "Night");
}
