//! What the time of a closed session counts as: which breaks are paid, what is deducted, what is ordinary and what is
//! overtime. Punches are never rounded; buckets are, and what rounding gave or took is kept.

use chrono::Datelike;
use zamu_rules::{Decision, Record, Value, hooks};

use super::case::Case;
use super::facts::{self, Known};
use super::intervals::{self, Night, Span};
use super::judge::{Judged, items, text};
use super::model::{Break, Hours, Overtime, WorkSession};
use crate::kernel::time::{Instant, minutes_between};
use crate::rules::force::InForce;

/// Splits a session from in to out. Breaks learn whether they are paid.
pub fn work_out(
    rules: &mut InForce,
    case: &Case<'_>,
    known: &Known<'_>,
    session: &mut WorkSession,
    judged: &mut Judged,
) -> Option<Hours> {
    let whole = Span::new(session.clocked_in_at, session.clocked_out_at?);
    let breaks: Vec<Span> = session
        .breaks
        .iter()
        .filter_map(|pause| Span::new(pause.starts_at, pause.ends_at?))
        .collect();
    let worked_spans = whole
        .map(|whole| intervals::without(whole, &breaks))
        .unwrap_or_default();
    let worked = worked_minutes(session, known.time.occurred_at);
    let plan = rules.ask(hooks::BREAKS, breaks_facts(session, worked, known));
    judged.heed(&plan);
    judged.flags.extend(pay_breaks(&plan, &mut session.breaks));
    let minutes_of = |paid: bool| {
        session
            .breaks
            .iter()
            .filter(|pause| pause.is_paid == paid)
            .map(break_minutes)
            .sum::<i64>()
    };
    let mut hours = Hours {
        worked,
        paid_breaks: minutes_of(true),
        unpaid_breaks: minutes_of(false),
        deducted: items(&plan, "deductions")
            .filter_map(|item| whole_of(item, "minutes"))
            .sum::<i64>()
            .clamp(0, worked),
        holiday: intervals::minutes_on(&worked_spans, case.holidays, known.zone).min(worked),
        ..Hours::default()
    };
    let countable = worked + hours.paid_breaks - hours.deducted;
    let sorted = rules.ask(hooks::HOURS, hours_facts(session, countable, case, known));
    judged.heed(&sorted);
    sort(&mut hours, &sorted, countable);
    let night = intervals::night_minutes(&worked_spans, night_of(&sorted), known.zone);
    hours.night = night.min(worked);
    Some(hours)
}

/// Minutes from the clock-in until an instant, breaks left out.
pub fn worked_minutes(session: &WorkSession, until: Instant) -> i64 {
    (minutes_between(session.clocked_in_at, until) - minutes_on_break(session, until)).max(0)
}

/// Minutes of all breaks; one that still goes on counts until an instant.
pub fn minutes_on_break(session: &WorkSession, until: Instant) -> i64 {
    let breaks = session.breaks.iter();
    breaks
        .map(|pause| minutes_between(pause.starts_at, pause.ends_at.unwrap_or(until)).max(0))
        .sum()
}

pub fn break_minutes(pause: &Break) -> i64 {
    pause
        .ends_at
        .map_or(0, |end| minutes_between(pause.starts_at, end).max(0))
}

fn breaks_facts(session: &WorkSession, worked: i64, known: &Known<'_>) -> Record {
    let breaks: Vec<Value> = session
        .breaks
        .iter()
        .map(|pause| {
            let into = minutes_between(session.clocked_in_at, pause.starts_at);
            [
                ("kind", pause.kind.clone().into()),
                ("minutes", break_minutes(pause).into()),
                ("minutes_into_session", into.into()),
            ]
            .into()
        })
        .collect();
    facts::record([
        ("breaks", Value::List(breaks)),
        ("worked_minutes", worked.into()),
        ("person", facts::person(known)),
        ("now", facts::moment(known.time.occurred_at, known.zone)),
    ])
}

fn hours_facts(
    session: &WorkSession,
    countable: i64,
    case: &Case<'_>,
    known: &Known<'_>,
) -> Record {
    // What earlier sessions of the same shift have used up is not planned a second time.
    let planned = known
        .shift
        .map(|shift| (shift.owed_minutes() - case.shift_minutes_before).max(0));
    facts::record([
        ("worked_minutes", countable.into()),
        ("planned_minutes", planned.into()),
        ("week_minutes_before", case.week_minutes_before.into()),
        (
            "weekday",
            facts::weekday(session.work_date.weekday()).into(),
        ),
        (
            "is_public_holiday",
            case.holidays.contains(&session.work_date).into(),
        ),
        ("is_rest_day", case.is_rest_day.into()),
        ("person", facts::person(known)),
        ("now", facts::moment(known.time.occurred_at, known.zone)),
    ])
}

