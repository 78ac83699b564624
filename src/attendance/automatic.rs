//! Decides: sessions that nobody closed are closed by rule. The end is a claim of its own, the weakest of all: never
//! before the last sign of the person, never in the future, and given up as soon as a real end is known.

use chrono::TimeDelta;
use zamu_rules::{Decision, Record, Value, hooks};

use super::assess;
use super::claims::Claim;
use super::facts::{self, Known};
use super::model::{Direction, Ping, Punch, PunchTime, Source, WorkSession};
use super::rebuild::{self, Rebuild};
use super::{locations, store, surroundings};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::kernel::error::Result;
use crate::kernel::geo::Verdict;
use crate::kernel::id::{OrgId, SessionId};
use crate::kernel::time::{Instant, minutes_between};
use crate::places::model::Place;
use crate::schedules::model::Shift;
use crate::{identity, orgs, schedules};

/// The usual length of work where no shift says: eight hours, the same for every organization.
const USUAL: TimeDelta = TimeDelta::hours(8);
/// Sessions of an organization looked at in one go.
const AT_ONCE: i64 = 1_000;

/// Asks about every open session of every organization. Safe on several nodes at once: what one closed is closed.
pub async fn run(app: &App) -> Result<()> {
    for org in orgs::service::all_ids(app).await? {
        run_for(app, org).await?;
    }
    Ok(())
}

/// The same for one organization. One session that cannot be closed does not keep the others open.
pub async fn run_for(app: &App, org: OrgId) -> Result<()> {
    let viewer = Viewer::job(org, "AUTO_CLOCK_OUT");
    let open = {
        let mut tx = app.read(&viewer, Action::RunTimetable).await?;
        store::list_open(&mut tx, &store::Filter::default(), AT_ONCE).await?
    };
    for session in open {
        if let Err(error) = close(app, &viewer, session.id).await {
            tracing::error!(session = %session.id, error = ?error, "a session could not be closed automatically");
        }
    }
    Ok(())
}

async fn close(app: &App, viewer: &Viewer, id: SessionId) -> Result<()> {
    let mut tx = app.begin(viewer, Action::RunTimetable).await?;
    let session = store::get(&mut tx, id).await?;
    schedules::service::lock_member_in(&mut tx, session.member_id).await?;
    let session = store::get(&mut tx, id).await?;
    if session.status != super::model::Status::Active {
        return Ok(());
    }
    let Some((at, mut rules)) = asked(&mut tx, &session).await? else {
        return Ok(());
    };
    let now = tx.now();
    let time = PunchTime {
        device_at: None,
        received_at: now,
        occurred_at: at,
    };
    let punch = Punch {
        place_id: session.place_id,
        ..Punch::new(
            tx.id(),
            session.member_id,
            Direction::Out,
            Source::Automatic,
            time,
        )
    };
    assess::keep(&mut tx, &session, now, &mut rules)?;
    store::stage_punches(&mut tx, &[punch])?;
    let what = Rebuild {
        member: session.member_id,
        since: at,
        judge_again: false,
    };
    rebuild::member_in(&mut tx, what).await?;
    tx.commit(Audit::of(session.id)).await
}

/// When the rules close it, if they do. A time that has not come yet is not believed.
async fn asked(
    tx: &mut Tx,
    session: &WorkSession,
) -> Result<Option<(Instant, crate::rules::force::InForce)>> {
    let now = tx.now();
    let member = identity::service::member_in(tx, session.member_id).await?;
    let department = surroundings::department_in(tx, session.department_id).await?;
    let place = surroundings::place_in(tx, session.place_id).await?;
    let shift = match session.shift_id {
        Some(id) => schedules::service::shift_in(tx, id).await?,
        None => None,
    };
    let organization = orgs::service::own_in(tx).await?;
    let known = Known {
        member: &member,
        department: department.as_deref(),
        place: place.as_ref(),
        shift: shift.as_ref(),
        service: session.service.as_deref(),
        time: PunchTime {
            device_at: None,
            received_at: now,
            occurred_at: now,
        },
        mock_location: false,
        zone: place
            .as_ref()
            .map_or(organization.time_zone, |place| place.time_zone),
    };
    let claims = surroundings::claims_in(tx, session.id).await?;
    let ping = locations::service::last_in(tx, session.id).await?;
    let seen = Seen::last(session, &claims, ping.as_ref(), place.as_ref());
    let planned = planned_in(tx, session, shift.as_ref()).await?;
    let mut rules = assess::rules_at(tx, (session.department_id, session.place_id), now).await?;
    let decision = rules.ask(
        hooks::AUTO_CLOCK_OUT,
        facts_of(session, &known, &seen, planned),
    );
    let at = close_at(&decision).map(|at| at.max(seen.at));
    Ok(at.filter(|at| *at <= now).map(|at| (at, rules)))
}

fn close_at(decision: &Decision) -> Option<Instant> {
    if decision.outcome.name != "close_at" {
        return None;
    }
    match decision.outcome.values.get("at") {
        Some(Value::Moment(moment)) => Instant::from_timestamp_micros(moment.utc_micros),
        _ => None,
    }
}

/// The last sign of the person.
struct Seen {
    at: Instant,
    inside_fence: bool,
}

impl Seen {
    /// A claim or a position, whichever came last.
    fn last(
        session: &WorkSession,
        claims: &[Claim],
        ping: Option<&Ping>,
        place: Option<&Place>,
    ) -> Self {
        let at = claims
            .last()
            .map_or(session.clocked_in_at, |claim| claim.at);
        let of_claims = Self {
            at,
            inside_fence: session.fence_in.verdict == Verdict::Inside,
        };
        match ping.filter(|ping| ping.captured_at >= at) {
            Some(ping) => Self {
                at: ping.captured_at,
                inside_fence: place
                    .and_then(|place| place.fence(None))
                    .is_some_and(|fence| fence.judge(ping.fix).verdict == Verdict::Inside),
            },
            None => of_claims,
        }
    }
}

fn facts_of(
    session: &WorkSession,
    known: &Known<'_>,
    seen: &Seen,
    (starts_at, ends_at): (Instant, Instant),
) -> Record {
    let now = known.time.occurred_at;
    let moment = |at| facts::moment(at, known.zone);
    facts::record([
        ("started_at", moment(session.clocked_in_at)),
        ("minutes_past_end", minutes_between(ends_at, now).into()),
        (
            "shift",
            [
                ("starts_at", moment(starts_at)),
                ("ends_at", moment(ends_at)),
            ]
            .into(),
        ),
        (
            "last_seen",
            [
                ("at", moment(seen.at)),
                ("minutes_ago", minutes_between(seen.at, now).into()),
                ("inside_fence", seen.inside_fence.into()),
            ]
            .into(),
        ),
        ("person", facts::person(known)),
        ("now", moment(now)),
    ])
}

/// The shift, or the business hours of the day, or else so long after the clock-in as a day of work usually is.
async fn planned_in(
    tx: &mut Tx,
    session: &WorkSession,
    shift: Option<&Shift>,
) -> Result<(Instant, Instant)> {
    if let Some(shift) = shift {
        return Ok((shift.starts_at, shift.ends_at));
    }
    let (place, department) = (session.place_id, session.department_id);
    let usual =
        schedules::service::usual_hours_in(tx, place, department, session.work_date).await?;
    let open = usual.filter(|(_, ends_at)| *ends_at > session.clocked_in_at);
    Ok(open.unwrap_or((session.clocked_in_at, session.clocked_in_at + USUAL)))
}
