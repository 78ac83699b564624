//! `zamu doctor`: what is wrong with a setup, in plain words.

use std::path::Path;

use zamu_rules::Rulebook;
use zamu_schema::migrate::{self, Target};

use super::{Outcome, say};
use crate::config::Config;
use crate::db::backend::Db;

/// One thing that was looked at: fine, or not and why.
type Look = Result<String, String>;

pub(super) async fn run() -> Outcome {
    let config = match Config::load() {
        Ok(config) => config,
        Err(error) => {
            tell("settings", &Err(error.to_string()));
            return Outcome::Findings;
        }
    };
    let database = database(&config.database).await;
    let can_connect = database.is_ok();
    let mut looks = vec![
        ("settings", settings(&config)),
        ("secret", secret(&config)),
        ("data directory", data_dir(&config.data_dir)),
        ("database", database),
        ("rules", rules(&config.rules_dir, &config.plugins_dir)),
    ];
    if let (true, Target::Postgres(url)) = (can_connect, &config.database) {
        looks.push(("row-level security", row_security(url).await));
    }
    for (name, look) in &looks {
        tell(name, look);
    }
    Outcome::found(looks.iter().any(|(_, look)| look.is_err()))
}

fn tell(name: &str, look: &Look) {
    match look {
        Ok(fine) => say(&format!("ok       {name}: {fine}")),
        Err(wrong) => say(&format!("PROBLEM  {name}: {wrong}")),
    }
}

fn settings(config: &Config) -> Look {
    if config
        .allowed_origins
        .iter()
        .any(|origin| origin == "*" || origin.ends_with('/'))
    {
        return Err("ZAMU_ALLOWED_ORIGINS names origins such as https://app.example.com, without * and a last /".to_owned());
    }
    Ok(format!("the server would listen on {}", config.listen))
}

fn secret(config: &Config) -> Look {
    config.check_public().map_err(|error| error.to_string())?;
    let kept = config.data_dir.join("secret");
    match (&config.secret, kept.exists()) {
        (Some(_), _) => Ok("ZAMU_SECRET is set".to_owned()),
        (None, true) => is_private(&kept),
        (None, false) => {
            Ok("one will be made at the first start, for this machine only".to_owned())
        }
    }
}

#[cfg(unix)]
fn is_private(path: &Path) -> Look {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path)
        .map_err(|error| error.to_string())?
        .permissions()
        .mode();
    if mode.trailing_zeros() < 6 {
        return Err(format!("others can read {}: chmod 600 it", path.display()));
    }
    Ok(format!(
        "kept in {}, readable by its owner only",
        path.display()
    ))
}

#[cfg(not(unix))]
fn is_private(path: &Path) -> Look {
    Ok(format!("kept in {}", path.display()))
}

fn data_dir(path: &Path) -> Look {
    if !path.exists() {
        return Ok(format!(
            "{} will be made at the first start",
            path.display()
        ));
    }
    let probe = path.join(".doctor");
    let written = std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe));
    match written {
        Ok(()) => Ok(format!("{} can be written", path.display())),
        Err(error) => Err(format!("{} cannot be written: {error}", path.display())),
    }
}

async fn database(target: &Target) -> Look {
    let wanted = target.clone();
    let pending = tokio::task::spawn_blocking(move || migrate::pending(&wanted)).await;
    let pending = pending
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())?;
    let engine = match target {
        Target::Postgres(_) => "PostgreSQL answers".to_owned(),
        Target::Sqlite(path) if path.exists() => format!("SQLite in {}", path.display()),
        Target::Sqlite(path) => {
            return Ok(format!(
                "{} will be made at the first start",
                path.display()
            ));
        }
    };
    Ok(match pending.len() {
        0 => format!("{engine}; every migration is applied"),
        count => format!("{engine}; {count} migrations are pending, and run at the next start"),
    })
}

/// Row-level security is the second line behind the server's own filters; some roles walk past it.
async fn row_security(url: &str) -> Look {
    let passes = async { Db::postgres(url, 1).await?.passes_row_security().await };
    match passes.await {
        Ok(false) => Ok("holds for the role the server uses".to_owned()),
        Ok(true) => Err("the role the server uses is a superuser or has BYPASSRLS, so PostgreSQL would not stop a query \
            that forgot its organization: use a role of its own"
            .to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn rules(path: &Path, plugins: &Path) -> Look {
    if !path.exists() {
        return Ok(format!(
            "{} is not there; the built-in rules are used",
            path.display()
        ));
    }
    let (_, problems) = Rulebook::load(path, Some(plugins), None);
    match problems.as_slice() {
        [] => Ok(format!("everything in {} compiles", path.display())),
        [first, rest @ ..] => {
            let line = first
                .line
                .map(|line| format!(":{line}"))
                .unwrap_or_default();
            let more = if rest.is_empty() {
                String::new()
            } else {
                format!(" (and {} more)", rest.len())
            };
            Err(format!(
                "{}{line}: {}{more}; `zamu rules check` says everything",
                first.path, first.message
            ))
        }
    }
}
