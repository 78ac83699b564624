//! Organizations and departments.

use crate::support::TestApp;

#[tokio::test]
async fn an_organization_has_people_who_are_known() {
    let app = TestApp::start().await;
    let acme = app.organization("acme").await;
    let viewer = app.viewer(&acme.supervisor).await;
    assert_eq!((viewer.org(), viewer.department()), (acme.id, Some(acme.field)));
    app.drain().await;
}
