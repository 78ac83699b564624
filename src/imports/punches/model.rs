//! Thinks: what the cells of a row mean, and which way somebody went where the file does not say.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, TimeDelta};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::attendance::model::Direction;
use crate::imports::reason::Reason;
use crate::imports::report::{Report, Rows, Sessions};
use crate::imports::table::{Sheet, column, meant};
use crate::imports::taps::{Merge, Tap};
use crate::kernel::error::{Error, Result};
use crate::kernel::text;
use crate::kernel::time::local_to_instant;
use crate::schedules::model::{EARLY, Shift, ShiftKind};

/// What the columns of a file mean.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    pub source: String,
    #[serde(default = "usual_debounce")]
    pub debounce_seconds: u32,
    pub member: MemberColumn,
    pub time: TimeColumns,
    pub direction: Option<DirectionColumn>,
    pub device: Option<DeviceColumn>,
    pub place: Option<PlaceColumn>,
}

const fn usual_debounce() -> u32 {
    120
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberColumn {
    pub column: String,
    pub by: By,
    #[serde(default)]
    pub prefix: String,
}

/// By what a file names a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    ExternalRef,
    Email,
    Phone,
    Tag,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeColumns {
    pub column: Option<String>,
    pub date: Option<String>,
    pub clock: Option<String>,
    pub format: String,
    zone: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectionColumn {
    pub column: String,
    #[serde(rename = "in", default)]
    pub ins: Vec<String>,
    #[serde(rename = "out", default)]
    pub outs: Vec<String>,
    #[serde(default)]
    pub infer: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceColumn {
    pub column: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceColumn {
    pub column: String,
    #[serde(default)]
    pub names: HashMap<String, String>,
}

impl Mapping {
    pub fn parse(text: &str) -> Result<Self> {
        let refused = |message: String| Error::invalid("mapping", message);
        let mapping: Self = toml::from_str(text).map_err(|error| refused(error.to_string()))?;
        text::required("source", &mapping.source, 40).map_err(|error| error.within("mapping"))?;
        let time = &mapping.time;
        let whole = time.column.is_some() && time.date.is_none() && time.clock.is_none();
        let parts = time.column.is_none() && time.date.is_some() && time.clock.is_some();
        mapping.zone()?;
        if !(whole || parts) {
            let message = "[time] has either `column`, or `date` and `clock`";
            return Err(refused(message.to_owned()));
        }
        Ok(mapping)
    }

    /// Where the terminal's clock was, if it says.
    pub fn zone(&self) -> Result<Option<Tz>> {
        let bad = |name: &str| Error::invalid("mapping", format!("`{name}` is no time zone"));
        let name = self.time.zone.as_deref();
        name.map(|name| name.parse().ok().ok_or_else(|| bad(name)))
            .transpose()
    }

    /// Every column named must be in the file.
    pub fn check(&self, sheet: &Sheet) -> Result<()> {
        let time = &self.time;
        let named = [
            Some(&self.member.column),
            time.column.as_ref(),
            time.date.as_ref(),
            time.clock.as_ref(),
            self.direction.as_ref().map(|one| &one.column),
            self.device.as_ref().map(|one| &one.column),
            self.place.as_ref().map(|one| &one.column),
        ];
        let missing = named
            .into_iter()
            .flatten()
            .find(|name| sheet.column(name).is_none());
        match missing {
            Some(name) => {
                let message = format!("the file has no column `{name}`");
                Err(Error::invalid("mapping", message))
            }
            None => Ok(()),
        }
    }
}

/// Reads rows by a mapping.
pub struct Reader<'a> {
    pub mapping: &'a Mapping,
    pub header: &'a [String],
    /// Where the text does not say.
    pub zone: Tz,
}

impl Reader<'_> {
    /// Who, as the file calls them, and what they claim.
    pub fn read(&self, row: u64, cells: &[String]) -> Result<(String, Tap), Reason> {
        if cells.len() != self.header.len() {
            let (found, wanted) = (cells.len(), self.header.len());
            let message = format!("it has {found} fields where the header has {wanted}");
            return Err(Reason::Malformed(message));
        }
        let cell = |name: &str| {
            let at = column(self.header, name);
            at.and_then(|at| cells.get(at))
                .map_or("", |cell| meant(cell))
        };
        let who = cell(&self.mapping.member.column);
        if who.is_empty() {
            return Err(Reason::NoUser);
        }
        let at = self.time(cell)?;
        let direction = self.direction(cell)?;
        let device = self.mapping.device.as_ref().map(|one| cell(&one.column));
        let device = device.filter(|text| !text.is_empty()).map(str::to_owned);
        let place = self.mapping.place.as_ref().map(|one| {
            let text = cell(&one.column);
            one.names.get(text).map_or(text, String::as_str)
        });
        let place =
            text::optional("place", place, 200).map_err(|bad| Reason::Malformed(bad.message))?;
        let who = format!("{}{who}", self.mapping.member.prefix);
        let name = format!(
            "punches:{}:{}:{who}:{}{}",
            self.mapping.source,
            device.as_deref().unwrap_or_default(),
            at.to_utc().format("%Y-%m-%dT%H:%M:%SZ"),
            direction.map_or("", Direction::name)
        );
        let name =
            text::required("name", &name, 300).map_err(|bad| Reason::Malformed(bad.message))?;
        Ok((
            who,
            Tap {
                row,
                at,
                direction: direction.unwrap_or(Direction::In),
                is_unknown: direction.is_none(),
                place,
                device,
                name,
            },
        ))
    }

    fn time<'c>(&self, cell: impl Fn(&str) -> &'c str) -> Result<DateTime<FixedOffset>, Reason> {
        let time = &self.mapping.time;
        let text = match (&time.column, &time.date, &time.clock) {
            (Some(whole), ..) => cell(whole).to_owned(),
            (None, Some(date), Some(clock)) => format!("{} {}", cell(date), cell(clock)),
            _ => String::new(),
        };
        let bad = || Reason::BadTime(text.clone());
        let sane = |at: &DateTime<FixedOffset>| {
            (1900..2200).contains(&chrono::Datelike::year(at))
                && chrono::Timelike::nanosecond(at) == 0
        };
        if time.format.contains("%z") || time.format.contains("%:z") {
            let at = DateTime::parse_from_str(&text, &time.format).ok();
            return at.filter(sane).ok_or_else(bad);
        }
        let local = NaiveDateTime::parse_from_str(&text, &time.format).ok();
        let local = local.ok_or_else(bad)?;
        let zone = self.zone;
        let at = local_to_instant(local.date(), local.time(), zone);
        Some(at.with_timezone(&zone).fixed_offset())
            .filter(sane)
            .ok_or_else(bad)
    }

    /// Nothing where it is to be worked out.
    fn direction<'c>(&self, cell: impl Fn(&str) -> &'c str) -> Result<Option<Direction>, Reason> {
        let Some(mapping) = &self.mapping.direction else {
            return Ok(None);
        };
        let text = cell(&mapping.column);
        let is_in = |all: &[String]| all.iter().any(|one| one == text);
        if is_in(&mapping.ins) {
            Ok(Some(Direction::In))
        } else if is_in(&mapping.outs) {
            Ok(Some(Direction::Out))
        } else if is_in(&mapping.infer) {
            Ok(None)
        } else {
            Err(Reason::UnknownCode(text.to_owned()))
        }
    }
}

