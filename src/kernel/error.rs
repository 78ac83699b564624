//! What can go wrong, on one page: a stable code for programs, a sentence for people, the field it is about.
//!
//! Each slice has a `Refusal` of its own, which turns into an [`Error`]; one schema extension turns errors into
//! GraphQL. Anything that is not a refusal is [`Code::Internal`]: logged whole, shown as a request id only.

use std::error::Error as StdError;

use serde::Serialize;
use serde_json::{Map, Value};

/// The stable codes. Published in the SDL as `ErrorCode`; a code is never renamed or given another meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    // The request itself.
    GraphqlParseFailed,
    GraphqlValidationFailed,
    PersistedQueryNotFound,
    QueryTooDeep,
    QueryTooComplex,
    TooManyAliases,
    TooManyRootFields,
    BatchTooLong,
    TooManyOperations,
    MethodNotAllowed,
    NotAcceptable,
    UnsupportedMediaType,
    PayloadTooLarge,
    InvalidInput,
    InvalidCursor,
    NotFound,
    Conflict,
    IdempotencyKeyReused,
    TryAgain,
    Internal,
    // Who is asking.
    Unauthenticated,
    Forbidden,
    SignInFailed,
    TokenExpired,
    RefreshTokenReused,
    WrongPassword,
    PasswordTooWeak,
    HandleTaken,
    InvitationInvalid,
    NoOrganization,
    MemberDeactivated,
    LastOwner,
    // Organizations and places.
    SlugTaken,
    NameTaken,
    DepartmentCycle,
    InvalidPolygon,
    // Attendance.
    AlreadyClockedIn,
    NotClockedIn,
    DeniedByRule,
    ClockedOutBeforeIn,
    TooManyPings,
    NotOnBreak,
    AlreadyOnBreak,
    TooManyPunches,
    ReasonUnknown,
    MemoRequired,
    AttestationRequired,
    CorrectionDecided,
    OwnCorrection,
    TimesheetLocked,
    TimesheetState,
    TimesheetStale,
    ShiftConflicts,
    RecurrenceInvalid,
    LeaveOverlaps,
    LeaveBalanceTooLow,
    LeaveDecided,
    ExceptionClosed,
    ExceptionMustBeFixed,
    PreviewStale,
    NotInvited,
    WindowClosed,
    AlreadyCheckedIn,
    NotCheckedIn,
    CheckInCodeInvalid,
    GatheringCancelled,
    // Rules.
    DecisionFactsGone,
    DecisionNotRepeatable,
    CaseRefused,
    CaseNameTaken,
    ReplayRunning,
    ReplayNotRunning,
    RuleNotValid,
    RuleOwnedByFile,
    RuleDraftStale,
    RuleReleaseStale,
    RuleReleaseTampered,
    RuleOwnRelease,
    RuleApprovalMissing,
    // Live streams.
    CursorExpired,
    CursorInFuture,
    Lagged,
}

impl Code {
    /// `ALREADY_CLOCKED_IN`.
    pub fn name(self) -> String {
        match serde_json::to_value(self) {
            Ok(Value::String(name)) => name,
            _ => "INTERNAL".to_owned(),
        }
    }
}

/// A refusal, or an internal failure with its cause.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub code: Code,
    pub message: String,
    /// The input field it is about, as a dotted path in the API's spelling: `position.latitude`.
    pub field: Option<String>,
    /// Further facts for programs: seconds to wait, a limit, a cursor.
    pub details: Map<String, Value>,
    #[source]
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn refused(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
            details: Map::new(),
            source: None,
        }
    }

    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::refused(Code::InvalidInput, message).at(field)
    }

    /// Also for what the viewer may not know exists.
    pub fn not_found(noun: &str) -> Self {
        Self::refused(Code::NotFound, format!("there is no such {noun}"))
    }

    pub fn try_again(message: impl Into<String>, seconds: i64) -> Self {
        Self::refused(Code::TryAgain, message).with("retryAfterSeconds", seconds)
    }

    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let message = "something went wrong on our side; nothing was changed".to_owned();
        let source = Some(source.into());
        Self {
            code: Code::Internal,
            message,
            field: None,
            details: Map::new(),
            source,
        }
    }

    #[must_use]
    pub fn at(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    /// The same refusal once more, without its cause: for something refused item by item.
    #[must_use]
    pub fn again(&self) -> Self {
        Self {
            code: self.code,
            message: self.message.clone(),
            field: self.field.clone(),
            details: self.details.clone(),
            source: None,
        }
    }

    /// Puts the field inside another: `latitude` becomes `position.latitude`.
    #[must_use]
    pub fn within(mut self, outer: &str) -> Self {
        self.field = Some(match self.field {
            Some(inner) => format!("{outer}.{inner}"),
            None => outer.to_owned(),
        });
        self
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_screaming_snake() {
        assert_eq!(Code::AlreadyClockedIn.name(), "ALREADY_CLOCKED_IN");
    }

    #[test]
    fn a_field_is_a_path() {
        let error = Error::invalid("latitude", "out of range")
            .within("position")
            .within("input");
        assert_eq!(error.field.as_deref(), Some("input.position.latitude"));
    }
}
