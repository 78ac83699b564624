//! The files, row by row. Only one row is in memory at a time.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};
use csv::StringRecord;

use super::model::{Plan, PlanTime, User};
use super::reason::Reason;
use super::taps::Tap;
use crate::attendance::model::Direction;
use crate::kernel::error::{Error, Result};
use crate::kernel::text;
use crate::schedules::model::ShiftKind;

/// An open file of rows.
pub struct Table {
    file: &'static str,
    reader: csv::Reader<File>,
    columns: HashMap<String, usize>,
    record: StringRecord,
    row: u64,
    bytes: u64,
}

/// A row with the number a spreadsheet shows: the header is row 1.
pub struct Row<'a> {
    pub number: u64,
    columns: &'a HashMap<String, usize>,
    record: &'a StringRecord,
}

impl Table {
    /// Opens a file of the folder and checks that it has the columns that the import reads.
    pub fn open(folder: &Path, file: &'static str, columns: &[&str]) -> Result<Self> {
        let refused = |message: String| Error::invalid("dir", message);
        let path = folder.join(file);
        let opened = File::open(&path)
            .map_err(|error| refused(format!("cannot read {}: {error}", path.display())))?;
        let bytes = opened.metadata().map_err(Error::internal)?.len();
        let mut reader = csv::Reader::from_reader(opened);
        let headers = reader
            .headers()
            .map_err(|error| refused(format!("cannot read {file}: {error}")))?;
        let found: HashMap<String, usize> = headers
            .iter()
            .zip(0..)
            .map(|(name, at)| (name.trim().to_owned(), at))
            .collect();
        let missing: Vec<&str> = columns
            .iter()
            .copied()
            .filter(|name| !found.contains_key(*name))
            .collect();
        if !missing.is_empty() {
            return Err(refused(format!(
                "{file} has no column {}",
                missing.join(", ")
            )));
        }
        Ok(Self {
            file,
            reader,
            columns: found,
            record: StringRecord::new(),
            row: 1,
            bytes,
        })
    }

    pub fn file(&self) -> &'static str {
        self.file
    }

    /// The next row; one that is not CSV has only its number.
    #[expect(clippy::should_implement_trait, reason = "a row lends from the table")]
    pub fn next(&mut self) -> Result<Option<Result<Row<'_>, (u64, Reason)>>> {
        let read = self.reader.read_record(&mut self.record);
        self.row += 1;
        match read {
            Ok(false) => Ok(None),
            Ok(true) => Ok(Some(Ok(Row {
                number: self.row,
                columns: &self.columns,
                record: &self.record,
            }))),
            Err(error) if error.is_io_error() => {
                Err(Error::internal(format!("{}: {error}", self.file)))
            }
            Err(error) => Ok(Some(Err((self.row, Reason::Malformed(malformed(&error)))))),
        }
    }

    /// How far it is read, and how far there is to read, in bytes.
    pub fn position(&self) -> (u64, u64) {
        (self.reader.position().byte(), self.bytes)
    }
}

fn malformed(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".to_owned(),
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            format!("it has {len} fields where the header has {expected_len}")
        }
        _ => error.to_string(),
    }
}

impl<'a> Row<'a> {
    fn get(&self, column: &str) -> &'a str {
        self.columns
            .get(column)
            .and_then(|at| self.record.get(*at))
            .unwrap_or_default()
            .trim()
    }

    fn optional(&self, column: &str) -> Option<String> {
        Some(self.get(column))
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }

    fn user_id(&self) -> Result<String, Reason> {
        self.optional("user_id").ok_or(Reason::NoUser)
    }
}

pub const USER_COLUMNS: &[&str] = &[
    "user_id",
    "first_name",
    "last_name",
    "date_hire",
    "date_leave",
    "position",
    "location",
    "department",
    "created_at",
];

pub fn user(row: &Row<'_>) -> Result<User, Reason> {
    let id = row.user_id()?;
    let name = format!("{} {}", row.get("first_name"), row.get("last_name"));
    let name = Some(name.trim())
        .filter(|name| !name.is_empty())
        .map_or_else(|| format!("Employee {id}"), str::to_owned);
    Ok(User {
        name,
        title: row.optional("position"),
        location: row.optional("location"),
        department: row.optional("department"),
        hired: row
            .optional("date_hire")
            .map(|text| date(&text))
            .transpose()?,
        left: row
            .optional("date_leave")
            .map(|text| date(&text))
            .transpose()?,
        created: row
            .optional("created_at")
            .map(|text| date_time(&text))
            .transpose()?,
        id,
    })
}

