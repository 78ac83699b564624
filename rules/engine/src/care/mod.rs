//! The clinical hooks. Their floors are the platform's: a rule may be stricter, never milder.

pub(crate) mod escalation;
mod news2;
pub(crate) mod vital_sign;
