//! `zamu rules new`: a rule to begin with is the one that ships, with its tests, in the right place.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use zamu_rules::{Hook, Rulebook, Setting, Value};

use super::{Outcome, say};
use crate::config::Config;
use crate::kernel::error::{Code, Error, Result};

#[derive(Debug, Args)]
pub(super) struct New {
    /// What it decides, such as attendance.lateness; a wrong name lists them all.
    hook: String,
    /// The organization it is for; the rule goes to its folder.
    #[arg(long, value_name = "SLUG")]
    org: Option<String>,
    /// The rules folder: `ZAMU_RULES_DIR` without it, or this folder where no organization is named.
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

pub(super) fn run(new: &New, config: &Config) -> Result<Outcome> {
    let hook = zamu_rules::hook(&new.hook).ok_or_else(|| unknown(&new.hook))?;
    let folder = folder(new, config)?;
    let rules = Rulebook::embedded();
    let rule = folder.join(format!("{}.rhai", hook.path()));
    let tests = folder.join(format!("{}.test.rhai", hook.path()));
    for file in [&rule, &tests] {
        if file.exists() {
            let message = format!("{} is already there; nothing was changed", file.display());
            return Err(Error::refused(Code::Conflict, message));
        }
    }
    write(&rule, &rule_text(hook, &rules, new.org.as_deref()))?;
    write(
        &tests,
        zamu_rules::shipped_tests(hook.name).unwrap_or_default(),
    )?;
    say(&format!("wrote {}", rule.display()));
    say(&format!("wrote {}", tests.display()));
    let settings = rules.settings_of(hook.name);
    if !settings.is_empty() {
        say(&format!(
            "Before you change the rule: {} can be set without one; they are listed at its top.",
            names(settings)
        ));
    }
    Ok(Outcome::Fine)
}

fn folder(new: &New, config: &Config) -> Result<PathBuf> {
    let Some(slug) = &new.org else {
        return Ok(new.dir.clone().unwrap_or_default());
    };
    let is_slug =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if slug.is_empty() || !slug.chars().all(is_slug) {
        let message = "a slug has small letters, digits and hyphens only";
        return Err(Error::invalid("org", message));
    }
    let rules = new.dir.as_ref().unwrap_or(&config.rules_dir);
    Ok(rules.join("orgs").join(slug))
}

fn unknown(name: &str) -> Error {
    let known: Vec<&str> = zamu_rules::hooks().iter().map(|hook| hook.name).collect();
    let message = format!("no hook is called `{name}`; there are {}", known.join(", "));
    Error::invalid("hook", message)
}

/// The rule that ships, below a comment that says what can be set without it.
fn rule_text(hook: &Hook, rules: &Rulebook, slug: Option<&str>) -> String {
    let mut text = String::new();
    let settings = rules.settings_of(hook.name);
    if !settings.is_empty() {
        let file = format!("orgs/{}/settings.toml", slug.unwrap_or("<your-slug>"));
        // Writing to a text cannot fail.
        let _ = writeln!(text, "// A setting may do without a rule. In {file}:");
        let _ = writeln!(text, "//\n//   [{}]", hook.name);
        for setting in settings {
            let _ = writeln!(
                text,
                "//   {} = {}  # {}",
                setting.name,
                toml(setting),
                setting.label
            );
        }
        text.push('\n');
    }
    let shipped = rules.source("", hook.name).map(|source| source.text);
    text.push_str(&shipped.unwrap_or_else(|| {
        let (function, subject) = (hook.function(), hook.subject);
        format!("fn {function}({subject}, settings) {{\n    inherit()\n}}\n")
    }));
    text
}

/// A default as a settings file has it.
fn toml(setting: &Setting) -> String {
    match &setting.default {
        Value::Money(amount) => format!("\"{amount}\""),
        other => other.to_json().to_string(),
    }
}

fn names(settings: &[Setting]) -> String {
    let names: Vec<&str> = settings
        .iter()
        .map(|setting| setting.name.as_str())
        .collect();
    names.join(", ")
}

/// Never over a file that is there, even one that appeared a moment ago.
fn write(path: &Path, text: &str) -> Result<()> {
    let failed = |error: std::io::Error| {
        Error::invalid("dir", format!("cannot write {}: {error}", path.display()))
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(failed)
}
