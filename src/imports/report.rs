//! What became of every row. It adds up: the rows of a file are its used, merged and refused ones.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::reason::Reason;
use super::taps::Merge;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub users: Rows,
    pub schedules: Rows,
    pub leave_requests: Rows,
    pub punches: Rows,
    pub members: Members,
    pub shifts: Shifts,
    pub leave: Leave,
    pub sessions: Sessions,
    /// Every refused row with its reason, file by file.
    pub refusals: Vec<Refused>,
    /// Double taps: the row that repeats and the row it repeats.
    pub merges: Vec<Merge>,
}

/// The rows of one file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Rows {
    pub rows: u64,
    pub used: u64,
    pub merged: u64,
    pub refused: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Members {
    pub created: u64,
    /// There from an earlier import, and left as they are.
    pub unchanged: u64,
}

/// Rows say them for many people on many days, often several times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Shifts {
    pub created: u64,
    /// Said again by another row, or twice by one.
    pub merged: u64,
    pub unchanged: u64,
}

/// Days of granted leave. Every day that a row says of somebody is created, unchanged, merged or refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Leave {
    /// Kinds of leave that were not there.
    pub types: u64,
    /// Leave requests, approved: days that follow one another are one.
    pub requests: u64,
    pub days: u64,
    pub created: u64,
    pub unchanged: u64,
    /// Said again by another row.
    pub merged: u64,
    /// There is other leave on them.
    pub refused: u64,
}

/// What the claims of the file belong to, and what is not as it was because of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sessions {
    pub created: u64,
    /// There before, and worked out anew: the file told how they ended, or of a break in them.
    pub continued: u64,
    pub unchanged: u64,
    /// Of all of these, those without a clock-out.
    pub open: u64,
    /// Of all of these, those with a flag.
    pub flagged: u64,
    /// Claims that belong to none: a clock-out without a clock-in. A person looks at them.
    pub orphans: u64,
}

/// A row that was not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    pub file: &'static str,
    /// As a spreadsheet numbers it: the header is row 1.
    pub row: u64,
    pub code: &'static str,
    pub reason: String,
}

impl Rows {
    pub const fn adds_up(&self) -> bool {
        self.rows == self.used + self.merged + self.refused
    }
}

impl Leave {
    pub const fn adds_up(&self) -> bool {
        self.days == self.created + self.unchanged + self.merged + self.refused
    }
}

impl Report {
    pub(super) fn rows(&mut self, file: &str) -> &mut Rows {
        match file {
            super::service::USERS => &mut self.users,
            super::service::SCHEDULES => &mut self.schedules,
            super::service::LEAVE_REQUESTS => &mut self.leave_requests,
            _ => &mut self.punches,
        }
    }

    pub(super) fn refuse(&mut self, file: &'static str, row: u64, reason: &Reason) {
        self.rows(file).refused += 1;
        self.refusals.push(Refused {
            file,
            row,
            code: reason.code(),
            reason: reason.to_string(),
        });
    }

    /// File by file, row by row.
    pub(super) fn sort(&mut self) {
        self.refusals
            .sort_by_key(|refused| (refused.file, refused.row));
        self.merges.sort_by_key(|merge| merge.row);
    }

    /// Whether the import changed anything.
    pub const fn changed(&self) -> bool {
        let sessions = self.sessions.created + self.sessions.continued;
        self.members.created + self.shifts.created + self.leave.requests + sessions > 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<20} {:>8} {:>8} {:>8} {:>8}",
            "file", "rows", "used", "merged", "refused"
        )?;
        let files = [
            (super::service::USERS, self.users),
            (super::service::SCHEDULES, self.schedules),
            (super::service::LEAVE_REQUESTS, self.leave_requests),
            (super::service::PUNCHES, self.punches),
        ];
        for (
            file,
            Rows {
                rows,
                used,
                merged,
                refused,
            },
        ) in files
        {
            writeln!(f, "{file:<20} {rows:>8} {used:>8} {merged:>8} {refused:>8}")?;
        }
        let Members { created, unchanged } = self.members;
        writeln!(f, "\nmembers   {created} created, {unchanged} unchanged")?;
        write!(f, "{}{}{}", self.shifts, self.leave, self.sessions)?;
        self.write_refusals(f)
    }
}

impl fmt::Display for Shifts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            created,
            merged,
            unchanged,
        } = self;
        writeln!(
            f,
            "shifts    {created} created, {unchanged} unchanged, {merged} said again"
        )
    }
}

impl fmt::Display for Leave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            types,
            requests,
            days,
            created,
            unchanged,
            merged,
            refused,
        } = self;
        writeln!(
            f,
            "leave     {days} days: {created} created, {unchanged} unchanged, {merged} said again, {refused} refused"
        )?;
        writeln!(f, "          {requests} requests and {types} types created")
    }
}

impl fmt::Display for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            created,
            continued,
            unchanged,
            open,
            flagged,
            orphans,
        } = self;
        writeln!(
            f,
            "sessions  {created} created, {continued} continued, {unchanged} unchanged"
        )?;
        writeln!(
            f,
            "          {open} of them without a clock-out, {flagged} flagged; {orphans} punches belong to none"
        )
    }
}

impl Report {
    /// Rows with the same reason together, every one of them named.
    fn write_refusals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut groups: BTreeMap<(&str, &str), Vec<u64>> = BTreeMap::new();
        for Refused {
            file, row, reason, ..
        } in &self.refusals
        {
            groups.entry((file, reason)).or_default().push(*row);
        }
        for ((file, reason), rows) in groups {
            let noun = if rows.len() == 1 { "row" } else { "rows" };
            writeln!(
                f,
                "\n{file}: {} {noun} refused: {reason}\n  {noun} {}",
                rows.len(),
                ranges(&rows)
            )?;
        }
        Ok(())
    }
}

/// `2–4, 7`.
fn ranges(rows: &[u64]) -> String {
    let mut all: Vec<(u64, u64)> = Vec::new();
    for row in rows {
        match all.last_mut() {
            Some((_, last)) if *last + 1 == *row => *last = *row,
            _ => all.push((*row, *row)),
        }
    }
    let shown = all.iter().map(|(first, last)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first}–{last}")
        }
    });
    shown.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_every_refused_row() {
        let mut report = Report::default();
        for row in [9, 3, 2, 4] {
            report.refuse(super::super::service::PUNCHES, row, &Reason::BreakUndefined);
        }
        report.sort();
        let text = report.to_string();
        assert!(
            text.contains("attendance.csv: 4 rows refused: a BREAK"),
            "{text}"
        );
        assert!(text.contains("rows 2–4, 9"), "{text}");
    }

    #[test]
    fn as_json_it_has_the_names_of_the_api() {
        let json = serde_json::to_value(Report::default()).unwrap();
        let rows = serde_json::json!({ "rows": 0, "used": 0, "merged": 0, "refused": 0 });
        assert_eq!((&json["punches"], &json["leaveRequests"]), (&rows, &rows));
        assert_eq!(json["sessions"]["open"], 0);
    }
}
