//! Decides which release is in force.

use zamu_rules::FileProblem;

use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::time::Instant;
use crate::rules::force::{InForce, Period, Timeline};

/// What the organization runs on: today, its folder of rules over what ships.
pub async fn timeline_in(tx: &mut Tx) -> Result<Timeline> {
    let slug = crate::orgs::service::own_in(tx).await?.slug;
    let rules = tx.app().rules();
    let files = rules.files(&slug).map(|content| Period {
        from: Instant::MIN_UTC,
        number: 0,
        book: rules.book(content),
    });
    Ok(Timeline {
        read_at: tx.now(),
        entries: files.into_iter().collect(),
    })
}

/// The release in force for the viewer's organization, and the problems of its files and of the default pack.
pub async fn status(app: &App, viewer: &Viewer) -> Result<(String, Vec<FileProblem>)> {
    let mut tx = app.read(viewer, Action::ViewRules).await?;
    let slug = crate::orgs::service::own_in(&mut tx).await?.slug;
    let rules = app.rules();
    let concerns = |problem: &&FileProblem| {
        problem
            .organization
            .as_ref()
            .is_none_or(|other| *other == slug)
    };
    let problems = rules.problems().iter().filter(concerns).cloned().collect();
    let now = tx.now();
    let digest = InForce::at(&mut tx, now).await?.book().digest().to_owned();
    Ok((digest, problems))
}
