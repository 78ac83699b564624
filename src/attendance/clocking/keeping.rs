//! Keeps what a punch of now came to: the session, the claim, what a person must look at, the day. Or why it was refused.

use std::collections::BTreeSet;

use crate::attendance::claims::Claim;
use crate::attendance::fold::Played;
use crate::attendance::model::{Direction, Punch, WorkSession};
use crate::attendance::{days, findings, store, versions};
use crate::db::idempotency::{self, Key};
use crate::db::tx::{Audit, Tx};
use crate::exceptions;
use crate::exceptions::model::Found;
use crate::identity::model::Member;
use crate::kernel::error::{Error, Result};
use crate::kernel::geo::Judgement;
use crate::kernel::time::Instant;
use crate::rules::decisions;
use crate::rules::decisions::model::About;
use crate::rules::force::InForce;

/// What a punch of now made of a session.
pub(in crate::attendance) struct Kept {
    pub session: WorkSession,
    /// What it was, and since when that was known.
    pub before: Option<(WorkSession, Instant)>,
    /// The claim with its part, and the session it belongs to still missing.
    pub claim: Punch,
    pub found: Vec<Found>,
}

impl Kept {
    pub(in crate::attendance) async fn commit(self, mut tx: Tx, key: &Key) -> Result<WorkSession> {
        let Self {
            session,
            before,
            claim,
            found,
        } = self;
        idempotency::stage(&mut tx, key, session.id)?;
        let is_new = before.is_none();
        if let Some((before, since)) = before {
            versions::keep_in(&mut tx, &before, since).await?;
            store::stage_update(&mut tx, &session)?;
        }
        let fence = match claim.direction {
            Direction::In => session.fence_in,
            _ => session.fence_out.unwrap_or(Judgement::NONE),
        };
        let punch = Punch {
            session_id: Some(session.id),
            fence,
            ..claim
        };
        store::stage_punches(&mut tx, &[punch])?;
        let subject = findings::subject(&session);
        if is_new {
            exceptions::service::open_in(&mut tx, &subject, &found)?;
        } else {
            exceptions::service::reconcile_in(&mut tx, &subject, &found).await?;
        }
        tx.flush_staged().await?;
        let day = BTreeSet::from([session.work_date]);
        days::service::settle_in(&mut tx, session.member_id, &day).await?;
        tx.commit(Audit::of(session.id)).await?;
        Ok(session)
    }
}

/// A claim with the part it plays.
pub(in crate::attendance) fn played(claim: Claim, all: &[Played]) -> Punch {
    let role = all
        .iter()
        .find(|played| played.punch == claim.punch.id)
        .map_or(claim.punch.role, |played| played.role);
    Punch {
        role,
        ..claim.punch
    }
}

/// A refusal by rule leaves its decisions behind, about the member: "why was I refused?" has an answer too.
pub(in crate::attendance) async fn refuse(
    mut tx: Tx,
    member: &Member,
    refusal: Error,
    mut rules: InForce,
) -> Result<WorkSession> {
    let about = About {
        subject: member.id.uuid(),
        member: Some(member.id),
        event_at: tx.now(),
    };
    decisions::service::keep_in(&mut tx, &about, &mut rules)?;
    let audit = Audit::of(member.id).detail(serde_json::json!({ "refused": true }));
    tx.commit(audit).await?;
    Err(refusal)
}
