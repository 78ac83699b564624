//! The command line.
//!
//! Exit codes: 0 when all is well, 1 when something was found (a broken rule, a broken chain, a wrong setup), 2 when the
//! command could not run.

mod audit;
mod demo;
mod doctor;
mod import;
mod orgs;
mod plugin;
mod reports;
mod rules;
mod rules_new;
mod rules_releases;
mod rules_replay;

use std::fmt::Display;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::app::App;
use crate::config::{self, Config};
use crate::kernel::error::{Error, Result};
use crate::{graphql, http, telemetry};

/// One server that clocks people in and out, for many organizations at once.
///
/// Without any setting it runs on a file in `./data` and listens on this machine only: `zamu serve`, then open
/// <http://127.0.0.1:8000/> for the explorer.
///
/// Settings come from the environment or from `zamu.toml` in the working directory (the same names in lower case
/// without ZAMU_). An unknown setting is refused:
///
///   `ZAMU_LISTEN`           address and port; 127.0.0.1:8000
///   `DATABASE_URL`          <postgres://user:password@host/name> or sqlite:PATH; a file in the data directory
///   `ZAMU_DATA_DIR`         the database file and the generated secret; ./data
///   `ZAMU_RULES_DIR`        rule scripts; ./rules
///   `ZAMU_PLUGINS_DIR`      packs of rules; ./plugins
///   `ZAMU_SECRET`           at least 32 characters; needed unless only this machine can connect
///   `ZAMU_CONNECTIONS`      connections to PostgreSQL; 8, or four for each of its cores
///   `ZAMU_ALLOWED_ORIGINS`  browser origins that may call the API, separated by commas; none
///   `ZAMU_TRUSTED_PROXY`    true if a proxy in front sets X-Forwarded-For; false
///   `ZAMU_LOG`              what to log, such as info, debug or zamu=debug; info
///
/// Exit codes: 0 all is well; 1 something was found; 2 the command could not run.
#[derive(Debug, Parser)]
#[command(name = "zamu", version, verbatim_doc_comment)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server until SIGTERM or Ctrl-C; whatever was accepted is answered first.
    Serve(Serve),
    /// Bring the database to this version, or take everything back. `serve` does the former by itself.
    Migrate(Migrate),
    /// Organizations.
    #[command(subcommand)]
    Org(orgs::Org),
    /// Print the GraphQL schema.
    Schema,
    /// The rules of the organizations: write, check and test them, try them on the past, and what is in force.
    #[command(subcommand)]
    Rules(rules::Rules),
    /// Packs of rules, before they are enabled.
    #[command(subcommand)]
    Plugin(plugin::Plugin),
    /// The audit log.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// The sums behind reports.
    #[command(subcommand)]
    Reports(reports::Reports),
    /// Bring in the data of another system.
    #[command(subcommand)]
    Import(import::Import),
    /// Look at the setup and say in plain words what is wrong with it. Changes nothing.
    Doctor,
}

#[derive(Debug, Args)]
struct Serve {
    /// Listen here instead of `ZAMU_LISTEN`; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Make an organization to play with, and let the explorer sign in to it. Only where nobody else can connect.
    #[arg(long)]
    demo: bool,
}

#[derive(Debug, Args)]
struct Migrate {
    /// Revert every migration. This deletes all data.
    #[arg(long, requires = "yes")]
    revert_all: bool,
    /// Yes, delete all data.
    #[arg(long, requires = "revert_all")]
    yes: bool,
}

/// How a command that ran ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Fine,
    Findings,
}

impl Outcome {
    fn found(findings: bool) -> Self {
        if findings { Self::Findings } else { Self::Fine }
    }
}

/// Runs the command this process was started with.
pub async fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    telemetry::start(&config::log_filter());
    match Box::pin(perform(cli.command)).await {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Err(error) => {
            complain(&error);
            ExitCode::from(2)
        }
    }
}

async fn perform(command: Command) -> Result<Outcome> {
    match command {
        Command::Serve(serve) => self::serve(serve).await,
        Command::Migrate(migrate) => self::migrate(&migrate).await,
        Command::Org(org) => orgs::run(org).await,
        Command::Schema => {
            say(graphql::sdl().trim_end());
            Ok(Outcome::Fine)
        }
        Command::Rules(rules) => rules::run(&rules, &settings()?).await,
        Command::Plugin(plugin) => plugin::run(&plugin, &settings()?),
        Command::Audit(audit) => audit::run(audit).await,
        Command::Reports(reports) => reports::run(reports).await,
        Command::Import(import) => import::run(import).await,
        Command::Doctor => Ok(doctor::run().await),
    }
}

async fn serve(serve: Serve) -> Result<Outcome> {
    let mut config = settings()?;
    config.listen = serve.listen.unwrap_or(config.listen);
    config
        .check_public()
        .map_err(|error| Error::invalid("ZAMU_SECRET", error.to_string()))?;
    let app = App::from_config(&config).await?;
    let demo = demo::prepare(&app, &config, serve.demo).await?;
    if let Some(demo) = &demo {
        say(&format!(
            "demo: sign in as {} with the password: {}",
            demo.identifier, demo.password
        ));
    }
    http::serve(app, &config, demo).await?;
    Ok(Outcome::Fine)
}

async fn migrate(migrate: &Migrate) -> Result<Outcome> {
    let config = settings()?;
    let (work, verb): (fn(&_) -> _, _) = if migrate.revert_all {
        (zamu_schema::migrate::revert_all, "reverted")
    } else {
        (zamu_schema::migrate::run, "applied")
    };
    if let zamu_schema::migrate::Target::Sqlite(path) = &config.database
        && let Some(folder) = path.parent()
    {
        std::fs::create_dir_all(folder).map_err(Error::internal)?;
    }
    let working = tokio::task::spawn_blocking(move || work(&config.database));
    let names = working
        .await
        .map_err(Error::internal)?
        .map_err(Error::internal)?;
    for name in &names {
        say(&format!("{verb} {name}"));
    }
    if names.is_empty() {
        say("nothing to do");
    }
    Ok(Outcome::Fine)
}

fn settings() -> Result<Config> {
    Config::load().map_err(|error| Error::invalid("settings", error.to_string()))
}

/// The application for a short command, without a server.
async fn open() -> Result<App> {
    App::from_config(&settings()?).await
}

/// A line for the person who asked.
fn say(line: &(impl Display + ?Sized)) {
    // A closed pipe is the reader's wish to hear no more.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn say_json(value: &impl serde::Serialize) -> Result<()> {
    say(&serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Why the command could not run, with its causes: whoever typed it may know everything.
fn complain(error: &Error) {
    let mut text = format!("zamu: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}\n  because: {error}");
        cause = error.source();
    }
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn deleting_everything_takes_two_words() {
        assert!(Cli::try_parse_from(["zamu", "migrate", "--revert-all"]).is_err());
        assert!(Cli::try_parse_from(["zamu", "migrate", "--yes"]).is_err());
        assert!(Cli::try_parse_from(["zamu", "migrate", "--revert-all", "--yes"]).is_ok());
    }
}
