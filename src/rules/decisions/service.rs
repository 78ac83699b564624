//! Keeps decisions with the change they belong to, and finds them again.

use std::collections::HashMap;

use uuid::Uuid;

use super::model::{About, Kept};
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::rules::force::InForce;

/// Keeps what was asked about one subject with the change it belongs to.
pub fn keep_in(tx: &mut Tx, about: &About, rules: &mut InForce) -> Result<()> {
    rules.announce_in(tx)?;
    store::stage(tx, about, rules.number(), &rules.take())
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
