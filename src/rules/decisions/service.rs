//! Keeps decisions with the change they belong to, and finds them again.

use std::collections::HashMap;

use uuid::Uuid;
use zamu_rules::Mode;

use super::model::{About, Kept, Matrix, Recent, STATUSES, is_hook};
pub use super::store::Filter;
use super::{snapshots, store};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{DecisionId, OrgId};
use crate::kernel::page::{Page, PageRequest};
use crate::rules::force::InForce;

/// Keeps what was asked about one subject with the change it belongs to, and the book it was asked of.
pub fn keep_in(tx: &mut Tx, about: &About, rules: &mut InForce) -> Result<()> {
    rules.announce_in(tx)?;
    let taken = rules.take();
    if taken.is_empty() {
        return Ok(());
    }
    snapshots::stage(tx, rules.book())?;
    store::stage(tx, about, rules.number(), &taken)
}

/// Kept decisions by subject. For subjects the viewer was shown.
pub async fn decisions_of(
    app: &App,
    viewer: &Viewer,
    subjects: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Kept>>> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    let mut found: HashMap<Uuid, Vec<Kept>> = HashMap::new();
    for kept in store::list_by_subjects(&mut tx, subjects).await? {
        found.entry(kept.subject_id).or_default().push(kept);
    }
    Ok(found)
}

/// Those of the decisions that are there and within the viewer's reach, in no order.
pub async fn by_ids(app: &App, viewer: &Viewer, ids: &[DecisionId]) -> Result<Vec<Kept>> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    store::find(&mut tx, ids).await
}

/// What was decided last about a question, to be taken again by a draft: for whoever may edit rules.
pub async fn recent_in(tx: &mut Tx, hook: &str, limit: i64) -> Result<Vec<Recent>> {
    store::recent(tx, hook, limit).await
}

/// Whether an organization keeps a decision: for the command line, which has only its id.
pub async fn is_of(app: &App, org: OrgId, id: DecisionId) -> Result<bool> {
    let viewer = Viewer::job(org, "rules explain");
    let mut tx = app.read(&viewer, Action::ReplayRules).await?;
    Ok(!store::find(&mut tx, &[id]).await?.is_empty())
}

/// One kept decision within the viewer's reach.
pub async fn decision(app: &App, viewer: &Viewer, id: DecisionId) -> Result<Kept> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    let found = store::find(&mut tx, &[id]).await?.pop();
    found.ok_or_else(|| Error::not_found("rule decision"))
}

/// Kept decisions within the viewer's reach, the latest event first.
pub async fn decisions(
    app: &App,
    viewer: &Viewer,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Kept>> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    check(filter)?;
    store::list(&mut tx, filter, page).await
}

/// A filter that can find nothing is a mistake, and is said.
fn check(filter: &Filter) -> Result<()> {
    if let Some(hook) = filter.hook.as_deref().filter(|hook| !is_hook(hook)) {
        let message = format!("no hook is called `{hook}`");
        return Err(Error::invalid("filter.hook", message));
    }
    if let Some(status) = &filter.status
        && !STATUSES.iter().any(|known| known.as_str() == status)
    {
        let known = STATUSES.map(zamu_rules::Status::as_str).join(", ");
        let message = format!("`{status}` is not a status; there are {known}");
        return Err(Error::invalid("filter.status", message));
    }
    if filter
        .from
        .zip(filter.to)
        .is_some_and(|(from, to)| from >= to)
    {
        return Err(Error::invalid(
            "filter.to",
            "the end comes after the beginning",
        ));
    }
    Ok(())
}

/// What rules on trial said where they differ from what was decided.
pub struct Divergences {
    /// How often they were asked.
    pub asked: i64,
    pub matrix: Matrix,
    pub page: Page<Kept>,
}

/// Compares the rules on trial for a hook with the rules in force, over a time.
pub async fn divergences(
    app: &App,
    viewer: &Viewer,
    mut filter: Filter,
    page: &PageRequest,
) -> Result<Divergences> {
    let mut tx = app.read(viewer, Action::ReplayRules).await?;
    check(&filter)?;
    filter.mode = Some(Mode::Audit);
    let asked = store::count(&mut tx, &filter).await?;
    filter.diverges = Some(true);
    Ok(Divergences {
        asked,
        matrix: store::trials(&mut tx, &filter).await?,
        page: store::list(&mut tx, &filter, page).await?,
    })
}
