//! Decides: corrections that workers request and others approve, and what changes would do.

use serde_json::json;

use super::apply::{self, Why};
use super::entry::{punch_in, reason_in};
use super::model::{Correction, Effect, Proposed, State, check};
use super::store;
pub use super::store::Filter;
use crate::app::App;
use crate::attendance::model::{Punch, PunchEdit};
use crate::attendance::{store as claims, timesheets, versions};
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::idempotency::{self, Key};
use crate::db::tx::{Audit, Tx};
use crate::events::event::{Event, MemberEvent};
use crate::identity::model::Member;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{CorrectionId, MemberId, PunchId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::text;
use crate::kernel::time::local_date;
use crate::{identity, orgs};

/// What a worker asks for, and why.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Request {
    pub changes: Vec<Proposed>,
    pub reason_code: String,
    pub memo: Option<String>,
}

/// Asks for the viewer's own time to be changed. The same key and input ask once.
pub async fn request(
    app: &App,
    viewer: &Viewer,
    key: &str,
    request: &Request,
) -> Result<Correction> {
    let key = Key::new(key, "REQUEST_CORRECTION", request)?;
    loop {
        match try_request(app, viewer, &key, request).await {
            Err(error) if idempotency::lost_race(&error) => {}
            answer => return answer,
        }
    }
}

async fn try_request(
    app: &App,
    viewer: &Viewer,
    key: &Key,
    request: &Request,
) -> Result<Correction> {
    let member = viewer.person()?;
    let mut tx = app.begin(viewer, Action::RequestCorrection).await?;
    if let Some(id) = idempotency::find_in(&mut tx, key).await? {
        let correction = store::get(&mut tx, id).await?;
        tx.settle().await?;
        return Ok(correction);
    }
    let member = identity::service::member_in(&mut tx, member).await?;
    let (reason_code, memo) =
        reason_in(&mut tx, &request.reason_code, request.memo.as_deref()).await?;
    check_request_in(&mut tx, &member, &request.changes).await?;
    let correction = Correction {
        id: tx.id(),
        member_id: member.id,
        state: State::Pending,
        changes: request.changes.clone(),
        reason_code,
        memo,
        requested_at: tx.now(),
        decided_at: None,
        decided_by: None,
        decision_memo: None,
        effect: None,
    };
    idempotency::stage(&mut tx, key, correction.id)?;
    store::stage_insert(&mut tx, &correction)?;
    tx.emit(&Event::CorrectionRequested(about(&member, &correction)))?;
    let detail =
        json!({ "changes": correction.changes.len(), "reasonCode": correction.reason_code });
    tx.commit(Audit::of(correction.id).detail(detail)).await?;
    Ok(correction)
}

/// What is asked for concerns the member's own punches, on days that are not locked.
async fn check_request_in(tx: &mut Tx, member: &Member, changes: &[Proposed]) -> Result<()> {
    check(changes, tx.now())?;
    let zone = orgs::service::own_in(tx).await?.time_zone;
    let mut moments: Vec<_> = changes.iter().filter_map(Proposed::at).collect();
    for id in changes.iter().filter_map(Proposed::punch) {
        let punch = punch_in(tx, id).await?;
        if punch.member_id != member.id {
            return Err(Error::not_found("punch"));
        }
        moments.push(punch.time.occurred_at);
    }
    let days = moments.into_iter().map(|at| local_date(at, zone)).collect();
    timesheets::service::check_unlocked_in(tx, member.id, &days).await
}

/// Carries a correction out. Once, by somebody else, who attests that it is true.
pub async fn approve(
    app: &App,
    viewer: &Viewer,
    id: CorrectionId,
    attested: bool,
    memo: Option<&str>,
) -> Result<Correction> {
    let memo = text::optional("memo", memo, 500)?;
    let (mut tx, member, correction) = undecided_in(app, viewer, id).await?;
    if !attested {
        let message = "say that it is true: attested must be true";
        return Err(Error::refused(Code::AttestationRequired, message).at("attested"));
    }
    let why = Why {
        made_by: viewer.member(),
        reason_code: correction.reason_code.clone(),
        memo: correction.memo.clone(),
        correction: Some(id),
    };
    let applied = apply::apply_in(&mut tx, &member, &correction.changes, &why).await?;
    let correction = Correction {
        decided_by: viewer.member(),
        decision_memo: memo,
        effect: Some(applied.effect),
        ..correction.end(State::Approved, tx.now())?
    };
    decided(tx, &member, correction).await
}

/// Says no, and why.
pub async fn reject(
    app: &App,
    viewer: &Viewer,
    id: CorrectionId,
    memo: &str,
) -> Result<Correction> {
    let memo = text::required("memo", memo, 500)?;
    let (tx, member, correction) = undecided_in(app, viewer, id).await?;
    let correction = Correction {
        decided_by: viewer.member(),
        decision_memo: Some(memo),
        ..correction.end(State::Rejected, tx.now())?
    };
    decided(tx, &member, correction).await
}

