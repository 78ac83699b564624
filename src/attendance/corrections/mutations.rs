//! Speaks: what staff enter and change for others, and what becomes of corrections.

use async_graphql::{Context, ID, InputObject, Object, OneofObject, Result};
use chrono::{DateTime, Utc};

use super::entry::{self, Because, Entered, EnteredBreak, Forced};
use super::graphql::Correction;
use super::model::{Added, Proposed};
use super::service;
use crate::attendance::graphql::WorkSession;
use crate::attendance::punches::graphql::Punch;
use crate::attendance::words::PunchDirection;
use crate::graphql::context::Ask;
use crate::graphql::scalars::{id, optional_id};
use crate::kernel::error::Error;
use crate::kernel::text;
use crate::kernel::time::to_micros;

/// A clock-in made for somebody.
#[derive(InputObject)]
pub struct ForceClockInInput {
    /// Chosen by the client, 1–100 characters: a retry with the same key and input has one effect.
    idempotency_key: String,
    /// For whom; never yourself.
    member: ID,
    /// When they began; now if left out, at most a year back.
    at: Option<DateTime<Utc>>,
    /// Where the work is.
    place: Option<ID>,
    /// Who is served.
    client: Option<ID>,
    /// The kind of service, at most 60 characters.
    service: Option<String>,
    /// One of the organization's reason codes.
    reason_code: String,
    /// Why, in words, at most 500 characters; some codes need it.
    memo: Option<String>,
    /// Your word that it is true; must be `true`.
    attested: bool,
}

/// A clock-out made for somebody.
#[derive(InputObject)]
pub struct ForceClockOutInput {
    /// Chosen by the client, 1–100 characters: a retry with the same key and input has one effect.
    idempotency_key: String,
    /// For whom; never yourself.
    member: ID,
    /// When they ended; now if left out, at most a year back.
    at: Option<DateTime<Utc>>,
    /// One of the organization's reason codes.
    reason_code: String,
    /// Why, in words, at most 500 characters; some codes need it.
    memo: Option<String>,
    /// Your word that it is true; must be `true`.
    attested: bool,
}

/// A break within an entered session.
#[derive(InputObject)]
pub struct EnteredBreakInput {
    /// `meal`, `tea` and so on, as the organization names its breaks; at most 40 characters.
    kind: Option<String>,
    /// When it began.
    starts_at: DateTime<Utc>,
    /// When it ended.
    ends_at: DateTime<Utc>,
}

/// A whole session entered for somebody.
#[derive(InputObject)]
pub struct EnterPunchesInput {
    /// Chosen by the client, 1–100 characters: a retry with the same key and input has one effect.
    idempotency_key: String,
    /// For whom; never yourself.
    member: ID,
    /// When they began, at most a year back.
    clocked_in_at: DateTime<Utc>,
    /// When they ended.
    clocked_out_at: DateTime<Utc>,
    /// At most 8, in order, within it.
    #[graphql(default)]
    breaks: Vec<EnteredBreakInput>,
    /// Where the work was.
    place: Option<ID>,
    /// Who was served.
    client: Option<ID>,
    /// The kind of service, at most 60 characters.
    service: Option<String>,
    /// One of the organization's reason codes.
    reason_code: String,
    /// Why, in words, at most 500 characters; some codes need it.
    memo: Option<String>,
    /// Your word that it is true; must be `true`.
    attested: bool,
}

/// Another time for a punch.
#[derive(InputObject)]
pub struct CorrectPunchInput {
    /// Chosen by the client, 1–100 characters: a retry with the same key and input has one effect.
    idempotency_key: String,
    /// Which; never your own.
    punch: ID,
    /// When it really happened, at most a year back.
    at: DateTime<Utc>,
    /// One of the organization's reason codes.
    reason_code: String,
    /// Why, in words, at most 500 characters; some codes need it.
    memo: Option<String>,
    /// Your word that it is true; must be `true`.
    attested: bool,
}

