//! `zamu reports`.

use clap::Subcommand;
use serde_json::json;

use super::{Outcome, open, orgs, say, say_json};
use crate::attendance::days::verify::{self, Difference};
use crate::kernel::error::Result;

/// So many differences are told one by one.
const TOLD: usize = 100;

#[derive(Debug, Subcommand)]
pub(super) enum Reports {
    /// Add up everything reports read again, from sessions and shifts, and say where what is kept differs.
    Verify {
        /// The organization's slug.
        #[arg(long)]
        org: String,
        /// The findings as JSON.
        #[arg(long)]
        json: bool,
        /// Put right what differs, then look again.
        #[arg(long)]
        repair: bool,
    },
}

pub(super) async fn run(reports: Reports) -> Result<Outcome> {
    let Reports::Verify { org, json, repair } = reports;
    let app = open().await?;
    let org = orgs::by_slug(&app, &org).await?;
    if repair {
        verify::repair(&app, org).await?;
    }
    let findings = verify::verify(&app, org).await?;
    let found = !findings.differences.is_empty();
    if json {
        let differences: Vec<_> = findings.differences.iter().map(as_json).collect();
        say_json(&json!({ "days": findings.days, "differences": differences }))?;
        return Ok(Outcome::found(found));
    }
    let count = findings.differences.len();
    say(&format!(
        "{} days checked; {count} figures differ",
        findings.days
    ));
    for difference in findings.differences.iter().take(TOLD) {
        say(&told(difference));
    }
    Ok(Outcome::found(found))
}

fn as_json(difference: &Difference) -> serde_json::Value {
    json!({
        "table": difference.table,
        "member": difference.member,
        "date": difference.date,
        "measure": difference.measure,
        "kept": difference.kept,
        "expected": difference.expected,
    })
}

fn told(difference: &Difference) -> String {
    let whose = difference.member.map_or_else(
        || "a sum, which lacks".to_owned(),
        |member| format!("{member}, kept {} instead of", difference.kept),
    );
    let Difference {
        table,
        date,
        measure,
        expected,
        ..
    } = difference;
    format!("{table} {date} {measure}: {whose} {expected}")
}
