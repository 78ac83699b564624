//! `zamu import`.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::{Outcome, open, orgs};
use crate::app::App;
use crate::auth::viewer::Viewer;
use crate::kernel::error::{Error, Result};

#[derive(Debug, Subcommand)]
pub(super) enum Import {
    /// Bring in an export of Clockster: a folder with its tables as CSV files. May be repeated; nothing is doubled.
    Clockster {
        /// The organization's slug.
        #[arg(long)]
        org: String,
        /// The folder.
        folder: PathBuf,
        /// The report as JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(import: Import) -> Result<Outcome> {
    let Import::Clockster { org, folder, json } = import;
    let app = open().await?;
    let viewer = Viewer::job(orgs::by_slug(&app, &org).await?, "import");
    clockster(&app, &viewer, &folder, json).await?;
    app.drain().await?;
    Ok(Outcome::Fine)
}

/// The one place that calls the import.
async fn clockster(_app: &App, _viewer: &Viewer, folder: &Path, _json: bool) -> Result<()> {
    Err(Error::invalid("folder", format!("this build cannot import {}", folder.display())))
}
