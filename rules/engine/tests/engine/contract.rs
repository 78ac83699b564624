//! The public contract of every hook: its name, how layers combine, what answers when a rule fails, what it
//! may cost, who approves a change, and its outcomes. A change here is a change for every organization.

use zamu_rules::{Budget, Combine, FailurePolicy, Hook, OutcomeSpec, Risk, hooks};

type Row = (
    &'static str,
    Combine,
    FailurePolicy,
    Budget,
    Risk,
    &'static str,
);

use Combine::{All, First, Strictest, Worst};
use FailurePolicy::{Closed, Default, Floor, Hold, Open, Skip};

const SMALL: Budget = Budget::SMALL;
const MEDIUM: Budget = Budget::MEDIUM;

/// Outcomes as a rule writes them.
const CONTRACT: &[Row] = &[
    (
        "attendance.geofence",
        First,
        Default,
        SMALL,
        Risk::B,
        "fence(radius_m) no_fence()",
    ),
    (
        "attendance.clock_in",
        Strictest,
        Open,
        SMALL,
        Risk::B,
        "allow() deny(code)",
    ),
    (
        "attendance.lateness",
        First,
        Default,
        SMALL,
        Risk::B,
        "on_time() late(minutes) very_late(minutes) excused()",
    ),
    (
        "attendance.break_start",
        Strictest,
        Open,
        SMALL,
        Risk::B,
        "allow() deny(code)",
    ),
    (
        "attendance.clock_out",
        Strictest,
        Open,
        SMALL,
        Risk::B,
        "allow() deny(code)",
    ),
    (
        "attendance.early_leave",
        First,
        Default,
        SMALL,
        Risk::B,
        "left_on_time() left_early(minutes) excused()",
    ),
    (
        "attendance.required_notes",
        All,
        Skip,
        SMALL,
        Risk::B,
        "nothing_required() require(kind, prompt)",
    ),
    (
        "attendance.breaks",
        First,
        Default,
        MEDIUM,
        Risk::C,
        "break_plan()",
    ),
    (
        "attendance.hours",
        First,
        Default,
        MEDIUM,
        Risk::C,
        "hours()",
    ),
    (
        "attendance.review",
        All,
        Default,
        MEDIUM,
        Risk::B,
        "no_flags() flag(code, severity)",
    ),
    (
        "attendance.auto_clock_out",
        First,
        Default,
        SMALL,
        Risk::B,
        "keep_open() close_at(at)",
    ),
    (
        "attendance.status",
        First,
        Default,
        SMALL,
        Risk::C,
        "present() late() half_day() absent() on_leave()",
    ),
    (
        "notify.route",
        All,
        Default,
        SMALL,
        Risk::B,
        "send(channel) delay_until(until) mute()",
    ),
    (
        "validate.add_member",
        All,
        Closed,
        SMALL,
        Risk::B,
        "ok() warn(field, text) reject(field, text)",
    ),
    (
        "validate.plan_shift",
        All,
        Open,
        SMALL,
        Risk::B,
        "ok() warn(field, text) reject(field, text)",
    ),
    (
        "validate.save_place",
        All,
        Open,
        SMALL,
        Risk::B,
        "ok() warn(field, text) reject(field, text)",
    ),
    (
        "validate.add_client",
        All,
        Open,
        SMALL,
        Risk::B,
        "ok() warn(field, text) reject(field, text)",
    ),
    (
        "report.column",
        First,
        Skip,
        Budget::ROW,
        Risk::A,
        "text(value) number(value) money(value) minutes(value) yes_no(value)",
    ),
    (
        "care.vital_sign",
        Worst,
        Floor,
        SMALL,
        Risk::D,
        "normal() watch() urgent() critical()",
    ),
    (
        "care.escalation",
        First,
        Floor,
        SMALL,
        Risk::D,
        "next(role, minutes) stop(why)",
    ),
    (
        "device.offline",
        Worst,
        Floor,
        SMALL,
        Risk::D,
        "fine() warn(role) page(role)",
    ),
    (
        "visit.reminder",
        First,
        Default,
        SMALL,
        Risk::A,
        "remind_at(moments) no_reminder()",
    ),
    (
        "visit.no_show",
        First,
        Default,
        SMALL,
        Risk::C,
        "wait(minutes) no_show() reschedule()",
    ),
    (
        "billing.visit_charge",
        First,
        Hold,
        MEDIUM,
        Risk::C,
        "no_charge() charge(amount, payer) hold(amount)",
    ),
    (
        "billing.session_pay",
        First,
        Hold,
        MEDIUM,
        Risk::C,
        "pay(amount) hold(amount)",
    ),
    (
        "mpesa.before_charge",
        Strictest,
        Hold,
        SMALL,
        Risk::C,
        "proceed() hold() cancel()",
    ),
    (
        "mpesa.before_payout",
        Strictest,
        Hold,
        SMALL,
        Risk::C,
        "proceed() needs_approval(role) hold()",
    ),
    (
        "mpesa.payment_result",
        First,
        Hold,
        SMALL,
        Risk::C,
        "settled() retry_after(minutes) ask_person()",
    ),
];

