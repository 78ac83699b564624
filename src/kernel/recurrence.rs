//! On which days something comes again (RFC 5545), for shifts and attendance events alike.

use chrono::NaiveDate;

use super::error::{Code, Error, Result};

/// Days in front of today for which what comes again is planned.
pub const HORIZON_DAYS: u64 = 56;
const LONGEST_RULE: usize = 300;

/// The days on which a recurrence rule falls between two, both included. The rule is followed over dates only, so a
/// change of clocks can neither skip nor double one: what time it is on a date is asked of the place's clocks later.
pub fn days(
    rule: &str,
    first: NaiveDate,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<NaiveDate>> {
    let set = followed(rule, first)?;
    let dates = set.into_iter().map(|at| at.date_naive());
    Ok(dates
        .skip_while(|date| *date < from)
        .take_while(|date| *date <= to)
        .collect())
}

/// The first day a rule falls on, up to a last one if there is any.
pub fn first_day(rule: &str, first: NaiveDate, last: Option<NaiveDate>) -> Result<NaiveDate> {
    let set = followed(rule, first)?;
    let day = set.into_iter().next().map(|at| at.date_naive());
    let day = day.filter(|day| last.is_none_or(|last| *day <= last));
    day.ok_or_else(|| invalid(&"it never falls"))
}

fn followed(rule: &str, first: NaiveDate) -> Result<rrule::RRuleSet> {
    let rule = checked(rule)?;
    let text = format!("DTSTART:{}T000000Z\nRRULE:{rule}", first.format("%Y%m%d"));
    let set: rrule::RRuleSet = text
        .parse()
        .map_err(|error: rrule::RRuleError| invalid(&error))?;
    // Bounded: a rule that never falls, such as on 30 February, ends after so many tries.
    Ok(set.limit())
}

fn invalid(why: &impl std::fmt::Display) -> Error {
    let message = format!("this is not a recurrence that can be followed: {why}");
    Error::refused(Code::RecurrenceInvalid, message).at("recurrence")
}

/// The rule in the form that is followed: parts of RFC 5545 about days, `UNTIL` as an instant of the same kind as the
/// start. What is about times of day is refused: those come from the shape.
fn checked(rule: &str) -> Result<String> {
    let rule = rule.trim();
    let rule = rule.strip_prefix("RRULE:").unwrap_or(rule).to_uppercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || "=;,+-".contains(c);
    if rule.len() > LONGEST_RULE || !rule.chars().all(plain) {
        return Err(invalid(&"it looks like FREQ=WEEKLY;BYDAY=MO,WE,FR"));
    }
    if rule.contains("COUNT=") && rule.contains("UNTIL=") {
        return Err(invalid(&"it ends by COUNT or by UNTIL, not by both"));
    }
    let parts = rule.split(';').filter(|part| !part.is_empty()).map(part);
    Ok(parts.collect::<Result<Vec<_>>>()?.join(";"))
}

fn part(part: &str) -> Result<String> {
    let (name, value) = part.split_once('=').unwrap_or((part, ""));
    match name {
        "FREQ" if !matches!(value, "DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY") => {
            Err(invalid(&"FREQ is DAILY, WEEKLY, MONTHLY or YEARLY"))
        }
        "UNTIL" => {
            let date = value.get(..8).unwrap_or(value);
            if NaiveDate::parse_from_str(date, "%Y%m%d").is_err() {
                return Err(invalid(&"UNTIL looks like 20261231"));
            }
            Ok(format!("UNTIL={date}T000000Z"))
        }
        // The crate takes a zero and then never moves on.
        "INTERVAL" | "COUNT" if value.parse::<u16>().map_or(true, |number| number == 0) => {
            Err(invalid(&format!("{name} is a number from 1 to 65535")))
        }
        "FREQ" | "INTERVAL" | "COUNT" | "BYDAY" | "BYMONTHDAY" | "BYMONTH" | "BYSETPOS"
        | "BYWEEKNO" | "BYYEARDAY" | "WKST" => Ok(part.to_owned()),
        _ => Err(invalid(&format!("{name} is not about days"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn some(rule: &str, first: &str, to: &str) -> Vec<String> {
        let found = days(rule, date(first), (date(first), date(to))).unwrap();
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_rule_is_followed_over_days() {
        assert_eq!(
            some("FREQ=WEEKLY;BYDAY=MO,FR", "2026-03-02", "2026-03-13"),
            ["2026-03-02", "2026-03-06", "2026-03-09", "2026-03-13"]
        );
        assert_eq!(
            some(
                "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=3",
                "2026-03-02",
                "2026-12-31"
            ),
            ["2026-03-02", "2026-03-04", "2026-03-06"]
        );
        assert_eq!(
            some("FREQ=MONTHLY;BYDAY=-1FR", "2026-03-01", "2026-05-31"),
            ["2026-03-27", "2026-04-24", "2026-05-29"]
        );
        for until in ["20260304", "20260304T235959Z", "20260304T000000"] {
            let rule = format!("FREQ=DAILY;UNTIL={until}");
            assert_eq!(some(&rule, "2026-03-02", "2026-12-31").len(), 3, "{until}");
        }
        // What comes before is counted, not shown.
        let rule = "FREQ=DAILY;COUNT=5";
        let later = days(
            rule,
            date("2026-03-02"),
            (date("2026-03-05"), date("2026-12-31")),
        );
        assert_eq!(later.unwrap().len(), 2);
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        for rule in [
            "",
            "every monday",
            "FREQ=HOURLY",
            "FREQ=SECONDLY;INTERVAL=1",
            "FREQ=DAILY;BYHOUR=9",
            "FREQ=DAILY;BYSECOND=1,2,3",
            "FREQ=WEEKLY;BYDAY=XX",
            "FREQ=DAILY;INTERVAL=0",
            "FREQ=DAILY;COUNT=1;UNTIL=20260304",
            "FREQ=DAILY;UNTIL=tomorrow",
            "FREQ=DAILY\nDTSTART:20200101T000000Z",
            "FREQ=MONTHLY;BYMONTHDAY=32",
            &format!("FREQ=WEEKLY;BYDAY={}", "MO,".repeat(200)),
        ] {
            let refused = days(
                rule,
                date("2026-03-02"),
                (date("2026-03-02"), date("2026-04-01")),
            );
            let code = refused.map_err(|error| error.code);
            assert_eq!(code, Err(Code::RecurrenceInvalid), "{rule}");
        }
    }

    #[test]
    fn a_rule_that_never_falls_ends() {
        let never = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30";
        assert!(some(never, "2026-03-02", "2199-12-31").is_empty());
        let refused = first_day(never, date("2026-03-02"), None).unwrap_err();
        assert_eq!(refused.code, Code::RecurrenceInvalid);
    }

    #[test]
    fn the_first_day_may_come_after_the_last() {
        let sundays = |last: &str| {
            first_day("FREQ=WEEKLY;BYDAY=SU", date("2026-03-02"), Some(date(last)))
                .map_err(|error| error.code)
        };
        assert_eq!(sundays("2026-03-08"), Ok(date("2026-03-08")));
        assert_eq!(sundays("2026-03-07"), Err(Code::RecurrenceInvalid));
    }
}
