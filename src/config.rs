//! Settings: from flags, the environment, and an optional `zamu.toml`, in that order. The only code that reads them.
//!
//! A name nobody knows is refused: a misspelt setting that is silently ignored is a night without sleep.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use zamu_schema::migrate::Target;

/// Every setting, its default, and what it is for.
#[derive(Debug, Clone)]
pub struct Config {
    /// `ZAMU_LISTEN`: where the server listens.
    pub listen: SocketAddr,
    /// `DATABASE_URL`: `postgres://…`, or `sqlite:PATH`; without it a file in the data directory.
    pub database: Target,
    /// `ZAMU_DATA_DIR`: the database file and the generated secret live here.
    pub data_dir: PathBuf,
    /// `ZAMU_RULES_DIR`: rule scripts; `rules` beside the process by default.
    pub rules_dir: PathBuf,
    /// `ZAMU_PLUGINS_DIR`: packs of rules; `plugins` beside the process by default.
    pub plugins_dir: PathBuf,
    /// `ZAMU_SECRET`: at least 32 characters; signs access tokens. Generated for a loopback address only.
    pub secret: Option<String>,
    /// `ZAMU_CONNECTIONS`: size of the PostgreSQL pool.
    pub connections: u32,
    /// `ZAMU_ALLOWED_ORIGINS`: browser origins that may call the API, separated by commas; none by default.
    pub allowed_origins: Vec<String>,
    /// `ZAMU_TRUSTED_PROXY`: `true` if a proxy sets `X-Forwarded-For`.
    pub trusted_proxy: bool,
    /// Whether any setting was given: without one, a first run seeds a demo.
    pub untouched: bool,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadConfig {
    #[error("unknown setting {0}; the settings are {names}", names = NAMES.join(", "))]
    Unknown(String),
    #[error("{name} = {value:?}: {reason}")]
    Invalid {
        name: &'static str,
        value: String,
        reason: String,
    },
    #[error("cannot read {path}: {reason}")]
    File { path: PathBuf, reason: String },
    #[error(
        "ZAMU_SECRET must be set (at least 32 characters) to listen on {0}: generated secrets are for loopback addresses only"
    )]
    SecretNeeded(SocketAddr),
}

const NAMES: &[&str] = &[
    "ZAMU_LISTEN",
    "DATABASE_URL",
    "ZAMU_DATA_DIR",
    "ZAMU_RULES_DIR",
    "ZAMU_PLUGINS_DIR",
    "ZAMU_SECRET",
    "ZAMU_CONNECTIONS",
    "ZAMU_ALLOWED_ORIGINS",
    "ZAMU_TRUSTED_PROXY",
    "ZAMU_LOG",
];

/// `zamu.toml`: the same settings in lower case without the prefix.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
struct File(BTreeMap<String, toml::Value>);

impl Config {
    /// From this process's environment and `zamu.toml` in the working directory.
    pub fn load() -> Result<Self, BadConfig> {
        let file = Path::new("zamu.toml");
        let text = if file.exists() {
            std::fs::read_to_string(file).map_err(|error| BadConfig::File {
                path: file.to_owned(),
                reason: error.to_string(),
            })?
        } else {
            String::new()
        };
        Self::from_parts(environment(), &text)
    }

    /// From given settings: what tests use.
    pub fn from_parts(
        environment: BTreeMap<String, String>,
        file: &str,
    ) -> Result<Self, BadConfig> {
        let mut values = read_file(file)?;
        values.extend(environment);
        if let Some(unknown) = values.keys().find(|name| !NAMES.contains(&name.as_str())) {
            return Err(BadConfig::Unknown(unknown.clone()));
        }
        let get = |name: &str| {
            values
                .get(name)
                .map(String::as_str)
                .filter(|value| !value.is_empty())
        };
        let data_dir = PathBuf::from(get("ZAMU_DATA_DIR").unwrap_or("data"));
        let config = Self {
            listen: parse(
                &values,
                "ZAMU_LISTEN",
                "127.0.0.1:8000",
                "an address and a port",
            )?,
            database: database(get("DATABASE_URL"), &data_dir)?,
            data_dir,
            rules_dir: PathBuf::from(get("ZAMU_RULES_DIR").unwrap_or("rules")),
            plugins_dir: PathBuf::from(get("ZAMU_PLUGINS_DIR").unwrap_or("plugins")),
            secret: get("ZAMU_SECRET").map(str::to_owned),
            connections: parse(&values, "ZAMU_CONNECTIONS", "8", "a whole number")?,
            allowed_origins: get("ZAMU_ALLOWED_ORIGINS")
                .map(|list| {
                    list.split(',')
                        .map(|origin| origin.trim().to_owned())
                        .collect()
                })
                .unwrap_or_default(),
            trusted_proxy: parse(&values, "ZAMU_TRUSTED_PROXY", "false", "true or false")?,
            untouched: values.keys().all(|name| name == "ZAMU_LOG"),
        };
        match &config.secret {
            Some(secret) if secret.len() < 32 => Err(BadConfig::Invalid {
                name: "ZAMU_SECRET",
                value: "…".to_owned(),
                reason: "at least 32 characters are needed".to_owned(),
            }),
            _ => Ok(config),
        }
    }

