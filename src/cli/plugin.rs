//! `zamu plugin`: the packs of rules in the plugins folder, and what they ask to be allowed.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::Serialize;
use zamu_rules::{PackInfo, Rulebook, packs};

use super::rules::{existing, say_findings, say_report};
use super::{Outcome, say};
use crate::config::Config;
use crate::kernel::error::{Error, Result};

#[derive(Debug, Subcommand)]
pub(super) enum Plugin {
    /// Look at packs before anybody enables them: manifest, rules, permissions, tests, digest.
    Check {
        /// A pack or a folder of packs; `ZAMU_PLUGINS_DIR` without it.
        path: Option<PathBuf>,
        /// The findings as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Which packs are installed, and whether they can be used.
    List {
        /// The packs as JSON.
        #[arg(long)]
        json: bool,
    },
    /// What a pack asks to read and to answer, and why.
    Permissions {
        /// Its id, which is the name of its folder.
        id: String,
        /// The same as JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(plugin: &Plugin, config: &Config) -> Result<Outcome> {
    match plugin {
        Plugin::Check { path, json } => {
            let path = path.as_ref().unwrap_or(&config.plugins_dir);
            say_findings(&packs::check(&existing(path.clone())?), *json)
        }
        Plugin::List { json } => list(&config.plugins_dir, *json),
        Plugin::Permissions { id, json } => permissions(&config.plugins_dir, id, *json),
    }
}

/// The packs of a folder over the rules that ship: an organization's own rules change nothing about them.
fn installed(plugins: &Path) -> Result<Rulebook> {
    let plugins = existing(plugins.to_owned())?;
    // The rules folder is not asked for, so there is none to find.
    let (rules, _) = Rulebook::load(&plugins.join("rules"), Some(&plugins), None);
    Ok(rules)
}

#[derive(Serialize)]
struct Listed<'a> {
    packs: &'a [PackInfo],
}

fn list(plugins: &Path, json: bool) -> Result<Outcome> {
    let rules = installed(plugins)?;
    let packs = rules.packs();
    let broken = packs.iter().any(|pack| !pack.is_ok());
    if json {
        say_report(&Listed { packs })?;
        return Ok(Outcome::found(broken));
    }
    for pack in packs {
        let hooks = pack.hooks.join(", ");
        say(&format!(
            "{} {}: {} ({hooks})",
            pack.id, pack.version, pack.title
        ));
        for problem in &pack.problems {
            say(&format!("  {}: {}", problem.path, problem.message));
        }
    }
    say(&format!("{} packs in {}", packs.len(), plugins.display()));
    Ok(Outcome::found(broken))
}

#[derive(Serialize)]
struct Asked<'a> {
    id: &'a str,
    version: &'a str,
    digest: &'a str,
    permissions: &'a packs::Permissions,
}

fn permissions(plugins: &Path, id: &str, json: bool) -> Result<Outcome> {
    let rules = installed(plugins)?;
    let pack = rules.pack(id).ok_or_else(|| unknown(&rules, id))?;
    let asked = &pack.permissions;
    if json {
        say_report(&Asked {
            id: &pack.id,
            version: &pack.version,
            digest: &pack.digest,
            permissions: asked,
        })?;
        return Ok(Outcome::Fine);
    }
    if asked.read.is_empty() {
        say("reads open facts only");
    }
    for fact in &asked.read {
        let why = asked
            .justify
            .get(fact)
            .map_or("it does not say why", String::as_str);
        say(&format!("reads {fact}: {why}"));
    }
    say(&format!("answers {}", asked.outcomes.join(", ")));
    Ok(Outcome::Fine)
}

fn unknown(rules: &Rulebook, id: &str) -> Error {
    let known: Vec<&str> = rules.packs().iter().map(|pack| pack.id.as_str()).collect();
    let message = format!("no pack is called `{id}`; there are {}", known.join(", "));
    Error::invalid("id", message)
}
