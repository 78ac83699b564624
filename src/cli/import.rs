//! `zamu import`.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Outcome, open, orgs, say, say_json};
use crate::app::App;
use crate::auth::viewer::Viewer;
use crate::imports::service::{self as imports, Progress};
use crate::kernel::error::Result;

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
    let viewer = imports::importer(orgs::by_slug(&app, &org).await?);
    clockster(&app, &viewer, &folder, json).await?;
    app.drain().await?;
    Ok(Outcome::Fine)
}

/// With a bar where a person watches, and the report at the end.
async fn clockster(app: &App, viewer: &Viewer, folder: &Path, json: bool) -> Result<()> {
    let bar = ProgressBar::no_length().with_style(style());
    let show = |progress: Progress| {
        bar.set_message(progress.stage);
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    };
    let report = imports::run_clockster(app, viewer, folder, show).await;
    bar.finish_and_clear();
    let report = report?;
    if json {
        return say_json(&report);
    }
    say(&report);
    Ok(())
}

fn style() -> ProgressStyle {
    let template = "{msg:12} {wide_bar} {pos}/{len}";
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