    /// Refuses a public address with a generated secret.
    pub fn check_public(&self) -> Result<(), BadConfig> {
        if self.secret.is_none() && !is_loopback(self.listen.ip()) {
            return Err(BadConfig::SecretNeeded(self.listen));
        }
        Ok(())
    }
}

/// `ZAMU_LOG`: a filter as `tracing` reads it; read apart from the rest because logging starts first.
pub fn log_filter() -> String {
    environment()
        .remove("ZAMU_LOG")
        .unwrap_or_else(|| "info".to_owned())
}

fn environment() -> BTreeMap<String, String> {
    std::env::vars()
        .filter(|(name, _)| {
            name == "DATABASE_URL" || (name.starts_with("ZAMU_") && !name.starts_with("ZAMU_TEST_"))
        })
        .collect()
}

fn read_file(text: &str) -> Result<BTreeMap<String, String>, BadConfig> {
    let path = PathBuf::from("zamu.toml");
    let File(values) = toml::from_str(text).map_err(|error| BadConfig::File {
        path,
        reason: error.to_string(),
    })?;
    let named = values.into_iter().map(|(name, value)| {
        let known = if name == "database_url" {
            "DATABASE_URL".to_owned()
        } else {
            format!("ZAMU_{}", name.to_uppercase())
        };
        let text = match value {
            toml::Value::String(text) => text,
            other => other.to_string(),
        };
        (known, text)
    });
    Ok(named.collect())
}

fn parse<T: std::str::FromStr>(
    values: &BTreeMap<String, String>,
    name: &'static str,
    usual: &str,
    wanted: &str,
) -> Result<T, BadConfig> {
    let value = values.get(name).map_or(usual, String::as_str);
    value.parse().map_err(|_ignored| BadConfig::Invalid {
        name,
        value: value.to_owned(),
        reason: format!("{wanted} is needed"),
    })
}

fn database(url: Option<&str>, data_dir: &Path) -> Result<Target, BadConfig> {
    match url {
        None => Ok(Target::Sqlite(data_dir.join("zamu.sqlite"))),
        Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            Ok(Target::Postgres(url.to_owned()))
        }
        Some(url) => match url.strip_prefix("sqlite:") {
            Some(path) => Ok(Target::Sqlite(PathBuf::from(path.trim_start_matches("//")))),
            None => Err(BadConfig::Invalid {
                name: "DATABASE_URL",
                value: url.split(':').next().unwrap_or_default().to_owned(),
                reason: "it begins with postgres:// or sqlite:".to_owned(),
            }),
        },
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Result<Config, BadConfig> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::from_parts(pairs.collect(), "")
    }

    #[test]
    fn nothing_set_is_a_file_on_loopback() {
        let config = with(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8000");
        assert!(config.untouched);
        assert!(matches!(config.database, Target::Sqlite(path) if path.ends_with("zamu.sqlite")));
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name() {
        let error = with(&[("ZAMU_LISTN", "127.0.0.1:1")])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("ZAMU_LISTN") && error.contains("ZAMU_LISTEN"),
            "{error}"
        );
        assert!(Config::from_parts(BTreeMap::new(), "listn = 1").is_err());
        assert!(Config::from_parts(BTreeMap::new(), "listen = \"127.0.0.1:9\"").is_ok());
    }

    #[test]
    fn bad_values_say_what_is_needed() {
        assert!(
            with(&[("ZAMU_LISTEN", "here")])
                .unwrap_err()
                .to_string()
                .contains("an address")
        );
        assert!(
            with(&[("DATABASE_URL", "mysql://x")])
                .unwrap_err()
                .to_string()
                .contains("postgres://")
        );
        assert!(
            with(&[("ZAMU_SECRET", "short")])
                .unwrap_err()
                .to_string()
                .contains("32")
        );
    }

    #[test]
    fn a_public_address_needs_a_secret() {
        assert!(
            with(&[("ZAMU_LISTEN", "0.0.0.0:8000")])
                .unwrap()
                .check_public()
                .is_err()
        );
        assert!(with(&[]).unwrap().check_public().is_ok());
        let secret = "0123456789abcdef0123456789abcdef";
        assert!(
            with(&[("ZAMU_LISTEN", "0.0.0.0:8000"), ("ZAMU_SECRET", secret)])
                .unwrap()
                .check_public()
                .is_ok()
        );
    }
}
