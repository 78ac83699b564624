//! Strict comparison: two values of different kinds cannot be compared, they can only be a mistake.
//!
//! The language answers "no" when a text is compared with a number, so a misspelt fact would quietly
//! mean "not late". These catch-alls replace every comparison, which works only while fast operators
//! are off.

use std::cmp::Ordering;

use rhai::{Dynamic, ImmutableString, Module};

use super::register::add;
use super::views::FactsView;
use super::{Raised, host_error};
use crate::verdict::Verdict;
use crate::{Moment, Money};

/// Whether an order satisfies an operator.
type Holds = fn(Ordering) -> bool;

/// Replaces the six comparisons.
pub(super) fn register(module: &mut Module) {
    add(module, "==", |left: Dynamic, right: Dynamic| {
        equal("==", &left, &right)
    });
    add(module, "!=", |left: Dynamic, right: Dynamic| {
        equal("!=", &left, &right).map(|same| !same)
    });
    let orders: [(&'static str, Holds); 4] = [
        ("<", Ordering::is_lt),
        ("<=", Ordering::is_le),
        (">", Ordering::is_gt),
        (">=", Ordering::is_ge),
    ];
    for (operator, holds) in orders {
        add(module, operator, move |left: Dynamic, right: Dynamic| {
            order(operator, &left, &right).map(holds)
        });
    }
}

/// Equality. Anything may be compared with `()`, which is how a rule asks whether a fact is empty.
pub(super) fn equal(operator: &str, left: &Dynamic, right: &Dynamic) -> Raised<bool> {
    if left.is_unit() || right.is_unit() {
        for side in [left, right] {
            if let Some(view) = side.read_lock::<FactsView>() {
                view.note_presence();
            }
        }
        return Ok(left.is_unit() && right.is_unit());
    }
    if let (Ok(left), Ok(right)) = (left.as_bool(), right.as_bool()) {
        return Ok(left == right);
    }
    order(operator, left, right).map(Ordering::is_eq)
}

fn order(operator: &str, left: &Dynamic, right: &Dynamic) -> Raised<Ordering> {
    if let (Ok(left), Ok(right)) = (left.as_int(), right.as_int()) {
        return Ok(left.cmp(&right));
    }
    if let (Ok(left), Ok(right)) = (left.as_char(), right.as_char()) {
        return Ok(left.cmp(&right));
    }
    let texts = (
        left.read_lock::<ImmutableString>(),
        right.read_lock::<ImmutableString>(),
    );
    if let (Some(left), Some(right)) = texts {
        return Ok(left.as_str().cmp(right.as_str()));
    }
    if let (Some(left), Some(right)) = (left.read_lock::<Money>(), right.read_lock::<Money>()) {
        if left.currency == right.currency {
            return Ok(left.minor.cmp(&right.minor));
        }
        let message = format!("cannot compare {} with {}", left.currency, right.currency);
        return Err(host_error(message, None));
    }
    if let (Some(left), Some(right)) = (left.read_lock::<Moment>(), right.read_lock::<Moment>()) {
        return Ok(left.utc_micros.cmp(&right.utc_micros));
    }
    let message = format!(
        "cannot compare {} {operator} {}",
        kind_of(left),
        kind_of(right)
    );
    Err(host_error(message, hint(left, right)))
}

/// What to write instead, for the slips people make.
fn hint(left: &Dynamic, right: &Dynamic) -> Option<String> {
    let either = |test: fn(&Dynamic) -> bool| test(left) || test(right);
    let hint = if either(Dynamic::is_unit) {
        "the value may be empty: test it with `== ()`, or give a stand-in with `?? 0`"
    } else if either(Dynamic::is_float) {
        "rules decide on whole numbers; name the unit so that no fraction is needed"
    } else if either(Dynamic::is_bool) && either(Dynamic::is_int) {
        "write the two comparisons with `&&` between them"
    } else if either(Dynamic::is_string) && either(Dynamic::is_int) {
        "write the number without quotes"
    } else {
        return None;
    };
    Some(hint.to_owned())
}

/// What a person calls a value of the language.
pub(crate) fn kind_of(value: &Dynamic) -> &'static str {
    if value.is_unit() {
        "nothing"
    } else if value.is_bool() {
        "yes/no"
    } else if value.is_int() {
        "a whole number"
    } else if value.is_float() || value.is_decimal() {
        "a fraction"
    } else if value.is_string() {
        "text"
    } else if value.is_char() {
        "a letter"
    } else if value.is_array() {
        "a list"
    } else if value.is::<Money>() {
        "money"
    } else if value.is::<Moment>() {
        "a moment"
    } else if value.is::<Verdict>() {
        "an outcome"
    } else {
        "a record"
    }
}