pub const PLAN_COLUMNS: &[&str] = &[
    "type",
    "dates",
    "time_start",
    "time_end",
    "timezone",
    "break_time",
    "leave_type",
    "user_id",
];

pub fn plan(row: &Row<'_>) -> Result<Plan, Reason> {
    let kind = match (row.get("type"), row.get("leave_type")) {
        ("work", _) => ShiftKind::Work,
        ("free", _) => ShiftKind::Free,
        ("leave", "day_off") => ShiftKind::DayOff,
        ("leave", _) => ShiftKind::Leave,
        (other, _) => return Err(Reason::UnknownType(other.to_owned())),
    };
    let leave = leave_type(row, kind)?;
    let users: Vec<String> = items(row.get("user_id")).map(str::to_owned).collect();
    let dates = items(row.get("dates"))
        .map(date)
        .collect::<Result<Vec<_>, _>>()?;
    let time = match kind {
        ShiftKind::DayOff => PlanTime::WholeDay,
        ShiftKind::Leave => leave_time(row)?,
        ShiftKind::Work | ShiftKind::Free => wall(row)?,
    };
    // From an hour to the same hour there is none to be late for.
    let kind = match time {
        PlanTime::Wall { starts, ends, .. } if starts == ends => ShiftKind::Free,
        _ => kind,
    };
    let break_seconds: i64 = match row.get("break_time") {
        "" => 0,
        text => text
            .parse()
            .ok()
            .ok_or_else(|| Reason::BadSeconds(text.to_owned()))?,
    };
    match (users.is_empty(), dates.is_empty()) {
        (true, _) => return Err(Reason::NoUser),
        (_, true) => return Err(Reason::NoDate),
        _ if break_seconds < 0 => return Err(Reason::BadSeconds(break_seconds.to_string())),
        _ if break_seconds >= time.length().num_seconds() => return Err(Reason::BreakTooLong),
        _ => {}
    }
    Ok(Plan {
        kind,
        leave,
        users,
        dates,
        time,
        break_minutes: i32::try_from(break_seconds / 60).unwrap_or(i32::MAX),
    })
}

/// From one hour to another, as the clock there shows it.
fn wall(row: &Row<'_>) -> Result<PlanTime, Reason> {
    Ok(PlanTime::Wall {
        starts: time(row.get("time_start"))?,
        ends: time(row.get("time_end"))?,
        offset: offset(row.get("timezone"))?,
    })
}

/// Leave is of whole days, unless it says from when to when.
fn leave_time(row: &Row<'_>) -> Result<PlanTime, Reason> {
    match (row.get("time_start"), row.get("time_end")) {
        ("", "") => Ok(PlanTime::WholeDay),
        _ => wall(row),
    }
}

/// What kind of leave it is.
fn leave_type(row: &Row<'_>, kind: ShiftKind) -> Result<String, Reason> {
    match (kind, row.get("leave_type")) {
        (ShiftKind::Leave, "") => Err(Reason::UnknownType("leave".to_owned())),
        (ShiftKind::Leave, name) => Ok(name.to_lowercase()),
        _ => Ok(String::new()),
    }
}

pub const LEAVE_REQUEST_COLUMNS: &[&str] = &[
    "user_id",
    "dates",
    "type",
    "leave_type",
    "time_start",
    "time_end",
    "timezone",
    "status",
];

/// Granted leave of one person.
pub fn leave_request(row: &Row<'_>) -> Result<Plan, Reason> {
    let user = row.user_id()?;
    let kind = match (row.get("type"), row.get("leave_type")) {
        ("leave", "day_off") => ShiftKind::DayOff,
        ("leave", _) => ShiftKind::Leave,
        (other, _) => return Err(Reason::UnknownType(other.to_owned())),
    };
    let leave = leave_type(row, kind)?;
    match row.get("status") {
        "accepted" => {}
        other => return Err(Reason::NotGranted(other.to_owned())),
    }
    let dates = items(row.get("dates"))
        .map(date)
        .collect::<Result<Vec<_>, _>>()?;
    if dates.is_empty() {
        return Err(Reason::NoDate);
    }
    let time = match kind {
        ShiftKind::Leave => leave_time(row)?,
        _ => PlanTime::WholeDay,
    };
    Ok(Plan {
        kind,
        leave,
        users: vec![user],
        dates,
        time,
        break_minutes: 0,
    })
}

pub const PUNCH_COLUMNS: &[&str] = &["user_id", "location", "date", "time", "timezone", "case"];

