//! Reading and verifying the chain.

use super::model::{Break, Entry, Verifier};
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::kernel::error::Result;

/// How many entries one read of a verification brings.
const BATCH: i64 = 1000;

/// What a verification found.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Verdict {
    /// How many entries are good, counted from the first.
    pub good: i64,
    /// The hash of the last good entry: keep it somewhere else, and a cut-off tail shows too.
    pub last_hash: String,
    pub broken: Option<Break>,
}

/// Walks the whole chain of the viewer's organization and names the first bad entry.
pub async fn verify(app: &App, viewer: &Viewer) -> Result<Verdict> {
    let mut verifier = Verifier::default();
    let mut after = 0;
    loop {
        let mut tx = app.read(viewer, Action::ViewAudit).await?;
        let entries = store::list_after(&mut tx, after, BATCH).await?;
        drop(tx);
        let Some(last) = entries.last().map(|entry| entry.number) else {
            break;
        };
        for entry in &entries {
            if let Err(broken) = verifier.check(entry) {
                let (good, last_hash) = verifier.finish();
                return Ok(Verdict {
                    good,
                    last_hash,
                    broken: Some(broken),
                });
            }
        }
        after = last;
    }
    let (good, last_hash) = verifier.finish();
    Ok(Verdict {
        good,
        last_hash,
        broken: None,
    })
}

/// The newest entries before a number.
pub async fn list(
    app: &App,
    viewer: &Viewer,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Entry>> {
    let mut tx = app.read(viewer, Action::ViewAudit).await?;
    store::list_before(&mut tx, before, limit).await
}
