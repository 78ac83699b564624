//! Thinks: why a row cannot be used.

use chrono::NaiveDate;

/// Why a row is not used: a code for programs, a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("the row cannot be read: {0}")]
    Malformed(String),
    #[error("the row names no user")]
    NoUser,
    #[error("there is no user {0} in users.csv")]
    UnknownUser(String),
    #[error("the user {0} stands in an earlier row already")]
    RepeatedUser(String),
    #[error("`{0}` is not a date such as 2022-01-31")]
    BadDate(String),
    #[error("`{0}` is not a time such as 08:30:00")]
    BadTime(String),
    #[error("`{0}` is not an offset from UTC such as +08:00")]
    BadOffset(String),
    #[error("`{0}` is not a number of seconds")]
    BadSeconds(String),
    #[error("its break is as long as the time it stands in, or longer")]
    BreakTooLong,
    #[error("the row names no date")]
    NoDate,
    #[error("`{0}` is neither IN nor OUT")]
    UnknownCase(String),
    #[error("a BREAK: its meaning is not defined by the source")]
    BreakUndefined,
    #[error("type `{0}` has no defined meaning")]
    UnknownType(String),
    #[error("its time has not come yet")]
    Future,
    #[error("there is no member {0}")]
    UnknownMember(String),
    #[error("several members are called {0}")]
    AmbiguousMember(String),
    #[error("the mapping says nothing about the direction `{0}`")]
    UnknownCode(String),
    #[error("its direction is unknown, and it is neither the first nor the last of its day")]
    Between,
    #[error("the leave is `{0}`, not granted")]
    NotGranted(String),
    #[error("there is other leave on {0}")]
    OtherLeave(NaiveDate),
}

impl Reason {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "MALFORMED",
            Self::NoUser => "NO_USER",
            Self::UnknownUser(_) => "UNKNOWN_USER",
            Self::RepeatedUser(_) => "REPEATED_USER",
            Self::BadDate(_) => "BAD_DATE",
            Self::BadTime(_) => "BAD_TIME",
            Self::BadOffset(_) => "BAD_OFFSET",
            Self::BadSeconds(_) => "BAD_SECONDS",
            Self::BreakTooLong => "BREAK_TOO_LONG",
            Self::NoDate => "NO_DATE",
            Self::UnknownCase(_) => "UNKNOWN_CASE",
            Self::BreakUndefined => "BREAK_UNDEFINED",
            Self::UnknownType(_) => "UNKNOWN_TYPE",
            Self::Future => "FUTURE",
            Self::UnknownMember(_) => "UNKNOWN_MEMBER",
            Self::AmbiguousMember(_) => "AMBIGUOUS_MEMBER",
            Self::UnknownCode(_) => "UNKNOWN_CODE",
            Self::Between => "BETWEEN",
            Self::NotGranted(_) => "NOT_GRANTED",
            Self::OtherLeave(_) => "OTHER_LEAVE",
        }
    }
}