fn row(hook: &'static Hook) -> (&'static str, Combine, FailurePolicy, Budget, Risk, String) {
    let outcomes: Vec<String> = hook.outcomes.iter().map(OutcomeSpec::usage).collect();
    (
        hook.name,
        hook.combine,
        hook.failure,
        hook.budget,
        hook.risk,
        outcomes.join(" "),
    )
}

#[test]
fn every_hook_keeps_its_contract() {
    assert_eq!(hooks().len(), CONTRACT.len());
    for (hook, expected) in hooks().iter().zip(CONTRACT) {
        let (name, combine, failure, budget, risk, outcomes) = *expected;
        assert_eq!(
            row(hook),
            (name, combine, failure, budget, risk, outcomes.to_owned())
        );
        assert_eq!(hook.contract, 1);
    }
}

#[test]
fn the_graver_outcome_ranks_higher_where_ranks_decide() {
    let graver = |name: &str, ladder: &[&str]| {
        let hook = zamu_rules::hook(name).unwrap();
        let ranks: Vec<u8> = ladder
            .iter()
            .map(|it| hook.outcome(it).unwrap().rank)
            .collect();
        assert!(
            ranks.is_sorted_by(|low, high| low < high),
            "{name}: {ranks:?}"
        );
    };
    graver("attendance.clock_out", &["allow", "deny"]);
    graver("attendance.review", &["no_flags", "flag"]);
    graver(
        "attendance.required_notes",
        &["nothing_required", "require"],
    );
    graver("notify.route", &["send", "delay_until", "mute"]);
    graver("validate.save_place", &["ok", "warn", "reject"]);
    graver(
        "care.vital_sign",
        &["normal", "watch", "urgent", "critical"],
    );
    graver("device.offline", &["fine", "warn", "page"]);
    graver("mpesa.before_charge", &["proceed", "hold", "cancel"]);
    graver(
        "mpesa.before_payout",
        &["proceed", "needs_approval", "hold"],
    );
}

/// Sets every whole number of a record, however deep.
fn flood(record: &mut zamu_rules::Record, number: i64) {
    for value in record.values_mut() {
        flood_value(value, number);
    }
}

fn flood_value(value: &mut zamu_rules::Value, number: i64) {
    match value {
        zamu_rules::Value::Whole(whole) => *whole = number,
        zamu_rules::Value::Record(inner) => flood(inner, number),
        zamu_rules::Value::List(items) => {
            for item in items {
                flood_value(item, number);
            }
        }
        _ => {}
    }
}

#[test]
fn numbers_beyond_all_measure_are_refused_and_the_policy_answers() {
    let book = zamu_rules::Rulebook::embedded();
    for hook in hooks() {
        for number in [i64::MIN, -1_000_000_001, 1_000_000_001, i64::MAX] {
            let mut facts = hook.sample();
            flood(&mut facts, number);
            if facts == hook.sample() {
                continue;
            }
            let decision = book.decide("acme", hook.name, facts);
            let said = decision
                .problem
                .unwrap_or_else(|| panic!("{} takes {number}", hook.name));
            assert!(
                said.message.contains("beyond all measure"),
                "{}: {}",
                hook.name,
                said.message
            );
            assert_eq!(decision.status, zamu_rules::Status::Defaulted);
        }
        let mut facts = hook.sample();
        flood(&mut facts, 1_000_000_000);
        let decision = book.decide("acme", hook.name, facts);
        assert_ne!(
            decision.status,
            zamu_rules::Status::Incident,
            "{}",
            hook.name
        );
    }
}
