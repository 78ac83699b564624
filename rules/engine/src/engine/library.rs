//! Everything a rule can call besides its outcomes: pure, bounded, and short enough to read.

use std::sync::Arc;

use rhai::packages::{BasicIteratorPackage, BasicStringPackage, Package};
use rhai::{Array, Dynamic, ImmutableString, Module, def_package};

use super::register::{add, add_getter};
use super::{Raised, compare, host_error, questions, views};
use crate::{Moment, Money};

def_package! {
    /// Interpolation and ranges come from the language; the rest is ours.
    Library(module): BasicStringPackage, BasicIteratorPackage {
        compare::register(module);
        views::register(module);
        questions::register(module);
        numbers(module);
        texts(module);
        lists(module);
        money(module);
        moments(module);
    }
}

/// The shared module every engine registers.
pub(super) fn module() -> Arc<Module> {
    Library::new().as_shared_module()
}

fn numbers(module: &mut Module) {
    add(module, "!", |answer: bool| !answer);
    add(module, "+", |number: i64| number);
    add(module, "-", |number: i64| {
        number.checked_neg().ok_or_else(too_large)
    });
    add(module, "abs", |number: i64| {
        number.checked_abs().ok_or_else(too_large)
    });
    add(module, "at_least", |number: i64, least: i64| {
        number.max(least)
    });
    add(module, "at_most", |number: i64, most: i64| number.min(most));
    add(module, "percent", |number: i64, percent: i64| {
        number
            .checked_mul(percent)
            .map(|product| product / 100)
            .ok_or_else(too_large)
    });
    add(module, "started_blocks", started_blocks);
}

/// How many blocks have begun: 61 minutes in blocks of 15 are 5.
fn started_blocks(amount: i64, block: i64) -> Raised<i64> {
    if block <= 0 {
        return Err(host_error("a block must be longer than nothing", None));
    }
    Ok(if amount <= 0 {
        0
    } else {
        (amount - 1) / block + 1
    })
}

fn too_large() -> Box<rhai::EvalAltResult> {
    host_error("the number is too large", None)
}

/// Text functions return a new text; none changes one in place, because a rule that ends with such a
/// call would have no answer.
fn texts(module: &mut Module) {
    add(module, "len", |text: &str| {
        i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
    });
    add(module, "is_empty", |text: &str| text.is_empty());
    add(module, "contains", |text: &str, part: &str| {
        text.contains(part)
    });
    add(module, "starts_with", |text: &str, part: &str| {
        text.starts_with(part)
    });
    add(module, "ends_with", |text: &str, part: &str| {
        text.ends_with(part)
    });
    add(module, "to_upper", |text: &str| text.to_uppercase());
    add(module, "to_lower", |text: &str| text.to_lowercase());
    add(module, "trim", |text: &str| text.trim().to_owned());
    add(module, "+", |left: &str, right: &str| {
        format!("{left}{right}")
    });
}

/// By value, although a list is copied: what a method takes by reference is written back, and a list of
/// facts cannot be written. The host keeps lists short.
fn lists(module: &mut Module) {
    module.set_iterable::<Array>();
    add(module, "len", |list: Array| {
        i64::try_from(list.len()).unwrap_or(i64::MAX)
    });
    add(module, "is_empty", |list: Array| list.is_empty());
    add(module, "contains", |list: Array, item: Dynamic| {
        for member in &list {
            if compare::equal("==", member, &item)? {
                return Ok(true);
            }
        }
        Raised::Ok(false)
    });
}

fn money(module: &mut Module) {
    module.set_custom_type::<Money>("money");
    add(module, "+", |left: Money, right: Money| {
        same_currency(left, right, left.plus(right))
    });
    add(module, "-", |left: Money, right: Money| {
        same_currency(left, right, left.minus(right))
    });
    add(module, "*", |amount: Money, count: i64| {
        amount.times(count).ok_or_else(too_large)
    });
    add(module, "*", |count: i64, amount: Money| {
        amount.times(count).ok_or_else(too_large)
    });
    add(module, "*", |_: Money, by: f64| {
        Raised::<Money>::Err(times_fraction(by))
    });
    add(module, "*", |by: f64, _: Money| {
        Raised::<Money>::Err(times_fraction(by))
    });
    add(module, "/", |_: Money, _: Dynamic| {
        let hint = "use .percent(50) for a half; a division leaves cents that belong to nobody";
        Raised::<Money>::Err(host_error("money cannot be divided", Some(hint.to_owned())))
    });
    add(module, "percent", |amount: Money, percent: i64| {
        amount.percent(percent).ok_or_else(too_large)
    });
    add(module, "for_minutes", |hourly: Money, minutes: i64| {
        hourly.for_minutes(minutes).ok_or_else(too_large)
    });
    add(module, "at_least", |left: Money, right: Money| {
        let larger = if left.minor >= right.minor {
            left
        } else {
            right
        };
        same_currency(left, right, Some(larger))
    });
    add(module, "at_most", |left: Money, right: Money| {
        let smaller = if left.minor <= right.minor {
            left
        } else {
            right
        };
        same_currency(left, right, Some(smaller))
    });
    for name in ["to_string", "to_debug"] {
        add(module, name, |amount: Money| amount.to_string());
    }
}

fn same_currency(left: Money, right: Money, result: Option<Money>) -> Raised<Money> {
    if left.currency == right.currency {
        return result.ok_or_else(too_large);
    }
    Err(host_error(
        format!("cannot mix {} with {}", left.currency, right.currency),
        None,
    ))
}

fn times_fraction(by: f64) -> Box<rhai::EvalAltResult> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "only a suggestion in a message"
    )]
    let percent = (by * 100.0).round() as i64;
    host_error(
        "multiply money by a whole number",
        Some(format!("use .percent({percent})")),
    )
}

fn moments(module: &mut Module) {
    module.set_custom_type::<Moment>("moment");
    add_getter(module, "hour", |moment: &mut Moment| moment.hour());
    add_getter(module, "minute", |moment: &mut Moment| moment.minute());
    add_getter(module, "day", |moment: &mut Moment| moment.day());
    add_getter(module, "month", |moment: &mut Moment| moment.month());
    add_getter(module, "year", |moment: &mut Moment| moment.year());
    add_getter(module, "weekday", |moment: &mut Moment| moment.weekday());
    add_getter(module, "date", |moment: &mut Moment| moment.date());
    add(
        module,
        "minutes_since",
        |moment: Moment, earlier: Moment| moment.minutes_since(earlier),
    );
    add(module, "plus_minutes", |moment: Moment, minutes: i64| {
        moment.plus_minutes(minutes).ok_or_else(too_large)
    });
    add(module, "minus_minutes", |moment: Moment, minutes: i64| {
        let back = minutes.checked_neg();
        back.and_then(|back| moment.plus_minutes(back))
            .ok_or_else(too_large)
    });
    for name in ["to_string", "to_debug"] {
        add(module, name, |moment: Moment| moment.to_string());
    }
    add(module, "to_string", |text: ImmutableString| text);
}
