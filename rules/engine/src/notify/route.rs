//! `notify.route`: how does this message reach its person, and when?

use crate::Record;
use crate::hook::{
    Argument, Budget, Combine, Effect, FailurePolicy, Hook, Kind, Method, OutcomeSpec, Risk,
};
use crate::shared::{PERSON, sample_moment, sample_now, sample_person};
use crate::twin::{moment, records, text, text_or, yes};
use crate::verdict::Verdict;

const CHANNEL: &[Argument] = &[Argument::Choice {
    field: "channel",
    choices: &["push", "sms", "email", "inbox"],
}];

const SEND: &[Method] = &[Method {
    name: "send",
    arguments: CHANNEL,
    effect: Effect::Append("channels"),
    about: "and through this channel too",
}];

/// What carries a critical message, whatever a rule says.
const CRITICAL: [&str; 2] = ["push", "sms"];

const QUIET: Kind = Kind::Record(fields! {
    is_quiet_now: Kind::YesNo => "whether the person is not to be disturbed now";
    ends_at: Kind::Moment => "when they may be disturbed again" may_be_empty;
});

pub(crate) const HOOK: Hook = Hook {
    name: crate::hooks::NOTIFY_ROUTE,
    contract: 1,
    about: "How does this message reach its person, and when? Asked before any message.",
    subject: "message",
    facts: fields! {
        topic: Kind::Text => "what it is about, such as shift_changed";
        severity: Kind::Choice(&["info", "watch", "urgent", "critical"]) => "how grave it is";
        person: PERSON => "who receives it";
        has_opted_out: Kind::YesNo => "whether the person asked for no messages of this topic";
        quiet_hours: QUIET => "quiet hours of the person; reads as empty" reads_as_empty;
        now: Kind::Moment => "the moment of sending, in the person's local time";
    },
    outcomes: &[
        OutcomeSpec::with("send", CHANNEL, "send it now")
            .gathered_in("channels")
            .methods(SEND),
        OutcomeSpec::with(
            "delay_until",
            &[Argument::Moment { field: "until" }],
            "send it then",
        )
        .rank(1),
        OutcomeSpec::plain("mute", "send nothing; it stays in the inbox").rank(2),
    ],
    failure: FailurePolicy::Default,
    combine: Combine::All,
    risk: Risk::B,
    budget: Budget::SMALL,
    sample,
    built_in,
    invariant,
};

fn sample() -> Record {
    facts! {
        topic: "shift_changed",
        severity: "info",
        person: sample_person(),
        has_opted_out: false,
        quiet_hours: facts! { is_quiet_now: false, ends_at: sample_moment(60) },
        now: sample_now(),
    }
}

/// The twin of `route.rhai`.
fn built_in(facts: &Record, settings: &Record) -> Verdict {
    let severity = text(facts, "severity");
    let is_urgent = severity == "urgent" || severity == "critical";
    if !is_urgent && yes(facts, "has_opted_out") {
        return Verdict::new("mute").because("the person asked for no messages of this topic");
    }
    let ends = moment(facts, "quiet_hours.ends_at");
    if let Some(ends) = ends.filter(|_| !is_urgent && yes(facts, "quiet_hours.is_quiet_now")) {
        return Verdict::new("delay_until")
            .with("until", ends)
            .because("these are quiet hours");
    }
    let mut answer = Verdict::new("send");
    let usual = text_or(settings, "usual_channel", "push");
    answer.append("channels", "send", facts! { channel: usual });
    if is_urgent {
        let urgent = text_or(settings, "urgent_channel", "sms");
        answer.append("channels", "send", facts! { channel: urgent });
    }
    answer
}

/// A critical message is neither muted, delayed nor sent through fewer channels than the platform's.
fn invariant(answer: &mut Verdict, facts: &Record) -> Option<String> {
    if text(facts, "severity") != "critical" {
        return None;
    }
    let said = answer.name;
    let has = |answer: &Verdict, wanted: &str| {
        records(&answer.values, "channels").any(|item| text(item, "channel") == wanted)
    };
    let missing: Vec<&str> = CRITICAL
        .into_iter()
        .filter(|channel| !has(answer, channel))
        .collect();
    if said == "send" && missing.is_empty() {
        return None;
    }
    answer.name = "send";
    answer.values.remove("until");
    for channel in &missing {
        answer.append("channels", "send", facts! { channel: *channel });
    }
    Some(format!(
        "the rule said {said}; the platform sends critical messages now, by {}",
        CRITICAL.join(" and ")
    ))
}
