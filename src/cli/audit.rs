//! `zamu audit`.

use clap::Subcommand;

use super::{Outcome, open, orgs, say, say_json};
use crate::audit::service;
use crate::auth::viewer::Viewer;
use crate::kernel::error::Result;

#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Walk the chain of an organization and name the first entry that was edited, inserted, moved or removed.
    ///
    /// Keep the printed hash somewhere else: with it, a chain that was cut off at its end or written anew shows too.
    Verify {
        /// The organization's slug.
        #[arg(long)]
        org: String,
        /// The verdict as JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(audit: Audit) -> Result<Outcome> {
    let Audit::Verify { org, json } = audit;
    let app = open().await?;
    let viewer = Viewer::job(orgs::by_slug(&app, &org).await?, "audit");
    let verdict = service::verify(&app, &viewer).await?;
    if json {
        say_json(&verdict)?;
        return Ok(Outcome::found(verdict.broken.is_some()));
    }
    say(&format!("{} entries are good; the last hash is {}", verdict.good, verdict.last_hash));
    if let Some(broken) = &verdict.broken {
        say(&format!("broken at entry {} ({}): {}", broken.number, broken.id, broken.what));
    }
    Ok(Outcome::found(verdict.broken.is_some()))
}