/// Takes back what the viewer asked for.
pub async fn withdraw(app: &App, viewer: &Viewer, id: CorrectionId) -> Result<Correction> {
    let mut tx = app.begin(viewer, Action::RequestCorrection).await?;
    let correction = store::lock(&mut tx, id).await?;
    let member = identity::service::member_in(&mut tx, correction.member_id).await?;
    let correction = correction.end(State::Withdrawn, tx.now())?;
    decided(tx, &member, correction).await
}

/// Whoever decides is within reach of whom it is about, and somebody else; and nobody else decides meanwhile.
async fn undecided_in(
    app: &App,
    viewer: &Viewer,
    id: CorrectionId,
) -> Result<(Tx, Member, Correction)> {
    let decider = viewer.person()?;
    let mut tx = app.begin(viewer, Action::ManagePunches).await?;
    let correction = store::lock(&mut tx, id).await?;
    let member = identity::service::member_in(&mut tx, correction.member_id).await?;
    if member.id == decider {
        let message = "nobody decides their own correction";
        return Err(Error::refused(Code::OwnCorrection, message));
    }
    // Refused here already, before anything is worked out.
    correction.clone().end(State::Rejected, tx.now())?;
    Ok((tx, member, correction))
}

async fn decided(mut tx: Tx, member: &Member, correction: Correction) -> Result<Correction> {
    store::stage_update(&mut tx, &correction)?;
    tx.emit(&Event::CorrectionDecided(about(member, &correction)))?;
    let detail = json!({
        "member": member.id, "state": correction.state.name(), "changes": correction.changes.len(),
    });
    let audit = Audit::of(correction.id).because(correction.decision_memo.clone());
    tx.commit(audit.detail(detail)).await?;
    Ok(correction)
}

fn about(member: &Member, correction: &Correction) -> MemberEvent {
    MemberEvent {
        member: member.id,
        department: member.department_id,
        about: correction.id.to_string(),
    }
}

pub async fn correction(app: &App, viewer: &Viewer, id: CorrectionId) -> Result<Correction> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    store::get(&mut tx, id).await
}

/// Those of the corrections that are there and within reach, in no order.
pub(super) async fn by_ids(
    app: &App,
    viewer: &Viewer,
    ids: &[CorrectionId],
) -> Result<Vec<Correction>> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    store::list_by_ids(&mut tx, ids).await
}

/// The corrections within the viewer's reach, the newest first.
pub async fn corrections(
    app: &App,
    viewer: &Viewer,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Correction>> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    store::list(&mut tx, filter, page).await
}

/// What a correction did, or would do now; nothing for one that was not approved.
pub async fn effect_of(
    app: &App,
    viewer: &Viewer,
    correction: &Correction,
) -> Result<Option<Effect>> {
    match correction.state {
        State::Approved => Ok(correction.effect.clone()),
        State::Pending => preview(app, viewer, correction.member_id, &correction.changes)
            .await
            .map(Some),
        State::Rejected | State::Withdrawn => Ok(None),
    }
}

/// What changes would do: they are carried out in a transaction that is dropped, so nothing of it stays.
pub async fn preview(
    app: &App,
    viewer: &Viewer,
    member: MemberId,
    changes: &[Proposed],
) -> Result<Effect> {
    let mut tx = app.begin(viewer, Action::ViewSessions).await?;
    let member = identity::service::member_in(&mut tx, member).await?;
    let why = Why {
        made_by: viewer.member(),
        reason_code: "PREVIEW".to_owned(),
        memo: None,
        correction: None,
    };
    let applied = apply::apply_in(&mut tx, &member, changes, &why).await?;
    Ok(applied.effect)
}

/// Punches of people within reach, in no order.
pub(super) async fn punches(app: &App, viewer: &Viewer, ids: &[PunchId]) -> Result<Vec<Punch>> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    let mut found = claims::list_punches_by_id(&mut tx, ids).await?;
    let members: Vec<MemberId> = found.iter().map(|punch| punch.member_id).collect();
    let reached = identity::service::members_in(&mut tx, &members).await?;
    found.retain(|punch| reached.iter().any(|member| member.id == punch.member_id));
    Ok(found)
}

/// The layers above punches that the caller was shown, oldest first.
pub(super) async fn edits(app: &App, viewer: &Viewer, ids: &[PunchId]) -> Result<Vec<PunchEdit>> {
    let mut tx = app.read(viewer, Action::ViewSessions).await?;
    versions::list_edits_of(&mut tx, ids).await
}