/// The last word on a break counts; every break is unpaid until the plan says otherwise.
fn pay_breaks(plan: &Decision, breaks: &mut [Break]) -> Vec<String> {
    let mut flags = Vec::new();
    for pause in breaks.iter_mut() {
        pause.is_paid = false;
    }
    for item in items(plan, "breaks") {
        let index = whole_of(item, "break_index").and_then(|index| usize::try_from(index).ok());
        let Some(pause) = index.and_then(|index| breaks.get_mut(index)) else {
            continue;
        };
        match text(item, "what").as_deref() {
            Some("paid") => pause.is_paid = true,
            Some("unpaid") => pause.is_paid = false,
            _ => {
                let code = text(item, "code");
                pause.flags.extend(
                    code.iter()
                        .filter(|code| !pause.flags.contains(code))
                        .cloned()
                        .collect::<Vec<_>>(),
                );
                flags.extend(code);
            }
        }
    }
    flags
}

/// The night as the rule says it; one that no clock shows is the usual one.
fn night_of(decision: &Decision) -> Night {
    let said = |field| decision.outcome.text(field);
    said("night_from")
        .zip(said("night_to"))
        .and_then(|(from, to)| Night::read(from, to))
        .unwrap_or_default()
}

fn sort(hours: &mut Hours, decision: &Decision, countable: i64) {
    let mode = Mode::named(decision.outcome.text("round_mode"));
    let step = decision.outcome.whole("round_to_minutes").unwrap_or(0);
    for bucket in items(decision, "buckets") {
        let minutes = round(whole_of(bucket, "minutes").unwrap_or(0), step, mode);
        match (
            text(bucket, "what").as_deref(),
            whole_of(bucket, "rate_percent"),
        ) {
            (Some("overtime"), Some(rate_percent)) => {
                add_overtime(&mut hours.overtime, minutes, rate_percent);
            }
            _ => hours.regular += minutes,
        }
    }
    hours.paid = hours.regular + hours.overtime.iter().map(|part| part.minutes).sum::<i64>();
    hours.rounding = hours.paid - countable;
}

fn add_overtime(overtime: &mut Vec<Overtime>, minutes: i64, rate_percent: i64) {
    match overtime
        .iter_mut()
        .find(|part| part.rate_percent == rate_percent)
    {
        Some(part) => part.minutes += minutes,
        None if minutes > 0 => overtime.push(Overtime {
            minutes,
            rate_percent,
        }),
        None => {}
    }
}

fn whole_of(item: &Record, field: &str) -> Option<i64> {
    item.get(field)?.as_whole()
}

/// Which way to round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Nearest,
    Up,
    Down,
}

impl Mode {
    fn named(name: Option<&str>) -> Self {
        match name {
            Some("up") => Self::Up,
            Some("down") => Self::Down,
            _ => Self::Nearest,
        }
    }
}

/// To whole steps; halfway goes up. In whole minutes and steps of 15 the cut is at eight minutes (7 min 59 s are
/// seven minutes and go down); in seconds and steps of 900 it is at seven and a half.
fn round(value: i64, step: i64, mode: Mode) -> i64 {
    if step <= 1 {
        return value;
    }
    let below = value.div_euclid(step) * step;
    let over = value - below;
    let up = match mode {
        Mode::Nearest => over * 2 >= step,
        Mode::Up => over > 0,
        Mode::Down => false,
    };
    if up { below + step } else { below }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both definitions of the quarter of an hour: whole minutes, and to the second.
    #[test]
    fn quarters_of_an_hour_are_cut_where_they_are_defined() {
        for (punch, in_minutes, in_seconds) in [
            ("08:07:00", "08:00", "08:00"),
            ("08:07:29", "08:00", "08:00"),
            ("08:07:31", "08:00", "08:15"),
            ("08:07:59", "08:00", "08:15"),
            ("08:08:00", "08:15", "08:15"),
            ("07:53:00", "08:00", "08:00"),
            ("07:52:00", "07:45", "07:45"),
        ] {
            let seconds = punch
                .split(':')
                .fold(0, |sum, part| sum * 60 + part.parse::<i64>().unwrap());
            let clock = |minutes: i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
            assert_eq!(
                clock(round(seconds / 60, 15, Mode::Nearest)),
                in_minutes,
                "{punch}"
            );
            assert_eq!(
                clock(round(seconds, 900, Mode::Nearest) / 60),
                in_seconds,
                "{punch}"
            );
        }
    }

    #[test]
    fn rounding_goes_the_way_it_is_told() {
        assert_eq!(
            [
                round(61, 15, Mode::Up),
                round(74, 15, Mode::Down),
                round(75, 15, Mode::Up),
                round(61, 0, Mode::Up)
            ],
            [75, 60, 75, 61]
        );
    }

    #[test]
    fn overtime_of_one_rate_is_one_part() {
        let mut parts = Vec::new();
        for (minutes, rate) in [(30, 150), (0, 200), (15, 150), (60, 200)] {
            add_overtime(&mut parts, minutes, rate);
        }
        let parts: Vec<_> = parts
            .iter()
            .map(|part| (part.minutes, part.rate_percent))
            .collect();
        assert_eq!(parts, [(45, 150), (60, 200)]);
    }
}
