//! Decides: what granted leave takes once the calendar under it changed. A holiday that is added inside it gives its day
//! back, one that is removed takes it again, and so do rest days. The ledger gets a line for the difference; leave that
//! was granted stays granted, even if the balance falls below zero by it.

use chrono::NaiveDate;

use super::model::Status;
use super::service::{count_in, locked_in};
use super::types::store as types;
use super::{ledger, store};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::Audit;
use crate::kernel::error::Result;
use crate::kernel::id::LeaveId;

/// Counts approved leave that touches these days again; without a last day, all from the first on. Counting twice, or on
/// two nodes, changes nothing more.
pub async fn count_again(
    app: &App,
    viewer: &Viewer,
    (from, to): (NaiveDate, Option<NaiveDate>),
) -> Result<()> {
    let mut tx = app.read(viewer, Action::RunTimetable).await?;
    let touched = store::approved_touching(&mut tx, from, to).await?;
    drop(tx);
    for leave in touched {
        if app.tasks().is_stopping() {
            break;
        }
        count_one(app, viewer, leave).await?;
    }
    Ok(())
}

async fn count_one(app: &App, viewer: &Viewer, id: LeaveId) -> Result<()> {
    let mut tx = app.begin(viewer, Action::RunTimetable).await?;
    let mut leave = locked_in(&mut tx, id).await?;
    if leave.status != Status::Approved {
        return tx.settle().await;
    }
    let kind = types::find(&mut tx, leave.type_id).await?;
    let half_days = count_in(&mut tx, leave.member_id, &kind, leave.days).await?;
    let given_back = leave.half_days - half_days;
    if given_back == 0 {
        return tx.settle().await;
    }
    ledger::stage_taking(&mut tx, &leave, given_back)?;
    leave.half_days = half_days;
    store::update(&mut tx, &leave)?;
    let detail = serde_json::json!({ "givenBackHalfDays": given_back });
    tx.commit(Audit::of(id).detail(detail)).await
}
