//! Speaks: leave, its requests and balances.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::connection::Connection;
use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};

use super::ledger::{self, Account, Grant};
use super::model;
use super::service::{self, Filter, NewLeave};
use super::types::graphql::LeaveType;
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::page::connection;
use crate::graphql::scalars::{id, optional_id, out};
use crate::identity::graphql::Member;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::LeaveId;
use crate::kernel::page::{Cursor, PageRequest};

/// Which half of a day.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::Half")]
pub enum HalfDay {
    /// Until noon.
    Morning,
    /// From noon.
    Afternoon,
}

/// Where a request for leave stands.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::Status")]
pub enum LeaveStatus {
    /// Asked for, not decided.
    Requested,
    /// Granted: taken from the balance, and in the plan.
    Approved,
    /// Refused.
    Rejected,
    /// Withdrawn by whoever asked, before it was decided.
    Withdrawn,
    /// Granted once and taken back since; the balance has it back.
    TakenBack,
}

/// Leave somebody asks for.
#[derive(Clone)]
pub struct LeaveRequest(pub model::Leave);

/// Leave somebody asks for.
#[Object]
impl LeaveRequest {
    /// `lve_…`.
    pub(crate) async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// Who asks; null for whoever may see the request but not the member.
    async fn member(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Member>> {
        Ok(ctx.loads()?.load_one(self.0.member_id).await?)
    }

    /// The kind of leave.
    #[graphql(name = "type")]
    async fn kind(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<LeaveType>> {
        Ok(ctx.loads()?.load_one(self.0.type_id).await?)
    }

    /// The first day.
    async fn from(&self) -> NaiveDate {
        self.0.days.first
    }

    /// The last day.
    async fn to(&self) -> NaiveDate {
        self.0.days.last
    }

    /// The half, if it is half of a single day.
    async fn half(&self) -> Option<HalfDay> {
        self.0.days.half.map(Into::into)
    }

    /// What it takes, in half days: counted when it was requested, again when it was granted, and again whenever holidays
    /// or business hours change under it. The ledger has a line for each difference; a balance may fall below zero by it.
    async fn half_days(&self) -> i32 {
        self.0.half_days
    }

    /// What whoever asks says.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// Where it stands.
    async fn status(&self) -> LeaveStatus {
        self.0.status.into()
    }

    /// When it was requested.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was decided, withdrawn or taken back.
    async fn decided_at(&self) -> Option<DateTime<Utc>> {
        self.0.decided_at
    }

    /// By whom.
    async fn decided_by(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Member>> {
        match self.0.decided_by {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// What they said.
    async fn decision(&self) -> Option<&str> {
        self.0.decision.as_deref()
    }
}

/// A line of somebody's ledger of leave.
#[derive(Clone)]
pub struct LeaveEntry(pub model::Entry);

/// A line of somebody's ledger of leave.
#[Object]
impl LeaveEntry {
    /// `len_…`.
    async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// Half days: granted above zero, taken below.
    async fn half_days(&self) -> i32 {
        self.0.half_days
    }

    /// The request that took it or gave it back; null for a grant.
    async fn leave_request(&self) -> Option<ID> {
        self.0.leave_id.map(out)
    }

    /// What whoever granted it said.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// Who wrote the line.
    async fn made_by(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Member>> {
        match self.0.made_by {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// When.
    async fn made_at(&self) -> DateTime<Utc> {
        self.0.made_at
    }
}

/// What somebody has of one type of leave, in half days.
#[derive(SimpleObject)]
pub struct LeaveBalance {
    /// The type.
    #[graphql(name = "type")]
    kind: LeaveType,
    /// What was granted, corrections included.
    granted: i32,
    /// What approved leave took.
    taken: i32,
    /// Granted less taken.
    left: i32,
    /// What is asked for and not decided.
    pending: i32,
    /// The lines it comes from, the newest first.
    entries: Vec<LeaveEntry>,
}

impl From<Account> for LeaveBalance {
    fn from(account: Account) -> Self {
        Self {
            kind: LeaveType(account.kind),
            granted: account.balance.granted,
            taken: account.balance.taken,
            left: account.balance.left(),
            pending: account.pending,
            entries: account.entries.into_iter().map(LeaveEntry).collect(),
        }
    }
}

/// Leave for the viewer.
#[derive(InputObject)]
pub struct RequestLeaveInput {
    /// The kind of leave.
    #[graphql(name = "type")]
    kind: ID,
    /// The first day, in the years 2000–2199.
    from: NaiveDate,
    /// The last day; at most 366 days in all.
    to: NaiveDate,
    /// Only half of a single day.
    half: Option<HalfDay>,
    /// For whoever decides; at most 500 characters.
    reason: Option<String>,
}

/// A decision on somebody's request.
#[derive(InputObject)]
pub struct DecideLeaveInput {
    /// The request.
    leave: ID,
    /// For whoever asked; at most 500 characters.
    note: Option<String>,
}

/// A request to be withdrawn.
#[derive(InputObject)]
pub struct WithdrawLeaveInput {
    /// The viewer's own request, not decided yet.
    leave: ID,
}

/// Leave to be taken back.
#[derive(InputObject)]
pub struct TakeBackLeaveInput {
    /// The approved request.
    leave: ID,
    /// Why; 1–500 characters.
    reason: String,
}

/// Leave granted by hand.
#[derive(InputObject)]
pub struct GrantLeaveInput {
    /// Chosen by the client, 1–100 characters: the same key and input grant it once.
    idempotency_key: String,
    /// To whom; not to oneself.
    member: ID,
    /// The kind of leave.
    #[graphql(name = "type")]
    kind: ID,
    /// Half days, 1–732; below zero they correct an earlier grant.
    half_days: i32,
    /// At most 500 characters.
    note: Option<String>,
}

/// What can be asked of the leave slice.
#[derive(Default)]
pub struct LeaveQuery;

#[Object]
impl LeaveQuery {
    /// Requests for leave of everybody within reach, the latest first.
    ///
    /// Requires: `VIEW_LEAVE` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the API")]
    async fn leave_requests(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this member's.")] member: Option<ID>,
        #[graphql(desc = "Only those that stand there.")] status: Option<LeaveStatus>,
        #[graphql(desc = "Only those that end on this day or later.")] from: Option<NaiveDate>,
        #[graphql(desc = "Only those that begin on this day or earlier.")] to: Option<NaiveDate>,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last request of the page before.")] after: Option<
            String,
        >,
    ) -> Result<Connection<String, LeaveRequest>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let filter = Filter {
            member: optional_id("member", member.as_ref())?,
            status: status.map(Into::into),
            from,
            to,
        };
        let found = service::requests(ctx.app(), ctx.viewer()?, filter, &page).await?;
        let cursor = |leave: &model::Leave| Cursor {
            at: leave.created_at,
            id: leave.id.uuid(),
        };
        Ok(connection(found, after.as_deref(), cursor, LeaveRequest))
    }

    /// What a member has of each type of leave.
    ///
    /// Requires: `VIEW_LEAVE` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "25 * child_complexity")]
    async fn leave_balances(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The member; the viewer if left out.")] member: Option<ID>,
    ) -> Result<Vec<LeaveBalance>> {
        let viewer = ctx.viewer()?;
        let member = match optional_id("member", member.as_ref())? {
            Some(member) => member,
            None => viewer.person()?,
        };
        let accounts = ledger::accounts(ctx.app(), viewer, member).await?;
        Ok(accounts.into_iter().map(Into::into).collect())
    }
}

/// What can be done in the leave slice.
#[derive(Default)]
pub struct LeaveMutation;

#[Object]
impl LeaveMutation {
    /// Asks for leave for the viewer. Refused with `LEAVE_OVERLAPS` where other leave is requested or granted then, and
    /// with `LEAVE_BALANCE_TOO_LOW` and `leftDays` where the balance, less what is pending, does not reach.
    ///
    /// Requires: `REQUEST_LEAVE` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN), and a person.
    async fn request_leave(
        &self,
        ctx: &Context<'_>,
        input: RequestLeaveInput,
    ) -> Result<LeaveRequest> {
        let new = NewLeave {
            type_id: id("type", &input.kind)?,
            first: input.from,
            last: input.to,
            half: input.half.map(Into::into),
            reason: input.reason,
        };
        let leave = service::request(ctx.app(), ctx.viewer()?, new).await?;
        Ok(LeaveRequest(leave))
    }

    /// Grants leave somebody else asked for: it is taken from the balance and stands in the plan. Work that is planned
    /// then stays planned. Refused with `LEAVE_DECIDED` if it was decided, withdrawn or taken back.
    ///
    /// Requires: `APPROVE_LEAVE` (OWNER, ADMIN, SUPERVISOR).
    async fn approve_leave(
        &self,
        ctx: &Context<'_>,
        input: DecideLeaveInput,
    ) -> Result<LeaveRequest> {
        let leave = id("leave", &input.leave)?;
        let decided = service::decide(ctx.app(), ctx.viewer()?, leave, true, input.note).await?;
        Ok(LeaveRequest(decided))
    }

    /// Refuses leave somebody else asked for.
    ///
    /// Requires: `APPROVE_LEAVE` (OWNER, ADMIN, SUPERVISOR).
    async fn reject_leave(
        &self,
        ctx: &Context<'_>,
        input: DecideLeaveInput,
    ) -> Result<LeaveRequest> {
        let leave = id("leave", &input.leave)?;
        let decided = service::decide(ctx.app(), ctx.viewer()?, leave, false, input.note).await?;
        Ok(LeaveRequest(decided))
    }

    /// Withdraws the viewer's own request before it is decided.
    ///
    /// Requires: `REQUEST_LEAVE` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN), and a person.
    async fn withdraw_leave(
        &self,
        ctx: &Context<'_>,
        input: WithdrawLeaveInput,
    ) -> Result<LeaveRequest> {
        let leave = id("leave", &input.leave)?;
        let withdrawn = service::withdraw(ctx.app(), ctx.viewer()?, leave).await?;
        Ok(LeaveRequest(withdrawn))
    }

    /// Takes back leave that was granted to somebody else: the balance gets it back, the plan loses it.
    ///
    /// Requires: `APPROVE_LEAVE` (OWNER, ADMIN, SUPERVISOR).
    async fn take_back_leave(
        &self,
        ctx: &Context<'_>,
        input: TakeBackLeaveInput,
    ) -> Result<LeaveRequest> {
        let leave = id("leave", &input.leave)?;
        let taken = service::take_back(ctx.app(), ctx.viewer()?, leave, &input.reason).await?;
        Ok(LeaveRequest(taken))
    }

    /// Grants somebody else leave to take, by hand.
    ///
    /// Requires: `APPROVE_LEAVE` (OWNER, ADMIN, SUPERVISOR).
    async fn grant_leave(&self, ctx: &Context<'_>, input: GrantLeaveInput) -> Result<LeaveEntry> {
        let grant = Grant {
            member: id("member", &input.member)?,
            type_id: id("type", &input.kind)?,
            half_days: input.half_days,
            note: input.note,
        };
        let key = &input.idempotency_key;
        let entry = ledger::grant(ctx.app(), ctx.viewer()?, key, grant).await?;
        Ok(LeaveEntry(entry))
    }
}

impl Loader<LeaveId> for Loads {
    type Value = LeaveRequest;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[LeaveId]) -> Result<HashMap<LeaveId, LeaveRequest>, Arc<Error>> {
        let found = service::by_ids(&self.app, &self.viewer, keys).await?;
        Ok(found
            .into_iter()
            .map(|one| (one.id, LeaveRequest(one)))
            .collect())
    }
}
