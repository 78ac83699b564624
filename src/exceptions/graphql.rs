//! Speaks: what a person must look at.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::connection::Connection;
use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, ID, InputObject, Json, Object, Result, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};

use super::codes::graphql::CodeProfile;
use super::model;
use super::service::{self, Filter};
use crate::attendance::graphql::WorkSession;
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::page::connection;
use crate::graphql::scalars::{id, optional_id, out};
use crate::identity::graphql::Member;
use crate::kernel::error::Error;
use crate::kernel::id::{ExceptionId, SessionId};
use crate::kernel::page::{Cursor, PageRequest};
use crate::places::graphql::Place;

/// What can be wrong.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::Kind")]
pub enum ExceptionKind {
    /// An end without a beginning.
    MissingIn,
    /// A beginning without an end.
    MissingOut,
    /// A visit to a client without a service.
    MissingService,
    /// A service this client is not to have.
    UnauthorizedService,
    /// A visit whose client is not known.
    UnknownClient,
    /// A claim of somebody who is not known.
    UnknownWorker,
    /// Begun outside the fence of the place.
    OutsideGeofenceIn,
    /// Ended outside the fence of the place.
    OutsideGeofenceOut,
    /// A position was wanted and none came.
    LocationMissing,
    /// The position was too rough to tell.
    LowGpsAccuracy,
    /// The device says that its position was made up.
    SuspectedMockLocation,
    /// Nobody gets from one position to the next that fast.
    ImpossibleTravel,
    /// The very same position over and over: real ones vary.
    RepeatedCoordinates,
    /// One device clocks several people.
    SharedDevice,
    /// No real receiver is accurate to zero metres.
    AccuracyZero,
    /// The device's clock was wrong and was corrected.
    ClockSkew,
    /// Nothing backs the time a device gave.
    UnverifiedTime,
    /// Captured long before it was handed in.
    LateSubmission,
    /// The device shows another time zone than the place.
    ForeignTimeZone,
    /// Begun later than planned.
    LateIn,
    /// Ended earlier than planned.
    EarlyOut,
    /// Much shorter than planned.
    ShortVisit,
    /// Much longer than planned, or than anybody works.
    LongVisit,
    /// Planned, and nobody came.
    NoShow,
    /// Work where none was planned.
    Unscheduled,
    /// Two visits of one person at the same time.
    OverlappingVisits,
    /// Two claims that cannot both be true; both are kept.
    ConflictingClaims,
    /// Entered or corrected by hand.
    ManualEntry,
    /// Ended by the timetable, because nobody clocked out.
    AutoClosed,
    /// Ended by the panic button.
    EmergencyEnded,
    /// Captured offline, and a rule would have refused it.
    DeniedByRule,
    /// A signature was wanted and none came.
    SignatureMissing,
    /// The worker's credential was no longer valid.
    CredentialExpired,
    /// What a rule of the organization flags; its own code says what.
    RuleFlag,
}

/// What somebody has to do about an exception.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::Severity")]
pub enum ExceptionSeverity {
    /// Look at it, and say so.
    Acknowledge,
    /// Correct the time: it goes away by itself when that is done.
    Fix,
}

/// Where an exception stands.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::State")]
pub enum ExceptionState {
    /// Waiting for somebody.
    Open,
    /// Somebody looked at it and said so.
    Acknowledged,
    /// Not so any more: the time was corrected, or worked out differently.
    Cleared,
}

/// What happened to an exception.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::Change")]
pub enum ExceptionChangeKind {
    /// Found.
    Opened,
    /// Found again, and saying something else.
    Changed,
    /// Given to somebody, or back to everybody.
    Assigned,
    /// Somebody looked at it and said so.
    Acknowledged,
    /// Gone, because the time was corrected.
    Fixed,
    /// Gone without a correction being asked for, or replaced by one that says something else.
    Cleared,
    /// Somebody took the acknowledgement back.
    Reopened,
}

/// Something a person must look at.
pub struct Exception(pub model::Exception);

/// Something a person must look at: one thing that is wrong with a session, a punch or a day. A session can have several.
#[Object]
impl Exception {
    /// `exc_…`.
    pub(crate) async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// What is wrong.
    async fn kind(&self) -> ExceptionKind {
        self.0.kind.into()
    }

    /// Which flag of a rule it is, for `RULE_FLAG`; empty for all others.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// What has to be done about it.
    async fn severity(&self) -> ExceptionSeverity {
        self.0.severity.into()
    }

    /// Where it stands.
    async fn state(&self) -> ExceptionState {
        self.0.state.into()
    }