/// The user and what the user claims.
pub fn punch(row: &Row<'_>) -> Result<(String, Tap), Reason> {
    let user = row.user_id()?;
    let direction = match row.get("case") {
        "IN" => Direction::In,
        "OUT" => Direction::Out,
        "BREAK" => return Err(Reason::BreakUndefined),
        other => return Err(Reason::UnknownCase(other.to_owned())),
    };
    let local = date(row.get("date"))?.and_time(time(row.get("time"))?);
    let at: Option<DateTime<FixedOffset>> = local
        .and_local_timezone(offset(row.get("timezone"))?)
        .single();
    let at = at.ok_or_else(|| Reason::BadDate(row.get("date").to_owned()))?;
    let place = text::optional("location", Some(row.get("location")), 200)
        .map_err(|bad| Reason::Malformed(bad.message))?;
    let name = format!(
        "clockster:{user}:{}:{}",
        at.format("%Y-%m-%dT%H:%M:%S%:z"),
        direction.name()
    );
    Ok((
        user,
        Tap {
            row: row.number,
            at,
            direction,
            is_unknown: false,
            place,
            device: None,
            name,
        },
    ))
}

/// The items of `["2022-01-31", "2022-02-01"]` and of `{74025,74027}`; an empty list has none.
fn items(list: &str) -> impl Iterator<Item = &str> {
    let inside = list.trim_matches(|c| matches!(c, '[' | ']' | '{' | '}'));
    inside
        .split(',')
        .map(|item| item.trim().trim_matches('"'))
        .filter(|item| !item.is_empty())
}

/// Years that both databases and every calendar here can hold.
fn date(text: &str) -> Result<NaiveDate, Reason> {
    let parsed = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let kept = parsed.filter(|date| (1900..2200).contains(&chrono::Datelike::year(date)));
    kept.ok_or_else(|| Reason::BadDate(text.to_owned()))
}

fn time(text: &str) -> Result<NaiveTime, Reason> {
    let parsed = NaiveTime::parse_from_str(text, "%H:%M:%S")
        .or_else(|_| NaiveTime::parse_from_str(text, "%H:%M"));
    // A leap second would not come back from its outside name.
    let kept = parsed
        .ok()
        .filter(|time| chrono::Timelike::nanosecond(time) == 0);
    kept.ok_or_else(|| Reason::BadTime(text.to_owned()))
}

fn date_time(text: &str) -> Result<NaiveDateTime, Reason> {
    let (day, clock) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
    Ok(date(day)?.and_time(time(clock)?))
}

