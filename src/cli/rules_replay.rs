//! `zamu rules replay` and `zamu rules explain`: the past under other rules, and why something was decided.

use std::path::PathBuf;

use chrono::{NaiveDate, NaiveTime};
use clap::Args;
use serde_json::{Value as Json, json};
use zamu_rules::{RuleKind, hook};

use super::{Outcome, open, orgs, say, say_json};
use crate::app::App;
use crate::auth::viewer::Viewer;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{DecisionId, OrgId};
use crate::kernel::time::Instant;
use crate::rules::decisions::explain::{self, Explanation};
use crate::rules::decisions::model::outcome_text;
use crate::rules::decisions::service as decisions;
use crate::rules::replays::candidate::Candidate;
use crate::rules::replays::csv;
use crate::rules::replays::model::{Delta, Job, State, Tally, amount};
use crate::rules::replays::service::{self, Wish};

#[derive(Debug, Args)]
pub(super) struct Replay {
    /// The organization's slug.
    #[arg(long)]
    org: String,
    /// Which question, such as attendance.lateness.
    #[arg(long)]
    hook: String,
    /// The first day, as 2026-01-31, in the organization's time zone.
    #[arg(long, value_name = "DAY")]
    from: NaiveDate,
    /// The last day; today without it.
    #[arg(long, value_name = "DAY")]
    to: Option<NaiveDate>,
    /// The rule to try: a `.rhai` or a `.table.toml` file.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["release", "set"])]
    candidate: Option<PathBuf>,
    /// A setting to try, such as `grace_minutes=10`; may be given several times.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// A release to try instead.
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["candidate", "set"])]
    release: Option<i64>,
    /// Every changed decision as CSV.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// What was found as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The decision: `dec_…`.
    decision: String,
    /// The explanation as JSON.
    #[arg(long)]
    json: bool,
}

/// Findings are decisions that cannot be taken again as they were, and decisions the candidate fails at.
pub(super) async fn replay(replay: &Replay) -> Result<Outcome> {
    let candidate = candidate(replay)?;
    let app = open().await?;
    let org = orgs::by_slug(&app, &replay.org).await?;
    let viewer = Viewer::job(org, "rules replay");
    let wish = wish(&app, &viewer, replay, candidate).await?;
    let job = Box::pin(service::complete(&app, &viewer, wish)).await?;
    app.drain().await?;
    if matches!(job.state, State::Failed | State::Cancelled) {
        let why = job.problem.unwrap_or_else(|| "it was cancelled".to_owned());
        return Err(Error::invalid("replay", why));
    }
    if replay.csv {
        let table = csv::export(&app, &viewer, job.id).await?;
        say(String::from_utf8_lossy(&table).trim_end());
    } else if replay.json {
        say_json(&as_json(&job))?;
    } else {
        tell(&job);
    }
    let newly_failing = job.result.as_ref().map_or(0, |tally| tally.newly_failing);
    Ok(Outcome::found(
        job.state != State::Done || newly_failing > 0,
    ))
}

fn candidate(replay: &Replay) -> Result<Candidate> {
    let mut candidate = Candidate {
        release: replay.release,
        ..Candidate::default()
    };
    if hook(&replay.hook).is_none() {
        let message = format!("no hook is called `{}`", replay.hook);
        return Err(Error::invalid("hook", message));
    }
    if let Some(path) = &replay.candidate {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::invalid("candidate", format!("{}: {error}", path.display())))?;
        let is_table = path
            .extension()
            .is_some_and(|extension| extension == "toml");
        candidate.source = Some(text);
        candidate.kind = if is_table {
            RuleKind::Table
        } else {
            RuleKind::Script
        };
    }
    for set in &replay.set {
        let (name, value) = set.split_once('=').ok_or_else(|| {
            Error::invalid(
                "set",
                format!("`{set}` is not a setting such as grace_minutes=10"),
            )
        })?;
        candidate.settings.push((name.to_owned(), value.to_owned()));
    }
    Ok(candidate)
}

async fn wish(app: &App, viewer: &Viewer, replay: &Replay, candidate: Candidate) -> Result<Wish> {
    let zone = crate::orgs::service::own(app, viewer).await?.time_zone;
    let begin = |day: NaiveDate| -> Result<Instant> {
        let midnight = day.and_time(NaiveTime::MIN).and_local_timezone(zone);
        let first = midnight.earliest().or_else(|| {
            // Where clocks jump over midnight, the day begins an hour later.
            let one = day.and_hms_opt(1, 0, 0)?;
            one.and_local_timezone(zone).earliest()
        });
        let first = first.ok_or_else(|| Error::invalid("from", "this day does not exist"))?;
        Ok(first.to_utc())
    };
    let after = replay.to.and_then(|day| day.succ_opt());
    Ok(Wish {
        hook: replay.hook.clone(),
        candidate,
        from: begin(replay.from)?,
        to: after.map(begin).transpose()?,
    })
}

