//! Decides: what staff enter and change for others. Never for themselves, always with a reason and their word that it is
//! true.

use serde::Serialize;

use super::apply::{self, Applied, Why};
use super::model::{Added, Proposed};
use crate::app::App;
use crate::attendance::model::{Direction, Punch, Role, WorkSession};
use crate::attendance::store;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::idempotency::{self, Key};
use crate::db::tx::{Audit, Tx};
use crate::exceptions::codes::model::CodeKind;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{ClientId, MemberId, PlaceId, PunchId};
use crate::kernel::text;
use crate::kernel::time::Instant;
use crate::{exceptions, identity};

/// Why somebody enters or changes time for somebody else.
#[derive(Debug, Clone, Serialize)]
pub struct Because {
    pub reason_code: String,
    pub memo: Option<String>,
    /// Whether they say that it is true.
    pub attested: bool,
}

/// A clock-in or clock-out made for somebody.
#[derive(Debug, Clone, Serialize)]
pub struct Forced {
    pub member: MemberId,
    /// Now, if nobody says.
    pub at: Option<Instant>,
    pub place: Option<PlaceId>,
    pub client: Option<ClientId>,
    pub service: Option<String>,
}

/// A whole session.
#[derive(Debug, Clone, Serialize)]
pub struct Entered {
    pub member: MemberId,
    pub clocked_in_at: Instant,
    pub clocked_out_at: Instant,
    pub breaks: Vec<EnteredBreak>,
    pub place: Option<PlaceId>,
    pub client: Option<ClientId>,
    pub service: Option<String>,
}

/// A break within it.
#[derive(Debug, Clone, Serialize)]
pub struct EnteredBreak {
    pub kind: Option<String>,
    pub starts_at: Instant,
    pub ends_at: Instant,
}

/// The most breaks one entry may have.
const MOST_BREAKS: usize = 8;

/// Clocks somebody in. Refused with `ALREADY_CLOCKED_IN` if they were in at that time.
pub async fn force_clock_in(
    app: &App,
    viewer: &Viewer,
    key: &str,
    forced: Forced,
    because: Because,
) -> Result<WorkSession> {
    let key = Key::new(key, "FORCE_CLOCK_IN", &(&forced, &because))?;
    let opens = |applied: &Applied| match applied.punches.first() {
        Some(punch) if punch.role == Role::Opens => Ok(()),
        _ => Err(Error::refused(
            Code::AlreadyClockedIn,
            "this member was clocked in at that time",
        )),
    };
    let entry = Entry::new(forced_changes(&forced, Direction::In)?, because, opens);
    let punch = entry
        .make(app, viewer, &key, Whom::Member(forced.member))
        .await?;
    session_of(app, viewer, &punch).await
}

/// Clocks somebody out. Refused with `NOT_CLOCKED_IN` if they were not in at that time.
pub async fn force_clock_out(
    app: &App,
    viewer: &Viewer,
    key: &str,
    forced: Forced,
    because: Because,
) -> Result<WorkSession> {
    let key = Key::new(key, "FORCE_CLOCK_OUT", &(&forced, &because))?;
    let closes = |applied: &Applied| match applied.punches.first() {
        Some(punch) if punch.role == Role::Closes => Ok(()),
        _ => Err(Error::refused(
            Code::NotClockedIn,
            "this member was not clocked in at that time",
        )),
    };
    let entry = Entry::new(forced_changes(&forced, Direction::Out)?, because, closes);
    let punch = entry
        .make(app, viewer, &key, Whom::Member(forced.member))
        .await?;
    session_of(app, viewer, &punch).await
}

fn forced_changes(forced: &Forced, direction: Direction) -> Result<Vec<Wanted>> {
    Ok(vec![Wanted::Claim {
        direction,
        at: forced.at,
        place: forced.place,
        client: forced.client,
        service: text::optional("service", forced.service.as_deref(), 60)?,
    }])
}

