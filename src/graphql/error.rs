//! The one place where errors become GraphQL: code, field, details and request id in `extensions`.

use std::sync::Arc;

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextRequest, NextSubscribe,
};
use async_graphql::{ErrorExtensionValues, Response, ServerError};
use futures_util::stream::{BoxStream, StreamExt as _};

use crate::kernel::error::{Code, Error};
use crate::telemetry;

/// The code in `extensions.code` of an error. A code is never renamed or given another meaning.
#[derive(async_graphql::Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Code")]
pub enum ErrorCode {
    /// The document is not GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// No operation is stored under this hash.
    PersistedQueryNotFound,
    /// Selections are nested too deeply.
    QueryTooDeep,
    /// The operation may cost too much.
    QueryTooComplex,
    /// The operation has too many aliases.
    TooManyAliases,
    /// The operation has too many root fields.
    TooManyRootFields,
    /// Too many operations in one request.
    BatchTooLong,
    /// Too many operations at once on one socket.
    TooManyOperations,
    /// This HTTP method does not do that: a mutation needs POST.
    MethodNotAllowed,
    /// None of the media types in `Accept` can be answered.
    NotAcceptable,
    /// The body is not `application/json`.
    UnsupportedMediaType,
    /// The body, the message or the document is too long.
    PayloadTooLarge,
    /// A value is not acceptable; `field` names it.
    InvalidInput,
    /// A cursor did not come from this list.
    InvalidCursor,
    /// There is no such thing, or you may not know that there is.
    NotFound,
    /// It is already there, or was changed in between.
    Conflict,
    /// This idempotency key was used with another input.
    IdempotencyKeyReused,
    /// Not now; `retryAfterSeconds` says when.
    TryAgain,
    /// Our fault; the request id finds it in the log.
    Internal,
    /// Sign in first.
    Unauthenticated,
    /// Your role or token does not allow this.
    Forbidden,
    /// Unknown identifier or wrong password; which of them is not said.
    SignInFailed,
    /// The access token has expired or was revoked: refresh it.
    TokenExpired,
    /// A refresh token was used twice; the login session has been ended.
    RefreshTokenReused,
    /// The current password is wrong.
    WrongPassword,
    /// The new password is too easy to guess.
    PasswordTooWeak,
    /// The telephone number or e-mail address belongs to another account.
    HandleTaken,
    /// The invitation is unknown, used, revoked or expired.
    InvitationInvalid,
    /// The account belongs to no such organization.
    NoOrganization,
    /// The membership has been deactivated.
    MemberDeactivated,
    /// An organization keeps at least one owner.
    LastOwner,
    /// Another organization has this slug.
    SlugTaken,
    /// The name is already used here.
    NameTaken,
    /// A department cannot be inside itself.
    DepartmentCycle,
    /// The polygon cannot be a fence; the message says why.
    InvalidPolygon,
    /// The member has an open work session.
    AlreadyClockedIn,
    /// The member has no open work session.
    NotClockedIn,
    /// A rule of the organization refused it; `rule` says which and why.
    DeniedByRule,
    /// The clock-out lies before the clock-in.
    ClockedOutBeforeIn,
    /// Too many positions in one call.
    TooManyPings,
    /// The member is not on a break.
    NotOnBreak,
    /// The member is already on a break.
    AlreadyOnBreak,
    /// Too many punches in one call; `field` names the list.
    TooManyPunches,
    /// The organization has no such reason or resolution code in use.
    ReasonUnknown,
    /// This reason code needs a memo.
    MemoRequired,
    /// Whoever enters or changes time for others attests that it is true.
    AttestationRequired,
    /// The correction was decided already.
    CorrectionDecided,
    /// Nobody decides their own correction, approves their own timesheet, or grants themselves leave.
    OwnCorrection,
    /// The timesheet of that time is locked; reopen it first.
    TimesheetLocked,
    /// The timesheet is not in a state that allows this.
    TimesheetState,
    /// What is there is no longer what was looked at; `hash` says what is.
    TimesheetStale,
    /// Shifts clash; `conflicts` lists every clash.
    ShiftConflicts,
    /// The recurrence is not an RRULE that can be followed.
    RecurrenceInvalid,
    /// There is other leave in that time.
    LeaveOverlaps,
    /// Not enough leave is left; `leftDays` says how much.
    LeaveBalanceTooLow,
    /// The leave request was decided already.
    LeaveDecided,
    /// The exception is closed already.
    ExceptionClosed,
    /// This kind is fixed by correcting the time; acknowledging is not enough.
    ExceptionMustBeFixed,
    /// What the preview showed has changed; preview again.
    PreviewStale,
    /// The member is not on the roster of this attendance event.
    NotInvited,
    /// It is too early or too late to check in or out.
    WindowClosed,
    /// The member is already checked in here.
    AlreadyCheckedIn,
    /// The member is not checked in here.
    NotCheckedIn,
    /// The check-in code is wrong, expired, or of another attendance event.
    CheckInCodeInvalid,
    /// The attendance event was cancelled.
    GatheringCancelled,
    /// The facts of this decision were removed when their time was over; its outcome and reasons stay.
    DecisionFactsGone,
    /// The rules this was decided by are not kept, or this version of the server means something else by them.
    DecisionNotRepeatable,
    /// The decision cannot be kept as a test: mostly because its answer hangs on a personal fact, which is named.
    CaseRefused,
    /// The hook already has a kept case of this name.
    CaseNameTaken,
    /// A replay of the organization is already running.
    ReplayRunning,
    /// The replay has ended, so there is nothing to cancel.
    ReplayNotRunning,
    /// A proposed rule or setting does not pass its check; `findings` says what is wrong and where.
    RuleNotValid,
    /// The hook's rule is a file; `copyRuleToOrganization` takes it over.
    RuleOwnedByFile,
    /// What the draft changes was changed since it was begun; `rebaseRuleDraft` shows both.
    RuleDraftStale,
    /// Another release was activated since this one was proposed; submit its drafts again.
    RuleReleaseStale,
    /// The stored content of the release is not the one that was proposed and approved.
    RuleReleaseTampered,
    /// Nobody reviews their own release.
    RuleOwnRelease,
    /// The release needs an approval it does not have; the message says whose.
    RuleApprovalMissing,
    /// Events after this number are no longer kept.
    CursorExpired,
    /// There is no event with this number yet.
    CursorInFuture,
    /// The reader fell behind; `resumeAfter` is the number to resume from.
    Lagged,
}