/// A punch that did not happen, or did after all.
#[derive(InputObject)]
pub struct PunchReasonInput {
    /// Chosen by the client, 1–100 characters: a retry with the same key and input has one effect.
    idempotency_key: String,
    /// Which; never your own.
    punch: ID,
    /// One of the organization's reason codes.
    reason_code: String,
    /// Why, in words, at most 500 characters; some codes need it.
    memo: Option<String>,
    /// Your word that it is true; must be `true`.
    attested: bool,
}

/// A punch that is missing.
#[derive(InputObject)]
pub struct AddPunchChange {
    /// Which way it goes.
    direction: PunchDirection,
    /// When it happened, at most a year back.
    at: DateTime<Utc>,
    /// Where the work was.
    place: Option<ID>,
    /// Who was served; with a clock-in.
    client: Option<ID>,
    /// The kind of service, at most 60 characters; with a clock-in.
    service: Option<String>,
    /// `meal`, `tea` and so on, for a break; at most 40 characters.
    break_kind: Option<String>,
}

/// A punch that happened at another time.
#[derive(InputObject)]
pub struct MovePunchChange {
    /// Which.
    punch: ID,
    /// When it really happened, at most a year back.
    at: DateTime<Utc>,
}

/// One change of what is claimed: exactly one of these.
#[derive(OneofObject)]
pub enum ProposedChangeInput {
    /// A punch is missing.
    Add(AddPunchChange),
    /// A punch happened at another time.
    Move(MovePunchChange),
    /// This punch did not happen.
    Void(ID),
    /// What this punch said first holds again.
    Restore(ID),
}

impl ProposedChangeInput {
    pub(super) fn read_all(all: Vec<Self>) -> Result<Vec<Proposed>, Error> {
        let read = |(index, change): (usize, Self)| {
            change
                .read()
                .map_err(|error| error.within(&format!("changes.{index}")))
        };
        all.into_iter().enumerate().map(read).collect()
    }

    fn read(self) -> Result<Proposed, Error> {
        Ok(match self {
            Self::Add(added) => Proposed::Add(Added {
                place: optional_id("add.place", added.place.as_ref())?,
                client: optional_id("add.client", added.client.as_ref())?,
                service: text::optional("add.service", added.service.as_deref(), 60)?,
                break_kind: text::optional("add.breakKind", added.break_kind.as_deref(), 40)?,
                ..Added::new(added.direction.into(), to_micros(added.at))
            }),
            Self::Move(moved) => Proposed::Move {
                punch: id("move.punch", &moved.punch)?,
                at: to_micros(moved.at),
            },
            Self::Void(punch) => Proposed::Void {
                punch: id("void", &punch)?,
            },
            Self::Restore(punch) => Proposed::Restore {
                punch: id("restore", &punch)?,
            },
        })
    }
}

/// What you ask to have changed about your own time.
#[derive(InputObject)]
pub struct RequestCorrectionInput {
    /// Chosen by the client, 1–100 characters: a retry with the same key and input asks once.
    idempotency_key: String,
    /// 1–20 changes of your own punches.
    changes: Vec<ProposedChangeInput>,
    /// One of the organization's reason codes.
    reason_code: String,
    /// Why, in your words, at most 500 characters; some codes need it.
    memo: Option<String>,
}

/// A correction to be carried out.
#[derive(InputObject)]
pub struct ApproveCorrectionInput {
    /// Which; never your own.
    correction: ID,
    /// At most 500 characters.
    memo: Option<String>,
    /// Your word that it is true; must be `true`.
    attested: bool,
}

/// A correction that is not to be carried out.
#[derive(InputObject)]
pub struct RejectCorrectionInput {
    /// Which; never your own.
    correction: ID,
    /// Why not, 1–500 characters.
    memo: String,
}

/// A correction to be taken back.
#[derive(InputObject)]
pub struct WithdrawCorrectionInput {
    /// Which of your own.
    correction: ID,
}

