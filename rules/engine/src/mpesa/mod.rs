//! The hooks of mobile money. What the operator demands is the platform's business, not a rule's.

pub(crate) mod before_charge;
pub(crate) mod before_payout;
pub(crate) mod payment_result;

use crate::twin::money;
use crate::verdict::Verdict;
use crate::{Money, Record, Value};

/// The amount without its cents; nothing when it has none.
pub(crate) fn down_to_whole(amount: Money) -> Option<Money> {
    let unit = 10_i64.pow(amount.currency.minor_digits());
    (!amount.is_whole()).then(|| Money::new(amount.minor - amount.minor % unit, amount.currency))
}

/// Money that may not move is held, whatever a rule says: whole positive shillings, within the operator's
/// limits, which are facts because the operator changes them.
fn hold_what_cannot_move(answer: &mut Verdict, facts: &Record) -> Option<String> {
    if answer.name != "proceed" && answer.name != "needs_approval" {
        return None;
    }
    let amount = money(facts, "amount")?;
    let above = |limit: &str, amount: Option<Money>| {
        let limit = money(facts, limit)?;
        amount
            .is_none_or(|amount| amount.minor > limit.minor)
            .then(|| format!("the operator's limit is {limit}"))
    };
    let today = money(facts, "paid_today").map_or(Some(amount), |paid| paid.plus(amount));
    let why = if amount.currency.to_string() != "KES" || amount.minor <= 0 || !amount.is_whole() {
        Some("M-Pesa moves whole Kenyan shillings".to_owned())
    } else {
        above("limit_per_payment", Some(amount)).or_else(|| above("limit_per_day", today))
    }?;
    let said = answer.name;
    answer.name = "hold";
    answer.values = Record::new();
    answer.notes.needs_review = true;
    Some(format!("the rule said {said} for {amount}; {why}"))
}

/// An amount in shillings, for samples.
fn shillings(amount: i64) -> Value {
    let currency = crate::Currency::new("KES");
    currency
        .map(|currency| Money::new(amount * 100, currency))
        .into()
}
