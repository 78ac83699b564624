//! `zamu import`.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Outcome, open, orgs, say, say_json};
use crate::app::App;
use crate::auth::viewer::Viewer;
use crate::imports::punches;
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
    /// Bring in punches of any terminal: a CSV file, and a mapping file that says what its columns mean. May be
    /// repeated; nothing is doubled. Ends with 1 if rows were refused, with 2 if it could not run.
    #[command(after_long_help = after_punches())]
    Punches {
        /// The organization's slug.
        #[arg(long)]
        org: String,
        /// The CSV file, in UTF-8.
        #[arg(long)]
        file: PathBuf,
        /// The mapping file: see the example below.
        #[arg(long)]
        mapping: PathBuf,
        /// Only say what would happen.
        #[arg(long)]
        dry_run: bool,
        /// The report as JSON.
        #[arg(long)]
        json: bool,
    },
}

fn after_punches() -> String {
    format!("A mapping file:\n\n{}", punches::EXAMPLE)
}

pub(super) async fn run(import: Import) -> Result<Outcome> {
    let app = open().await?;
    let outcome = match import {
        Import::Clockster { org, folder, json } => {
            let viewer = imports::importer(orgs::by_slug(&app, &org).await?);
            clockster(&app, &viewer, &folder, json).await?;
            Outcome::Fine
        }
        Import::Punches {
            org,
            file,
            mapping,
            dry_run,
            json,
        } => {
            let viewer = imports::importer(orgs::by_slug(&app, &org).await?);
            let report = punches::service::run(&app, &viewer, &file, &mapping, dry_run).await?;
            if json {
                say_json(&report)?;
            } else {
                say(&report);
            }
            Outcome::found(report.punches.refused > 0)
        }
    };
    app.drain().await?;
    Ok(outcome)
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