    /// How sure it is, 0–100; 100 for what is plainly so.
    async fn score(&self) -> i32 {
        self.0.score
    }

    /// Why, in values a person can check: distances, times, the punches it was found in.
    async fn detail(&self) -> Json<&Map<String, Value>> {
        Json(&self.0.detail)
    }

    /// The number a payer's aggregator knows this kind by, if it knows it.
    async fn outside_id(
        &self,
        #[graphql(desc = "Whose numbers.")] profile: CodeProfile,
    ) -> Option<&'static str> {
        super::codes::profiles::Profile::from(profile).outside_id(self.0.kind)
    }

    /// Whose time it is about; null for whoever may see the exception but not the member.
    async fn member(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        Ok(ctx.loads()?.load_one(self.0.subject.member).await?)
    }

    /// The session it is about, if it is about one.
    async fn session(&self, ctx: &Context<'_>) -> Result<Option<WorkSession>> {
        match self.0.subject.session {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?.map(WorkSession)),
            None => Ok(None),
        }
    }

    /// The punch it is about, if it is about one that belongs to no session: `pun_…`.
    async fn punch_id(&self) -> Option<ID> {
        self.0.subject.punch.map(out)
    }

    /// Where it was.
    async fn place(&self, ctx: &Context<'_>) -> Result<Option<Place>> {
        match self.0.subject.place {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// The day it counts to, where the work is.
    async fn work_date(&self) -> NaiveDate {
        self.0.subject.work_date
    }

    /// Who looks after it; null: whoever comes first.
    async fn assigned_to(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        match self.0.assigned_to {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// When it was found.
    async fn opened_at(&self) -> DateTime<Utc> {
        self.0.opened_at
    }

    /// When it was acknowledged or cleared.
    async fn closed_at(&self) -> Option<DateTime<Utc>> {
        self.0.closed_at
    }

    /// Who acknowledged it: `mbr_…`; null where it cleared by itself.
    async fn closed_by_id(&self) -> Option<ID> {
        self.0.closed_by.map(out)
    }

    /// Why it was so: a code of the organization.
    async fn reason_code(&self) -> Option<&str> {
        self.0.reason_code.as_deref()
    }

    /// What was done about it: a code of the organization.
    async fn resolution_code(&self) -> Option<&str> {
        self.0.resolution_code.as_deref()
    }

    /// What was written about it.
    async fn memo(&self) -> Option<&str> {
        self.0.memo.as_deref()
    }

    /// Whether whoever acknowledged it attested that the time is right.
    async fn attested(&self) -> bool {
        self.0.attested
    }

    /// Whether acknowledging it needs an attestation.
    async fn wants_attestation(&self) -> bool {
        self.0.kind.wants_attestation()
    }

    /// Everything that happened to it, oldest first.
    #[graphql(complexity = "5 * child_complexity")]
    async fn history(&self, ctx: &Context<'_>) -> Result<Vec<ExceptionChange>> {
        let rows = ctx.loads()?.load_one(HistoryOf(self.0.id)).await?;
        let rows = rows.unwrap_or_default().into_iter();
        Ok(rows.map(ExceptionChange).collect())
    }
}

/// One thing that happened to an exception.
pub struct ExceptionChange(model::Entry);

/// One thing that happened to an exception.
#[Object]
impl ExceptionChange {
    /// 1, 2, 3 … for each exception.
    async fn number(&self) -> i32 {
        self.0.number
    }

    /// When.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// What happened.
    async fn change(&self) -> ExceptionChangeKind {
        self.0.change.into()
    }

    /// Who did it; null where the server worked it out, and for whoever may not see them.
    async fn made_by(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        match self.0.made_by {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// What was given or said with it, and what was so before.
    async fn detail(&self) -> Json<&Map<String, Value>> {
        Json(&self.0.detail)
    }
}

/// How many exceptions are alike.
#[derive(SimpleObject)]
pub struct ExceptionCount {
    /// Of this kind,
    kind: ExceptionKind,
    /// asking for this,
    severity: ExceptionSeverity,
    /// in this state:
    state: ExceptionState,
    /// so many.
    count: i64,
}

/// Narrows exceptions down.
#[derive(InputObject, Default, Clone)]
pub struct ExceptionFilter {
    /// Of any of these kinds.
    kinds: Option<Vec<ExceptionKind>>,
    /// Only those asking for this.
    severity: Option<ExceptionSeverity>,
    /// In any of these states.
    states: Option<Vec<ExceptionState>>,
    /// Only about this member.
    member: Option<ID>,
    /// Only about members who were in this department then; not of those below it.
    department: Option<ID>,
    /// Only at this place.
    place: Option<ID>,
    /// Only about this work session.
    session: Option<ID>,
    /// Only those this member looks after.
    assigned_to: Option<ID>,
    /// First work date.
    from: Option<NaiveDate>,
    /// Last work date.
    to: Option<NaiveDate>,
    /// At least this sure, 0–100.
    min_score: Option<i32>,
}

impl ExceptionFilter {
    pub(super) fn read(self) -> Result<Filter, Error> {
        Ok(Filter {
            kinds: all(self.kinds),
            severity: self.severity.map(Into::into),
            states: all(self.states),
            member: optional_id("filter.member", self.member.as_ref())?,
            department: optional_id("filter.department", self.department.as_ref())?,
            place: optional_id("filter.place", self.place.as_ref())?,
            session: optional_id("filter.session", self.session.as_ref())?,
            assigned_to: optional_id("filter.assignedTo", self.assigned_to.as_ref())?,
            from: self.from,
            to: self.to,
            min_score: self.min_score,
        })
    }
}

fn all<T: Into<U>, U>(given: Option<Vec<T>>) -> Vec<U> {
    given.into_iter().flatten().map(Into::into).collect()
}

/// What can be asked about exceptions.
#[derive(Default)]
pub struct ExceptionsQuery;

#[Object]
impl ExceptionsQuery {
    /// The review queue, newest first: what was found about you, about your departments, or about everybody.
    ///
    /// Requires: `VIEW_EXCEPTIONS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn exceptions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "All of them if left out.")] filter: Option<ExceptionFilter>,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last one of the page before.")] after: Option<String>,
    ) -> Result<Connection<String, Exception>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let filter = filter.unwrap_or_default().read()?;
        let found = service::exceptions(ctx.app(), ctx.viewer()?, &filter, &page).await?;
        let cursor = |exception: &model::Exception| Cursor {
            at: exception.opened_at,
            id: exception.id.uuid(),
        };
        Ok(connection(found, after.as_deref(), cursor, Exception))
    }

    /// One exception.
    ///
    /// Requires: `VIEW_EXCEPTIONS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    async fn exception(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] exception: ID,
    ) -> Result<Exception> {
        let found = service::exception(ctx.app(), ctx.viewer()?, id("id", &exception)?).await?;
        Ok(Exception(found))
    }

    /// How many there are of each kind, severity and state; nothing for those of which there are none.
    ///
    /// Requires: `VIEW_EXCEPTIONS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "25 * child_complexity")]
    async fn exception_counts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "All of them if left out.")] filter: Option<ExceptionFilter>,
    ) -> Result<Vec<ExceptionCount>> {
        let filter = filter.unwrap_or_default().read()?;
        let found = service::counts(ctx.app(), ctx.viewer()?, &filter).await?;
        let speak = |found: service::Count| ExceptionCount {
            kind: found.kind.into(),
            severity: found.severity.into(),
            state: found.state.into(),
            count: found.count,
        };
        Ok(found.into_iter().map(speak).collect())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct HistoryOf(ExceptionId);

/// What was ever found about a session: for its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExceptionsOf(pub SessionId);

impl Loader<ExceptionId> for Loads {
    type Value = model::Exception;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[ExceptionId],
    ) -> Result<HashMap<ExceptionId, Self::Value>, Arc<Error>> {
        let found = service::by_ids(&self.app, &self.viewer, keys).await?;
        Ok(found.into_iter().map(|one| (one.id, one)).collect())
    }
}

impl Loader<HistoryOf> for Loads {
    type Value = Vec<model::Entry>;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[HistoryOf],
    ) -> Result<HashMap<HistoryOf, Self::Value>, Arc<Error>> {
        let ids: Vec<ExceptionId> = keys.iter().map(|key| key.0).collect();
        let found = service::histories(&self.app, &self.viewer, &ids).await?;
        let keyed = found.into_iter().map(|(id, rows)| (HistoryOf(id), rows));
        Ok(keyed.collect())
    }
}

impl Loader<ExceptionsOf> for Loads {
    type Value = Vec<model::Exception>;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[ExceptionsOf],
    ) -> Result<HashMap<ExceptionsOf, Self::Value>, Arc<Error>> {
        let ids: Vec<SessionId> = keys.iter().map(|key| key.0).collect();
        let found = service::of_sessions(&self.app, &self.viewer, &ids).await?;
        let keyed = found.into_iter().map(|(id, all)| (ExceptionsOf(id), all));
        Ok(keyed.collect())
    }
}
