//! What a replay found, as a table for a spreadsheet: RFC 4180, and no cell that a spreadsheet would take for a formula.

use csv::{Terminator, WriterBuilder};

use super::model::{Change, Side, State, amount};
use super::service;
use crate::app::App;
use crate::auth::viewer::Viewer;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::ReplayId;
use crate::kernel::page::{Cursor, LONGEST_PAGE, PageRequest};

const HEADER: [&str; 15] = [
    "decision",
    "event_at",
    "member",
    "department",
    "newly_failing",
    "old_outcome",
    "new_outcome",
    "old_status",
    "new_status",
    "old_minutes",
    "new_minutes",
    "old_money",
    "new_money",
    "old_reasons",
    "new_reasons",
];

/// Every changed decision of a replay that is done; only the header of one that is not.
pub async fn export(app: &App, viewer: &Viewer, id: ReplayId) -> Result<Vec<u8>> {
    service::replay(app, viewer, id).await?;
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(HEADER).map_err(Error::internal)?;
    let mut page = PageRequest::new(Some(LONGEST_PAGE), None)?;
    loop {
        let found = service::changes(app, viewer, id, false, &page).await?;
        for change in &found.rows {
            writer
                .write_record(record(change))
                .map_err(Error::internal)?;
        }
        let last = found.rows.last().map(|change| Cursor {
            at: change.event_at,
            id: change.decision.uuid(),
        });
        if !found.has_next || last.is_none() {
            break;
        }
        page.after = last;
    }
    writer
        .into_inner()
        .map_err(|error| Error::internal(error.to_string()))
}

/// Whether there is a table to have.
pub fn is_ready(state: State) -> bool {
    state == State::Done
}

fn record(change: &Change) -> [String; 15] {
    let Change { was, would, .. } = change;
    let member = change.member.map(|member| member.to_string());
    [
        change.decision.to_string(),
        change
            .event_at
            .to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        member.unwrap_or_default(),
        safe(change.department.clone()),
        if change.is_failing { "yes" } else { "no" }.to_owned(),
        safe(was.outcome.clone()),
        safe(would.outcome.clone()),
        was.status.clone(),
        would.status.clone(),
        was.worth.minutes.to_string(),
        would.worth.minutes.to_string(),
        money(was),
        money(would),
        safe(was.reasons.join("; ")),
        safe(would.reasons.join("; ")),
    ]
}

fn money(side: &Side) -> String {
    let amounts = side.worth.money.iter();
    let amounts: Vec<String> = amounts
        .map(|(currency, minor)| amount(currency, *minor))
        .collect();
    amounts.join("; ")
}

/// A text somebody wrote, with an apostrophe before whatever a spreadsheet would calculate.
fn safe(text: String) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if is_formula { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_taken_for_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            assert_eq!(safe(formula.to_owned()), format!("'{formula}"));
        }
        assert_eq!(safe("late(22)".to_owned()), "late(22)");
    }
}
