//! Decides about many exceptions at once: first shown, then done only if what was shown is still so.

use chrono::{DateTime, TimeDelta};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::model::{Exception, Transition};
use super::service::{Act, Filter, check_range, stage};
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{ExceptionId, kinds};
use crate::kernel::text;
use crate::kernel::time::Instant;

/// How many exceptions one action may be done to.
pub const MOST: i64 = 1000;
/// How many of them a preview shows.
pub const SAMPLE: usize = 10;
/// How long a preview is good for.
const GOOD_FOR: TimeDelta = TimeDelta::minutes(15);

/// What an action would be done to.
#[derive(Debug)]
pub struct Preview {
    /// How many it would be done to.
    pub count: usize,
    /// How many the filter finds that it cannot be done to: those to fix, those closed already.
    pub skipped: usize,
    pub sample: Vec<Exception>,
    pub token: String,
    pub expires_at: Instant,
}

/// What became of it.
#[derive(Debug)]
pub struct Applied {
    pub count: usize,
    pub skipped: usize,
    pub sample: Vec<Exception>,
}

/// What the action would be done to, and a token that says exactly this.
pub async fn preview(app: &App, viewer: &Viewer, filter: &Filter, act: Act) -> Result<Preview> {
    let mut tx = app.read(viewer, Action::ResolveExceptions).await?;
    let (act, found) = find(&mut tx, filter, act).await?;
    let expires_at = tx.now() + GOOD_FOR;
    let token = token(&tx, expires_at.timestamp(), filter, &act, &found);
    let total = found.len();
    let (can, _) = split(&tx, &act, found);
    let sample = can
        .iter()
        .take(SAMPLE)
        .map(|one| one.after.clone())
        .collect();
    Ok(Preview {
        count: can.len(),
        skipped: total - can.len(),
        sample,
        token,
        expires_at,
    })
}

/// Does what a preview showed, to all or to none: refused if any of them changed, came or went since.
pub async fn apply(
    app: &App,
    viewer: &Viewer,
    shown: &str,
    filter: &Filter,
    act: Act,
) -> Result<Applied> {
    let mut tx = app.begin(viewer, Action::ResolveExceptions).await?;
    let (act, found) = find(&mut tx, filter, act).await?;
    let ids: Vec<ExceptionId> = found.iter().map(|one| one.id).collect();
    // Locked first, then compared: what is compared cannot change any more.
    let found = store::lock_many(&mut tx, &ids).await?;
    check_token(&tx, shown, filter, &act, &found)?;
    let (can, skipped) = split(&tx, &act, found);
    for transition in &can {
        stage(&mut tx, transition)?;
    }
    let done: Vec<_> = can.iter().map(|one| one.after.id.to_string()).collect();
    let audit = Audit::of_many::<kinds::Exception>();
    tx.commit(audit.detail(json!({"act": act.name(), "count": done.len(), "ids": done})))
        .await?;
    Ok(Applied {
        count: can.len(),
        skipped,
        sample: can.into_iter().take(SAMPLE).map(|one| one.after).collect(),
    })
}

async fn find(tx: &mut Tx, filter: &Filter, act: Act) -> Result<(Act, Vec<Exception>)> {
    check_range(filter)?;
    let act = act.checked(tx).await?;
    let found = store::list_all(tx, filter, MOST + 1).await?;
    if i64::try_from(found.len()).unwrap_or(i64::MAX) > MOST {
        let message = format!("this finds more than {MOST} exceptions: narrow it down");
        return Err(Error::invalid("filter", message));
    }
    Ok((act, found))
}

/// What it can be done to, and how many it cannot.
fn split(tx: &Tx, act: &Act, found: Vec<Exception>) -> (Vec<Transition>, usize) {
    let total = found.len();
    let can: Vec<_> = found
        .into_iter()
        .filter_map(|one| act.to(one, tx).ok())
        .collect();
    let skipped = total - can.len();
    (can, skipped)
}

/// Who would do what to which exceptions in which states. Nothing secret: it grants nothing, it only has to be equal.
fn token(tx: &Tx, expires: i64, filter: &Filter, act: &Act, found: &[Exception]) -> String {
    let mut hash = Sha256::new();
    let who = tx.viewer().actor_id();
    hash.update(format!(
        "preview 1\n{expires}\n{who}\n{filter:?}\n{act:?}\n"
    ));
    for one in found {
        hash.update(format!("{} {} {}\n", one.id, one.state.name(), one.changes));
    }
    format!("{expires}.{}", text::hex(&hash.finalize()))
}

fn check_token(
    tx: &Tx,
    shown: &str,
    filter: &Filter,
    act: &Act,
    found: &[Exception],
) -> Result<()> {
    let expires = shown.split('.').next().and_then(|text| text.parse().ok());
    let is_fresh = |expires: i64| {
        let end = DateTime::from_timestamp(expires, 0);
        end.is_some_and(|end| tx.now() <= end && end <= tx.now() + GOOD_FOR)
    };
    let same = expires.is_some_and(|expires| {
        is_fresh(expires) && token(tx, expires, filter, act, found) == shown
    });
    if same {
        return Ok(());
    }
    let message = "what was shown is no longer so: look at it again";
    Err(Error::refused(Code::PreviewStale, message).at("token"))
}