/// The schema extension.
pub struct Errors;

impl ExtensionFactory for Errors {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Mapper)
    }
}

struct Mapper;

#[async_trait::async_trait]
impl Extension for Mapper {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        explain(next.run(ctx).await)
    }

    fn subscribe<'s>(
        &self,
        ctx: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        next.run(ctx, stream).map(explain).boxed()
    }
}

/// The answer to a request that never reached the schema, in the same shape as any other.
pub fn response(error: Error) -> Response {
    let message = error.message.clone();
    let error = ServerError {
        source: Some(Arc::new(error)),
        ..ServerError::new(message, None)
    };
    explain(Response::from_errors(vec![error]))
}

fn explain(mut response: Response) -> Response {
    for error in &mut response.errors {
        explain_one(error);
    }
    response
}

/// Fills `extensions` from the refusal behind an error; logs what is not a refusal.
fn explain_one(error: &mut ServerError) {
    let mut extensions = error.extensions.take().unwrap_or_default();
    // Loaders share one failure among all who waited for the batch.
    let shared = error.source::<Arc<Error>>().map(AsRef::as_ref);
    if let Some(refused) = error.source::<Error>().or(shared) {
        describe(refused, &mut extensions);
    } else if extensions.get("code").is_none() {
        extensions.set("code", guess(error).name());
    }
    extensions.set("requestId", telemetry::request_id());
    error.extensions = Some(extensions);
}

fn describe(refused: &Error, extensions: &mut ErrorExtensionValues) {
    if refused.code == Code::Internal {
        let request = telemetry::request_id();
        tracing::error!(request, cause = ?refused.source, "a request failed");
    }
    extensions.set("code", refused.code.name());
    if let Some(field) = &refused.field {
        extensions.set("field", field.clone());
    }
    for (name, value) in &refused.details {
        if let Ok(value) = async_graphql::Value::from_json(value.clone()) {
            extensions.set(name.clone(), value);
        }
    }
}

/// Errors that async-graphql itself makes: before execution there is no path.
fn guess(error: &ServerError) -> Code {
    let message = error.message.as_str();
    if message.starts_with("Query is nested too deep") {
        Code::QueryTooDeep
    } else if message.starts_with("Query is too complex") {
        Code::QueryTooComplex
    } else if message.trim_start().starts_with("-->") || message.starts_with("invalid number") {
        Code::GraphqlParseFailed
    } else if message.starts_with("Failed to parse")
        || message.starts_with("Invalid value for argument")
    {
        Code::InvalidInput
    } else {
        Code::GraphqlValidationFailed
    }
}