/// What can be done about time by hand.
#[derive(Default)]
pub struct CorrectionsMutation;

#[Object]
impl CorrectionsMutation {
    /// Clocks somebody in, now or at a time that was missed. Refused with `OWN_CORRECTION` for yourself, with
    /// `ALREADY_CLOCKED_IN` if they were in then, with `TIMESHEET_LOCKED` on a locked day.
    ///
    /// Requires: `MANAGE_PUNCHES` (OWNER, ADMIN, SUPERVISOR).
    async fn force_clock_in(
        &self,
        ctx: &Context<'_>,
        input: ForceClockInInput,
    ) -> Result<WorkSession> {
        let forced = Forced {
            member: id("member", &input.member)?,
            at: input.at.map(to_micros),
            place: optional_id("place", input.place.as_ref())?,
            client: optional_id("client", input.client.as_ref())?,
            service: input.service,
        };
        let because = because(input.reason_code, input.memo, input.attested);
        let key = &input.idempotency_key;
        let made = entry::force_clock_in(ctx.app(), ctx.viewer()?, key, forced, because).await?;
        Ok(WorkSession(made))
    }

    /// Clocks somebody out, now or at a time that was missed. Refused with `OWN_CORRECTION` for yourself, with
    /// `NOT_CLOCKED_IN` if they were not in then, with `TIMESHEET_LOCKED` on a locked day.
    ///
    /// Requires: `MANAGE_PUNCHES` (OWNER, ADMIN, SUPERVISOR).
    async fn force_clock_out(
        &self,
        ctx: &Context<'_>,
        input: ForceClockOutInput,
    ) -> Result<WorkSession> {
        let forced = Forced {
            member: id("member", &input.member)?,
            at: input.at.map(to_micros),
            place: None,
            client: None,
            service: None,
        };
        let because = because(input.reason_code, input.memo, input.attested);
        let key = &input.idempotency_key;
        let made = entry::force_clock_out(ctx.app(), ctx.viewer()?, key, forced, because).await?;
        Ok(WorkSession(made))
    }

    /// Enters a whole session for somebody. Refused with `OWN_CORRECTION` for yourself, with `CONFLICT` where other
    /// punches stand in its way, with `TIMESHEET_LOCKED` on a locked day.
    ///
    /// Requires: `MANAGE_PUNCHES` (OWNER, ADMIN, SUPERVISOR).
    async fn enter_punches(
        &self,
        ctx: &Context<'_>,
        input: EnterPunchesInput,
    ) -> Result<WorkSession> {
        let pause = |pause: EnteredBreakInput| EnteredBreak {
            kind: pause.kind,
            starts_at: to_micros(pause.starts_at),
            ends_at: to_micros(pause.ends_at),
        };
        let entered = Entered {
            member: id("member", &input.member)?,
            clocked_in_at: to_micros(input.clocked_in_at),
            clocked_out_at: to_micros(input.clocked_out_at),
            breaks: input.breaks.into_iter().map(pause).collect(),
            place: optional_id("place", input.place.as_ref())?,
            client: optional_id("client", input.client.as_ref())?,
            service: input.service,
        };
        let because = because(input.reason_code, input.memo, input.attested);
        let key = &input.idempotency_key;
        let made = entry::enter_punches(ctx.app(), ctx.viewer()?, key, entered, because).await?;
        Ok(WorkSession(made))
    }

    /// Says that a punch happened at another time. What was said first stays, below this.
    ///
    /// Requires: `MANAGE_PUNCHES` (OWNER, ADMIN, SUPERVISOR).
    async fn correct_punch(&self, ctx: &Context<'_>, input: CorrectPunchInput) -> Result<Punch> {
        let change = Proposed::Move {
            punch: id("punch", &input.punch)?,
            at: to_micros(input.at),
        };
        let because = because(input.reason_code, input.memo, input.attested);
        changed(ctx, &input.idempotency_key, change, because).await
    }