/// Enters a whole session. Refused with `CONFLICT` where other claims stand in its way.
pub async fn enter_punches(
    app: &App,
    viewer: &Viewer,
    key: &str,
    entered: Entered,
    because: Because,
) -> Result<WorkSession> {
    let key = Key::new(key, "ENTER_PUNCHES", &(&entered, &because))?;
    let whole = |applied: &Applied| {
        let (first, last) = (applied.punches.first(), applied.punches.last());
        let is_whole = first.zip(last).is_some_and(|(first, last)| {
            first.role == Role::Opens
                && last.role == Role::Closes
                && first.session_id == last.session_id
        });
        let conflicts = applied
            .punches
            .iter()
            .any(|punch| punch.role == Role::Conflicts);
        if is_whole && !conflicts {
            return Ok(());
        }
        let message = "other punches of this member stand in the way of this session";
        Err(Error::refused(Code::Conflict, message))
    };
    let entry = Entry::new(entered_changes(&entered)?, because, whole);
    let punch = entry
        .make(app, viewer, &key, Whom::Member(entered.member))
        .await?;
    session_of(app, viewer, &punch).await
}

fn entered_changes(entered: &Entered) -> Result<Vec<Wanted>> {
    let (from, to) = (entered.clocked_in_at, entered.clocked_out_at);
    if to <= from {
        let message = "the clock-out does not come after the clock-in";
        return Err(Error::refused(Code::ClockedOutBeforeIn, message).at("clockedOutAt"));
    }
    if entered.breaks.len() > MOST_BREAKS {
        return Err(Error::invalid(
            "breaks",
            format!("at most {MOST_BREAKS} breaks"),
        ));
    }
    let mut changes = vec![Added {
        place: entered.place,
        client: entered.client,
        service: text::optional("service", entered.service.as_deref(), 60)?,
        ..Added::new(Direction::In, from)
    }];
    let mut free_from = from;
    for (index, pause) in entered.breaks.iter().enumerate() {
        let field = format!("breaks.{index}");
        let is_inside = free_from <= pause.starts_at && pause.ends_at <= to;
        if !is_inside || pause.ends_at <= pause.starts_at {
            let message = "breaks lie in the session, one after the other";
            return Err(Error::invalid(&field, message));
        }
        free_from = pause.ends_at;
        let kind = text::optional("kind", pause.kind.as_deref(), 40);
        let kind = kind.map_err(|error| error.within(&field))?;
        changes.push(Added {
            break_kind: kind.clone(),
            ..Added::new(Direction::BreakStart, pause.starts_at)
        });
        changes.push(Added {
            break_kind: kind,
            ..Added::new(Direction::BreakEnd, pause.ends_at)
        });
    }
    changes.push(Added {
        place: entered.place,
        ..Added::new(Direction::Out, to)
    });
    Ok(changes
        .into_iter()
        .map(|claim| Wanted::Change(Proposed::Add(claim)))
        .collect())
}

/// Puts a layer above a punch: moves it, takes it out, or has what was said first hold again.
pub async fn change_punch(
    app: &App,
    viewer: &Viewer,
    key: &str,
    change: Proposed,
    because: Because,
) -> Result<Punch> {
    let punch = change.punch().ok_or_else(|| Error::not_found("punch"))?;
    let key = Key::new(key, "CHANGE_PUNCH", &(&change, &because))?;
    let entry = Entry::new(vec![Wanted::Change(change)], because, |_: &Applied| Ok(()));
    entry.make(app, viewer, &key, Whom::Of(punch)).await
}

/// A change whose time may be the moment it is made.
#[derive(Clone)]
enum Wanted {
    Claim {
        direction: Direction,
        at: Option<Instant>,
        place: Option<PlaceId>,
        client: Option<ClientId>,
        service: Option<String>,
    },
    Change(Proposed),
}

impl Wanted {
    fn at(self, now: Instant) -> Proposed {
        match self {
            Self::Claim {
                direction,
                at,
                place,
                client,
                service,
            } => Proposed::Add(Added {
                place,
                client,
                service,
                ..Added::new(direction, at.unwrap_or(now))
            }),
            Self::Change(change) => change,
        }
    }
}

/// Whose time is changed.
#[derive(Clone, Copy)]
enum Whom {
    Member(MemberId),
    /// The member of this punch.
    Of(PunchId),
}

struct Entry<F> {
    wanted: Vec<Wanted>,
    because: Because,
    /// Refuses what came of it.
    accept: F,
}

impl<F: Fn(&Applied) -> Result<()>> Entry<F> {
    fn new(wanted: Vec<Wanted>, because: Because, accept: F) -> Self {
        Self {
            wanted,
            because,
            accept,
        }
    }