/// What became of taps without a direction.
#[derive(Debug, Default)]
pub struct Inferred {
    pub taps: Vec<Tap>,
    pub merged: Vec<Merge>,
    pub refused: Vec<(u64, Reason)>,
}

/// Gives every tap a direction: the first of a day's work is in, the last one out. Those between say nothing; one that
/// follows another at once repeats it.
pub fn infer(mut taps: Vec<Tap>, shifts: &[Shift], debounce: TimeDelta) -> Inferred {
    if taps.iter().all(|tap| !tap.is_unknown) {
        return Inferred {
            taps,
            ..Inferred::default()
        };
    }
    taps.sort_by_key(|tap| (tap.at, tap.row));
    let mut inferred = Inferred::default();
    let mut days: BTreeMap<NaiveDate, Vec<Tap>> = BTreeMap::new();
    for tap in taps {
        let day = days.entry(work_day(&tap, shifts)).or_default();
        let repeats = day
            .last()
            .filter(|before| tap.is_unknown && tap.at - before.at <= debounce);
        match repeats {
            Some(before) => inferred.merged.push(Merge {
                row: tap.row,
                into: before.row,
            }),
            None => day.push(tap),
        }
    }
    for day in days.into_values() {
        let last = day.len() - 1;
        for (at, mut tap) in day.into_iter().enumerate() {
            match (tap.is_unknown, at) {
                (true, 0) => tap.direction = Direction::In,
                (true, at) if at == last => tap.direction = Direction::Out,
                (true, _) => {
                    inferred.refused.push((tap.row, Reason::Between));
                    continue;
                }
                (false, _) => {}
            }
            tap.is_unknown = false;
            inferred.taps.push(tap);
        }
    }
    inferred
}

/// The day a tap belongs to: that of the planned shift whose beginning or end is nearest, or the day on the wall.
fn work_day(tap: &Tap, shifts: &[Shift]) -> NaiveDate {
    let at = tap.at.to_utc();
    let near = shifts.iter().filter(|shift| {
        let window = shift.starts_at - EARLY..=shift.ends_at + EARLY;
        shift.kind == ShiftKind::Work && shift.cancelled_at.is_none() && window.contains(&at)
    });
    let away = |shift: &&Shift| {
        let (start, end) = ((at - shift.starts_at).abs(), (at - shift.ends_at).abs());
        (start.min(end), shift.starts_at)
    };
    near.min_by_key(away)
        .map_or_else(|| tap.at.date_naive(), |shift| shift.work_date)
}