    /// Says that a punch did not happen. It stays, marked so.
    ///
    /// Requires: `MANAGE_PUNCHES` (OWNER, ADMIN, SUPERVISOR).
    async fn void_punch(&self, ctx: &Context<'_>, input: PunchReasonInput) -> Result<Punch> {
        let change = Proposed::Void {
            punch: id("punch", &input.punch)?,
        };
        let because = because(input.reason_code, input.memo, input.attested);
        changed(ctx, &input.idempotency_key, change, because).await
    }

    /// Has a punch count again as it was said first.
    ///
    /// Requires: `MANAGE_PUNCHES` (OWNER, ADMIN, SUPERVISOR).
    async fn restore_punch(&self, ctx: &Context<'_>, input: PunchReasonInput) -> Result<Punch> {
        let change = Proposed::Restore {
            punch: id("punch", &input.punch)?,
        };
        let because = because(input.reason_code, input.memo, input.attested);
        changed(ctx, &input.idempotency_key, change, because).await
    }

    /// Asks for your own time to be changed; nothing changes until somebody else approves it.
    ///
    /// Requires: `REQUEST_CORRECTION` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN).
    async fn request_correction(
        &self,
        ctx: &Context<'_>,
        input: RequestCorrectionInput,
    ) -> Result<Correction> {
        let request = service::Request {
            changes: ProposedChangeInput::read_all(input.changes)?,
            reason_code: input.reason_code,
            memo: input.memo,
        };
        let key = &input.idempotency_key;
        let made = service::request(ctx.app(), ctx.viewer()?, key, &request).await?;
        Ok(Correction(made))
    }

    /// Carries a correction out. Refused with `OWN_CORRECTION` for your own, with `CORRECTION_DECIDED` if somebody
    /// decided it before, with `TIMESHEET_LOCKED` on a locked day.
    ///
    /// Requires: `MANAGE_PUNCHES` (OWNER, ADMIN, SUPERVISOR).
    async fn approve_correction(
        &self,
        ctx: &Context<'_>,
        input: ApproveCorrectionInput,
    ) -> Result<Correction> {
        let correction = id("correction", &input.correction)?;
        let memo = input.memo.as_deref();
        let (app, viewer) = (ctx.app(), ctx.viewer()?);
        let done = service::approve(app, viewer, correction, input.attested, memo).await?;
        Ok(Correction(done))
    }

    /// Says no to a correction, and why. Refused with `OWN_CORRECTION` for your own, with `CORRECTION_DECIDED` if
    /// somebody decided it before.
    ///
    /// Requires: `MANAGE_PUNCHES` (OWNER, ADMIN, SUPERVISOR).
    async fn reject_correction(
        &self,
        ctx: &Context<'_>,
        input: RejectCorrectionInput,
    ) -> Result<Correction> {
        let correction = id("correction", &input.correction)?;
        let done = service::reject(ctx.app(), ctx.viewer()?, correction, &input.memo).await?;
        Ok(Correction(done))
    }

    /// Takes back what you asked for. Refused with `CORRECTION_DECIDED` if it was decided.
    ///
    /// Requires: `REQUEST_CORRECTION` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN).
    async fn withdraw_correction(
        &self,
        ctx: &Context<'_>,
        input: WithdrawCorrectionInput,
    ) -> Result<Correction> {
        let correction = id("correction", &input.correction)?;
        let done = service::withdraw(ctx.app(), ctx.viewer()?, correction).await?;
        Ok(Correction(done))
    }
}

fn because(reason_code: String, memo: Option<String>, attested: bool) -> Because {
    Because {
        reason_code,
        memo,
        attested,
    }
}

async fn changed(
    ctx: &Context<'_>,
    key: &str,
    change: Proposed,
    because: Because,
) -> Result<Punch> {
    let made = entry::change_punch(ctx.app(), ctx.viewer()?, key, change, because).await?;
    Ok(Punch(made))
}