fn offset(text: &str) -> Result<FixedOffset, Reason> {
    text.parse()
        .ok()
        .ok_or_else(|| Reason::BadOffset(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(
        text: &str,
        row: impl Fn(&Row<'_>) -> Result<T, Reason>,
    ) -> Vec<(u64, Result<T, Reason>)> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("rows.csv"), text).unwrap();
        let mut table = Table::open(folder.path(), "rows.csv", &["user_id"]).unwrap();
        let mut all = Vec::new();
        while let Some(next) = table.next().unwrap() {
            all.push(match next {
                Ok(found) => (found.number, row(&found)),
                Err((number, reason)) => (number, Err(reason)),
            });
        }
        all
    }

    fn codes<T>(all: Vec<(u64, Result<T, Reason>)>) -> Vec<(u64, &'static str)> {
        all.into_iter()
            .map(|(row, read)| (row, read.err().map_or("used", |reason| reason.code())))
            .collect()
    }

    #[test]
    fn a_punch_that_cannot_be_read_says_why() {
        let text = "user_id,location,date,time,timezone,case\n\
                    7,,2022-01-03,08:00:00,+08:00,IN\n\
                    ,,2022-01-03,08:00:00,+08:00,IN\n\
                    7,,2022-02-30,08:00:00,+08:00,IN\n\
                    7,,2022-01-03,25:00:00,+08:00,IN\n\
                    7,,2022-01-03,08:00:00,Bali,IN\n\
                    7,,2022-01-03,08:00:00,+08:00,BREAK\n\
                    7,,2022-01-03,08:00:00,+08:00,LUNCH\n\
                    7,,2022-01-03\n\
                    7,Clinic,2022-01-03,17:00,+08:00,OUT\n";
        let expected = [
            (2, "used"),
            (3, "NO_USER"),
            (4, "BAD_DATE"),
            (5, "BAD_TIME"),
            (6, "BAD_OFFSET"),
            (7, "BREAK_UNDEFINED"),
            (8, "UNKNOWN_CASE"),
            (9, "MALFORMED"),
            (10, "used"),
        ];
        assert_eq!(codes(read(text, punch)), expected);
    }

    #[test]
    fn a_plan_is_for_many_people_on_many_days() {
        let text = "type,dates,time_start,time_end,timezone,break_time,leave_type,user_id\n\
                    work,\"[\"\"2022-01-03\"\", \"\"2022-01-04\"\"]\",08:00:00,17:00:00,+08:00,3600,,\"{7,8}\"\n\
                    leave,\"[\"\"2022-01-05\"\"]\",,,,,day_off,{7}\n\
                    leave,\"[\"\"2022-01-05\"\"]\",,,,,sick,{7}\n\
                    fake,\"[\"\"2022-01-05\"\"]\",,,+06:00,0,,{7}\n\
                    work,\"[\"\"2022-01-03\"\"]\",00:00:00,00:05:00,+08:00,3600,,{7}\n\
                    work,[],08:00:00,17:00:00,+08:00,0,,{7}\n\
                    work,\"[\"\"2022-01-03\"\"]\",,17:00:00,+08:00,0,,{7}\n\
                    work,\"[\"\"2022-01-03\"\"]\",08:00:00,17:00:00,+08:00,an hour,,{7}\n\
                    work,\"[\"\"2022-01-03\"\"]\",08:00:00,17:00:00,+08:00,0,,{}\n";
        let mut rows = read(text, plan);
        let (_, first) = rows.remove(0);
        let first = first.unwrap();
        assert_eq!(
            (
                first.kind,
                first.users.len(),
                first.dates.len(),
                first.break_minutes
            ),
            (ShiftKind::Work, 2, 2, 60)
        );
        assert_eq!(rows.remove(0).1.unwrap().kind, ShiftKind::DayOff);
        let sick = rows.remove(0).1.unwrap();
        let expected = (ShiftKind::Leave, "sick", PlanTime::WholeDay);
        assert_eq!((sick.kind, sick.leave.as_str(), sick.time), expected);
        let expected = [
            (5, "UNKNOWN_TYPE"),
            (6, "BREAK_TOO_LONG"),
            (7, "NO_DATE"),
            (8, "BAD_TIME"),
            (9, "BAD_SECONDS"),
            (10, "NO_USER"),
        ];
        assert_eq!(codes(rows), expected);
    }

    #[test]
    fn work_from_an_hour_to_the_same_hour_is_free() {
        let text = "type,dates,time_start,time_end,timezone,break_time,leave_type,user_id\n\
                    work,\"[\"\"2022-01-03\"\"]\",00:00:00,00:00:00,+08:00,0,,{7}\n\
                    work,\"[\"\"2022-01-03\"\"]\",22:00:00,06:00:00,+08:00,0,,{7}\n";
        let kinds = read(text, plan)
            .into_iter()
            .map(|(_, plan)| plan.unwrap().kind);
        assert_eq!(
            kinds.collect::<Vec<_>>(),
            [ShiftKind::Free, ShiftKind::Work]
        );
    }

    #[test]
    fn a_user_without_a_name_gets_one() {
        let text = "user_id,first_name,last_name,date_hire,date_leave,position,location,department,created_at\n\
                    7,,,2021-11-01,,Dokter,Clinic,Medical,2021-10-20 11:15:49\n\
                    8,Ada, Lovelace ,,,,,,\n";
        let users: Vec<User> = read(text, user)
            .into_iter()
            .map(|(_, user)| user.unwrap())
            .collect();
        let names: Vec<&str> = users.iter().map(|user| user.name.as_str()).collect();
        assert_eq!(names, ["Employee 7", "Ada Lovelace"]);
        assert_eq!(
            (users[0].title.as_deref(), users[1].title.as_deref()),
            (Some("Dokter"), None)
        );
    }

    #[test]
    fn a_file_without_its_columns_is_refused_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |columns| {
            Table::open(folder.path(), "rows.csv", columns)
                .err()
                .unwrap()
        };
        assert!(refused(&["user_id"]).message.contains("cannot read"));
        std::fs::write(folder.path().join("rows.csv"), "\u{feff}user_id,case\n").unwrap();
        assert_eq!(
            refused(&["user_id", "date", "time"]).message,
            "rows.csv has no column date, time"
        );
        assert!(Table::open(folder.path(), "rows.csv", &["user_id", "case"]).is_ok());
    }
}
