//! Decides: how long failed rows are kept. They stand there as people typed them, with names, numbers and addresses.

use chrono::TimeDelta;

use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::kernel::error::Result;
use crate::kernel::id::OrgId;
use crate::orgs;

/// How long after an import was last worked on its failed rows can be handed in again.
const KEPT: TimeDelta = TimeDelta::days(30);

/// Removes failed rows whose time is over, in every organization. Doing it twice, or on two nodes, changes nothing.
pub async fn purge(app: &App) -> Result<()> {
    for org in orgs::service::all_ids(app).await? {
        if app.tasks().is_stopping() {
            return Ok(());
        }
        purge_one(app, org).await?;
    }
    Ok(())
}

async fn purge_one(app: &App, org: OrgId) -> Result<()> {
    let viewer = Viewer::job(org, "retention");
    let mut tx = app.begin(&viewer, Action::RunTimetable).await?;
    let before = tx.now() - KEPT;
    for mut import in store::lock_older(&mut tx, before).await? {
        let is_over = import.touched_at() < before && !import.failed.is_empty();
        if let (true, Some(id)) = (is_over, import.id) {
            import.forget();
            store::update(&mut tx, id, &import)?;
        }
    }
    tx.commit_unaudited().await
}
