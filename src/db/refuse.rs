//! From what the database refused to what a person is told: constraint name → refusal.
//!
//! An index is named by what it promises, so the name is enough.

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use zamu_schema::constraints::constraint_name;

use crate::kernel::error::{Code, Error};

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::NotFound => Self::not_found("thing"),
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => unique(error),
            DieselError::DatabaseError(DatabaseErrorKind::CheckViolation, _)
                if constraint_name(&error).as_deref()
                    == Some("rule_reviewer_is_not_the_author") =>
            {
                Self {
                    source: Some(Box::new(error)),
                    ..Self::refused(Code::RuleOwnRelease, "nobody reviews their own release")
                }
            }
            DieselError::DatabaseError(DatabaseErrorKind::CheckViolation, _)
                if constraint_name(&error).is_some_and(|name| {
                    name.starts_with("nobody_") && name.contains("_their_own_")
                }) =>
            {
                Self {
                    source: Some(Box::new(error)),
                    ..Self::refused(Code::OwnCorrection, "nobody decides about their own time")
                }
            }
            DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => Self {
                source: Some(Box::new(error)),
                ..Self::not_found("thing")
            },
            DieselError::DatabaseError(
                DatabaseErrorKind::SerializationFailure
                | DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand,
                _,
            )
            | DieselError::BrokenTransactionManager => {
                tracing::warn!(%error, "the database did not answer");
                Self::try_again("the database cannot be reached right now", 1)
            }
            DieselError::DatabaseError(DatabaseErrorKind::Unknown, information)
                if is_passing(information.message()) =>
            {
                tracing::warn!(%error, "the database was interrupted");
                Self::try_again("the database was interrupted", 1)
            }
            _ => Self::internal(error),
        }
    }
}

/// Whether the same request may succeed a moment later. The drivers hand over these messages and no codes; an operator
/// who has PostgreSQL speak another language sees `INTERNAL` for them.
fn is_passing(message: &str) -> bool {
    const PASSING: [&str; 6] = [
        "database is locked",
        "terminating connection",
        "the database system is",
        "deadlock detected",
        "canceling statement",
        "could not serialize access",
    ];
    PASSING.iter().any(|start| message.starts_with(start))
}

fn unique(error: DieselError) -> Error {
    let name = constraint_name(&error).unwrap_or_default();
    let (code, field, message) = match name.as_str() {
        "one_open_session_per_member" => (
            Code::AlreadyClockedIn,
            None,
            "this member is already clocked in",
        ),
        "one_record_per_gathering_and_member" => (
            Code::AlreadyCheckedIn,
            None,
            "this member is already checked in here",
        ),
        "one_organization_per_slug" => (
            Code::SlugTaken,
            Some("slug"),
            "another organization has this slug",
        ),
        "one_department_per_name" => (
            Code::NameTaken,
            Some("name"),
            "a department of this name is already there",
        ),
        "one_account_per_phone" => (
            Code::HandleTaken,
            Some("phone"),
            "this telephone number is already used",
        ),
        "one_account_per_email" => (
            Code::HandleTaken,
            Some("email"),
            "this e-mail address is already used",
        ),
        "one_place_per_external_ref" => (
            Code::Conflict,
            Some("externalRef"),
            "another place has this reference",
        ),
        "one_membership_per_account" => (
            Code::Conflict,
            None,
            "this person is already a member of the organization",
        ),
        "one_rule_case_per_name" => (
            Code::CaseNameTaken,
            Some("name"),
            "this hook already has a case of this name",
        ),
        "one_running_replay_per_organization" => (
            Code::ReplayRunning,
            None,
            "a replay of this organization is already running; wait for it or cancel it",
        ),
        "one_rule_release_after_another" => (
            Code::RuleReleaseStale,
            None,
            "another release was activated at the same moment: submit the drafts again",
        ),
        "one_shift_type_per_name" => (
            Code::NameTaken,
            Some("name"),
            "a shift type of this name is already there",
        ),
        "one_leave_type_per_name" => (
            Code::NameTaken,
            Some("name"),
            "a type of leave of this name is already there",
        ),
        "rule_reviews_pkey" => (
            Code::Conflict,
            None,
            "you have already reviewed this release",
        ),
        // Two releases at the same instant: the later one takes the next number.
        "rule_releases_pkey" | "one_rule_draft_per_topic" => {
            return Error::try_again("somebody else is changing these rules right now", 0);
        }
        // Two requests with one key at the same instant: the loser asks again and gets the winner's answer.
        "one_effect_per_idempotency_key" => {
            return Error::try_again("the same request is being answered right now", 0)
                .with("constraint", "one_effect_per_idempotency_key");
        }
        _ => (Code::Conflict, None, "this is already there"),
    };
    let refused = Error::refused(code, message);
    Error {
        field: field.map(str::to_owned),
        source: Some(Box::new(error)),
        ..refused
    }
}