/// What became of a file of punches. `rows` is always the sum of `blank`, `used`, `merged` and `refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PunchReport {
    pub dry_run: bool,
    pub blank: u64,
    #[serde(flatten)]
    pub punches: Rows,
    pub sessions: Sessions,
    pub refusals: Vec<Refusal>,
    pub merges: Vec<Merge>,
}

/// A row that was not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    pub row: u64,
    pub code: &'static str,
    pub reason: String,
}

impl PunchReport {
    pub fn of(mut report: Report, blank: u64, dry_run: bool) -> Self {
        report.sort();
        let refusals = report.refusals.into_iter().map(|one| Refusal {
            row: one.row,
            code: one.code,
            reason: one.reason,
        });
        let mut punches = report.punches;
        punches.rows += blank;
        Self {
            dry_run,
            blank,
            punches,
            sessions: report.sessions,
            refusals: refusals.collect(),
            merges: report.merges,
        }
    }

    pub const fn adds_up(&self) -> bool {
        let Rows {
            rows,
            used,
            merged,
            refused,
        } = self.punches;
        rows == self.blank + used + merged + refused
    }
}

impl std::fmt::Display for PunchReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Rows {
            rows,
            used,
            merged,
            refused,
        } = self.punches;
        let tried = if self.dry_run { " (tried only)" } else { "" };
        writeln!(
            f,
            "{rows} rows{tried}: {used} used, {merged} merged, {refused} refused, {} blank",
            self.blank
        )?;
        write!(f, "{}", self.sessions)?;
        for Refusal { row, code, reason } in &self.refusals {
            writeln!(f, "row {row}: {code}: {reason}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::{MemberId, ShiftId};
    use crate::schedules::model::Made;
    use uuid::Uuid;

    fn tap(row: u64, at: &str) -> Tap {
        Tap {
            row,
            at: at.parse().unwrap(),
            direction: Direction::In,
            is_unknown: true,
            place: None,
            device: None,
            name: String::new(),
        }
    }

    fn night() -> Shift {
        Shift {
            id: ShiftId::from_uuid(Uuid::nil()),
            member_id: MemberId::from_uuid(Uuid::nil()),
            place_id: None,
            kind: ShiftKind::Work,
            work_date: "2026-03-02".parse().unwrap(),
            starts_at: "2026-03-02T19:00:00Z".parse().unwrap(),
            ends_at: "2026-03-03T03:00:00Z".parse().unwrap(),
            break_minutes: 0,
            external_ref: None,
            created_at: crate::kernel::time::Instant::UNIX_EPOCH,
            cancelled_at: None,
            made: Made::default(),
        }
    }

    fn shown(inferred: &Inferred) -> Vec<(u64, Direction)> {
        let taps = inferred.taps.iter();
        taps.map(|tap| (tap.row, tap.direction)).collect()
    }

    #[test]
    fn the_first_is_in_and_the_last_is_out() {
        let day = |clock: &str| format!("2026-03-02T{clock}+03:00");
        let taps = vec![
            tap(2, &day("08:00:00")),
            tap(3, &day("08:00:40")),
            tap(4, &day("12:30:00")),
            tap(5, &day("17:00:00")),
        ];
        let inferred = infer(taps, &[], TimeDelta::seconds(60));
        let expected = [(2, Direction::In), (5, Direction::Out)];
        assert_eq!(shown(&inferred), expected);
        assert_eq!(inferred.refused, [(4, Reason::Between)]);
        assert_eq!((inferred.merged[0].row, inferred.merged[0].into), (3, 2));
    }

    #[test]
    fn a_planned_night_is_one_day() {
        let taps = || {
            vec![
                tap(2, "2026-03-02T21:50:00+03:00"),
                tap(3, "2026-03-03T06:10:00+03:00"),
            ]
        };
        let inferred = infer(taps(), &[night()], TimeDelta::seconds(60));
        let expected = [(2, Direction::In), (3, Direction::Out)];
        assert_eq!(shown(&inferred), expected);
        let unplanned = infer(taps(), &[], TimeDelta::seconds(60));
        let expected = [(2, Direction::In), (3, Direction::In)];
        assert_eq!(shown(&unplanned), expected);
    }

    #[test]
    fn the_example_is_a_mapping() {
        let mapping = Mapping::parse(super::super::EXAMPLE).unwrap();
        assert_eq!((mapping.debounce_seconds, mapping.member.by), (60, By::Tag));
        let bad = super::super::EXAMPLE.replace("column = \"Time\"", "date = \"Time\"");
        assert!(Mapping::parse(&bad).is_err());
        assert!(Mapping::parse(&format!("{}\nextra = 1", super::super::EXAMPLE)).is_err());
    }
}