fn as_json(job: &Job) -> Json {
    json!({
        "replay": job.id.to_string(),
        "state": job.state,
        "total": job.total,
        "problem": job.problem,
        "result": job.result,
    })
}

fn tell(job: &Job) {
    let Some(tally) = &job.result else {
        return;
    };
    if let Some(problem) = &job.problem {
        say(problem);
    }
    for one in &tally.unfaithful {
        let again = one.again.as_deref().unwrap_or("nothing");
        let (decision, stored, why) = (one.decision, &one.stored, &one.why);
        say(&format!(
            "{decision}: stored {stored}, taken again {again}: {why}"
        ));
    }
    if job.state == State::Done {
        tell_counts(tally);
        tell_groups("week", &tally.weeks);
        tell_groups("department", &tally.departments);
    }
}

fn tell_counts(tally: &Tally) {
    for (was, row) in &tally.matrix {
        for (would, count) in row {
            say(&format!("{count:>8}  {was} -> {would}"));
        }
    }
    say(&format!(
        "{} decisions taken again, {} change for {} people, {} newly fail; {} without facts, {} unasked; {} ms",
        tally.replayed,
        tally.changed,
        tally.people.len(),
        tally.newly_failing,
        tally.without_facts,
        tally.unasked,
        tally.duration_ms,
    ));
}

fn tell_groups(kind: &str, groups: &std::collections::BTreeMap<String, Delta>) {
    for (name, delta) in groups.iter().filter(|(_, delta)| delta.changed > 0) {
        let mut parts = vec![format!("{:+} minutes", delta.minutes)];
        let money = delta.money.iter();
        parts.extend(money.map(|(currency, minor)| amount(currency, *minor)));
        let name = if name.is_empty() { "none" } else { name };
        say(&format!(
            "{kind} {name}: {} of {} change, {}",
            delta.changed,
            delta.decisions,
            parts.join(", ")
        ));
    }
}

/// A finding is a decision that comes to something else now.
pub(super) async fn explain(explain: &Explain) -> Result<Outcome> {
    let id: DecisionId = explain
        .decision
        .parse()
        .map_err(|error: crate::kernel::id::BadId| Error::invalid("decision", error.to_string()))?;
    let app = open().await?;
    let viewer = Viewer::job(org_of(&app, id).await?, "rules explain");
    let explanation = explain::explain_for_operator(&app, &viewer, id).await?;
    if explain.json {
        say_json(&json!({
            "isReproduced": explanation.is_reproduced,
            "outcome": outcome_text(&explanation.explained.decision.outcome),
            "reasons": explanation.explained.decision.reasons,
            "lines": shown(&explanation),
            "problem": explanation.explained.decision.problem,
        }))?;
    } else {
        print(&explanation);
    }
    Ok(Outcome::found(!explanation.is_reproduced))
}

/// A decision's id does not say whose it is, and whoever has this command line may know.
async fn org_of(app: &App, id: DecisionId) -> Result<OrgId> {
    for org in crate::orgs::service::all_ids(app).await? {
        if decisions::is_of(app, org, id).await? {
            return Ok(org);
        }
    }
    Err(Error::not_found("rule decision"))
}

/// Lines with open values only: a terminal has no permissions.
fn shown(explanation: &Explanation) -> Vec<Json> {
    let lines = explanation.explained.lines.iter();
    let line = |line: &zamu_rules::TraceLine| {
        let read: Vec<Json> = line
            .read
            .iter()
            .map(|read| json!({"path": read.path, "value": value(read), "class": read.class}))
            .collect();
        json!({"layer": line.layer, "line": line.line, "text": line.text, "read": read})
    };
    lines.map(line).collect()
}

fn value(read: &zamu_rules::Read) -> Option<String> {
    (read.class == zamu_rules::Class::Open).then(|| read.value.to_string())
}

fn print(explanation: &Explanation) {
    let decision = &explanation.explained.decision;
    for line in &explanation.explained.lines {
        say(&format!("{} {:>4}  {}", line.layer, line.line, line.text));
        for read in &line.read {
            let value = value(read).unwrap_or_else(|| "hidden".to_owned());
            say(&format!("              {} = {value}", read.path));
        }
    }
    say(&format!("= {}", outcome_text(&decision.outcome)));
    for reason in &decision.reasons {
        say(&format!("  because {reason}"));
    }
    if let Some(problem) = &decision.problem {
        say(&format!("  but {}", problem.message));
    }
    if !explanation.is_reproduced {
        say("this is not what was stored");
    }
}