    /// Makes it once for each key, and answers the first punch of it.
    async fn make(&self, app: &App, viewer: &Viewer, key: &Key, whom: Whom) -> Result<Punch> {
        loop {
            match self.try_make(app, viewer, key, whom).await {
                Err(error) if idempotency::lost_race(&error) => {}
                // What is in the way may be this very request, which committed since its key was looked up.
                Err(error)
                    if matches!(
                        error.code,
                        Code::AlreadyClockedIn | Code::NotClockedIn | Code::Conflict
                    ) && idempotency::is_used(app, viewer, Action::ManagePunches, key)
                        .await? => {}
                answer => return answer,
            }
        }
    }

    async fn try_make(&self, app: &App, viewer: &Viewer, key: &Key, whom: Whom) -> Result<Punch> {
        let made_by = viewer.person()?;
        let mut tx = app.begin(viewer, Action::ManagePunches).await?;
        if let Some(id) = idempotency::find_in(&mut tx, key).await? {
            let punch = punch_in(&mut tx, id).await?;
            tx.settle().await?;
            return Ok(punch);
        }
        let member = match whom {
            Whom::Member(member) => member,
            Whom::Of(punch) => punch_in(&mut tx, punch).await?.member_id,
        };
        let member = identity::service::member_in(&mut tx, member).await?;
        if member.id == made_by {
            let message = "nobody enters or changes their own time: request a correction";
            return Err(Error::refused(Code::OwnCorrection, message));
        }
        let why = self.because.check_in(&mut tx, made_by).await?;
        let now = tx.now();
        let changes: Vec<Proposed> = self.wanted.iter().cloned().map(|one| one.at(now)).collect();
        let applied = apply::apply_in(&mut tx, &member, &changes, &why).await?;
        (self.accept)(&applied)?;
        let punch = applied.punches.into_iter().next();
        let punch = punch.ok_or_else(|| Error::not_found("punch"))?;
        idempotency::stage(&mut tx, key, punch.id)?;
        let detail = serde_json::json!({
            "member": member.id, "changes": changes.len(), "reasonCode": why.reason_code,
            "days": applied.effect.dates(),
        });
        let audit = Audit::of(punch.id).because(why.memo);
        tx.commit(audit.detail(detail)).await?;
        Ok(punch)
    }
}

impl Because {
    /// The organization's own reason, explained where it must be, and the word of whoever says it.
    pub(super) async fn check_in(&self, tx: &mut Tx, made_by: MemberId) -> Result<Why> {
        if !self.attested {
            let message = "say that it is true: attested must be true";
            return Err(Error::refused(Code::AttestationRequired, message).at("attested"));
        }
        let (reason_code, memo) = reason_in(tx, &self.reason_code, self.memo.as_deref()).await?;
        Ok(Why {
            made_by: Some(made_by),
            reason_code,
            memo,
            correction: None,
        })
    }
}

/// A reason of the organization, with the memo that it may need.
pub(super) async fn reason_in(
    tx: &mut Tx,
    code: &str,
    memo: Option<&str>,
) -> Result<(String, Option<String>)> {
    let code = text::required("reasonCode", code, 40)?;
    let memo = text::optional("memo", memo, 500)?;
    exceptions::service::check_code_in(tx, CodeKind::Reason, &code, memo.as_deref()).await?;
    Ok((code, memo))
}

/// A punch, if its member is within reach.
pub(super) async fn punch_in(tx: &mut Tx, id: PunchId) -> Result<Punch> {
    let found = store::list_punches_by_id(tx, &[id]).await?.pop();
    let punch = found.ok_or_else(|| Error::not_found("punch"))?;
    let reached = identity::service::member_in(tx, punch.member_id).await;
    match reached {
        Ok(_) => Ok(punch),
        Err(error) if error.code == Code::NotFound => Err(Error {
            source: Some(Box::new(error)),
            ..Error::not_found("punch")
        }),
        Err(error) => Err(error),
    }
}

async fn session_of(app: &App, viewer: &Viewer, punch: &Punch) -> Result<WorkSession> {
    let mut tx = app.read(viewer, Action::ManagePunches).await?;
    let current = punch_in(&mut tx, punch.id).await?;
    let session = current
        .session_id
        .ok_or_else(|| Error::not_found("work session"))?;
    let found = store::list_by_ids(&mut tx, &[session]).await?.pop();
    found.ok_or_else(|| Error::not_found("work session"))
}
