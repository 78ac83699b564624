//! The hooks of money owed and earned.

pub(crate) mod session_pay;
pub(crate) mod visit_charge;

use crate::hook::Argument;

const AMOUNT: Argument = Argument::Money { field: "amount" };
