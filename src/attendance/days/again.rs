//! Works time out again that was worked already: another shift, leave, a holiday or a rule changed what it counts as.

use chrono::{NaiveDate, NaiveTime};

use super::{service, store};
use crate::app::App;
use crate::attendance::rebuild::{self, Rebuild};
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::kernel::error::Result;
use crate::kernel::id::MemberId;
use crate::kernel::time::local_to_instant;
use crate::orgs;

/// One member's sessions and days between two days, both included.
pub async fn work_out_again(
    app: &App,
    viewer: &Viewer,
    member: MemberId,
    range: (NaiveDate, NaiveDate),
) -> Result<()> {
    let mut tx = app.begin(viewer, Action::RunTimetable).await?;
    if !again_in(&mut tx, member, range).await? {
        return tx.settle().await;
    }
    let audit = Audit::of(member).detail(serde_json::json!({ "from": range.0, "to": range.1 }));
    tx.commit(audit).await
}

/// Everybody who has a day there: one transaction each, so that nobody who clocks in meanwhile waits for all of them.
pub async fn work_everybody_out_again(
    app: &App,
    viewer: &Viewer,
    range: (NaiveDate, NaiveDate),
) -> Result<()> {
    let mut tx = app.read(viewer, Action::RunTimetable).await?;
    let mut members: Vec<MemberId> = store::list_keys(&mut tx, range)
        .await?
        .into_iter()
        .map(|(member, _)| member)
        .collect();
    drop(tx);
    members.sort_unstable();
    members.dedup();
    for member in members {
        if app.tasks().is_stopping() {
            break;
        }
        work_out_again(app, viewer, member, range).await?;
    }
    Ok(())
}

/// Whether there was anything to work out: what lies ahead is judged when it comes.
async fn again_in(tx: &mut Tx, member: MemberId, range: (NaiveDate, NaiveDate)) -> Result<bool> {
    let zone = orgs::service::own_in(tx).await?.time_zone;
    let since = local_to_instant(range.0, NaiveTime::MIN, zone);
    if since > tx.now() {
        return Ok(false);
    }
    let what = Rebuild {
        member,
        since,
        judge_again: true,
    };
    rebuild::member_in(tx, what).await?;
    service::settle_range_in(tx, member, range).await?;
    Ok(true)
}
