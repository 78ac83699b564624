//! How long the facts behind decisions are kept. Outcomes and reasons stay; without facts a decision cannot be taken
//! again.

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use zamu_schema::tables::rule_retention;

use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{OrgId, kinds};

/// Days, where an organization has not said otherwise.
pub const USUAL_DAYS: i32 = 90;
/// The least and the most an organization may say.
pub const DAYS: std::ops::RangeInclusive<i32> = 7..=400;
/// So many decisions lose their facts in one transaction: others write in between.
const AT_ONCE: i64 = 1_000;

async fn days_in(tx: &mut Tx) -> Result<i32> {
    let said: Option<i32> = rule_retention::table
        .filter(rule_retention::org_id.eq(tx.org()))
        .select(rule_retention::facts_days)
        .first(tx.conn()?)
        .await
        .optional()?;
    Ok(said.unwrap_or(USUAL_DAYS))
}

/// How many days the facts of the viewer's organization are kept.
pub async fn days(app: &App, viewer: &Viewer) -> Result<i32> {
    days_in(&mut app.read(viewer, Action::ViewRules).await?).await
}

/// Says for how many days facts are kept from now on; what is older goes with the next round.
pub async fn set_days(app: &App, viewer: &Viewer, days: i32) -> Result<i32> {
    let mut tx = app.begin(viewer, Action::ManageOrganization).await?;
    if !DAYS.contains(&days) {
        let (least, most) = (DAYS.start(), DAYS.end());
        let message = format!("facts are kept for {least} to {most} days, not {days}");
        return Err(Error::invalid("days", message));
    }
    let row = (
        rule_retention::org_id.eq(tx.org()),
        rule_retention::facts_days.eq(days),
    );
    let insert = diesel::insert_into(rule_retention::table).values(row);
    let upsert = insert
        .on_conflict(rule_retention::org_id)
        .do_update()
        .set(rule_retention::facts_days.eq(days));
    tx.stage(upsert)?;
    let audit = Audit::of::<kinds::Org>(tx.org());
    tx.commit(audit.detail(serde_json::json!({ "factsDays": days })))
        .await?;
    Ok(days)
}

/// Removes the facts whose time is over, in every organization. Doing it twice, or on two nodes, changes nothing.
pub async fn purge(app: &App) -> Result<()> {
    for org in crate::orgs::service::all_ids(app).await? {
        purge_one(app, org).await?;
    }
    Ok(())
}

async fn purge_one(app: &App, org: OrgId) -> Result<()> {
    let viewer = Viewer::job(org, "retention");
    loop {
        let mut tx = app.begin(&viewer, Action::ManageOrganization).await?;
        let days = days_in(&mut tx).await?;
        let before = tx.now() - TimeDelta::days(days.into());
        let removed = store::remove_facts(&mut tx, before, AT_ONCE).await?;
        tx.commit_unaudited().await?;
        if removed == 0 || app.tasks().is_stopping() {
            return Ok(());
        }
    }
}
