//! Decides: what staff say about others: that somebody came or left, is excused or absent, and what was wrong.

use serde_json::json;

use super::checks::{self, Scene, about, attended, blank, keep};
use super::judge;
use super::model::Gathering;
use super::record::{AttendanceRecord, CheckTime, Method, Status, not_checked_in};
use super::{records, sight};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::events::event::Event;
use crate::exceptions::codes::model::CodeKind;
use crate::kernel::change::Change;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::geo::Judgement;
use crate::kernel::id::{AttendanceRecordId, GatheringId, MemberId};
use crate::kernel::text;
use crate::kernel::time::Instant;
use crate::{exceptions, identity};

/// Why staff say something about somebody else: one of the organization's reasons, and a memo where it needs one.
#[derive(Debug, Clone)]
pub struct Because {
    pub reason_code: String,
    pub memo: Option<String>,
}

impl Because {
    async fn checked_in(&self, tx: &mut Tx) -> Result<Self> {
        let reason_code = text::required("reasonCode", &self.reason_code, 40)?;
        let memo = text::optional("memo", self.memo.as_deref(), 500)?;
        let kind = CodeKind::Reason;
        exceptions::service::check_code_in(tx, kind, &reason_code, memo.as_deref()).await?;
        Ok(Self { reason_code, memo })
    }
}

/// That somebody else came or left.
#[derive(Debug, Clone)]
pub struct Forced {
    pub gathering: GatheringId,
    pub member: MemberId,
    /// Now, if nobody says.
    pub at: Option<Instant>,
    pub because: Because,
    /// Whoever says so attests that it is true.
    pub attested: bool,
}

/// That somebody is not coming, with or without an excuse.
#[derive(Debug, Clone)]
pub struct Marked {
    pub gathering: GatheringId,
    pub member: MemberId,
    pub status: Status,
    pub because: Because,
    pub note: Option<String>,
}

/// What is to be different about a record.
#[derive(Debug, Clone)]
pub struct Corrected {
    pub record: AttendanceRecordId,
    /// Kept, it follows from the time of a check-in that is changed.
    pub status: Option<Status>,
    pub checked_in_at: Change<Instant>,
    pub checked_out_at: Change<Instant>,
    pub note: Change<String>,
    pub because: Because,
}

/// What every statement about somebody else begins with.
struct Statement {
    gathering: Gathering,
    member: identity::model::Member,
    record: Option<AttendanceRecord>,
}

impl Statement {
    async fn begin(tx: &mut Tx, gathering: GatheringId, member: MemberId) -> Result<Self> {
        sight::managed(tx, gathering).await?;
        let (gathering, member) = attended(tx, gathering, member).await?;
        let record = checks::expected(tx, &gathering, &member).await?;
        Ok(Self {
            gathering,
            member,
            record,
        })
    }
}

fn attested(forced: &Forced) -> Result<()> {
    if forced.attested {
        return Ok(());
    }
    let message = "attest that it is true: `attested: true`";
    Err(Error::refused(Code::AttestationRequired, message).at("attested"))
}

/// A time that staff say, which cannot lie ahead.
fn said(field: &str, at: Option<Instant>, now: Instant) -> Result<CheckTime> {
    let occurred_at = at.unwrap_or(now);
    if occurred_at > now {
        return Err(Error::invalid(field, "this time has not come yet"));
    }
    Ok(CheckTime {
        device_at: None,
        received_at: now,
        occurred_at,
    })
}

/// Checks somebody else in.
pub async fn force_in(app: &App, viewer: &Viewer, forced: Forced) -> Result<AttendanceRecord> {
    loop {
        match try_force_in(app, viewer, &forced).await {
            // The person checked in at the same moment: look again, the record says what is so now.
            Err(error) if error.code == Code::AlreadyCheckedIn && error.source.is_some() => {}
            answer => return answer,
        }
    }
}

async fn try_force_in(app: &App, viewer: &Viewer, forced: &Forced) -> Result<AttendanceRecord> {
    attested(forced)?;
    let mut tx = app.begin(viewer, Action::ManageGatherings).await?;
    let because = forced.because.checked_in(&mut tx).await?;
    let time = said("at", forced.at, tx.now())?;
    let statement = Statement::begin(&mut tx, forced.gathering, forced.member).await?;
    let Statement {
        gathering,
        member,
        record,
    } = statement;
    if let Some(record) = &record {
        record.not_yet_in()?;
    }
    gathering.lets_staff_in(time.occurred_at)?;
    let (scene, mut rules) = Scene::of(&mut tx, &gathering, member, time.occurred_at).await?;
    let judged = judge::let_in(&mut rules, &scene.known(&gathering, time, false));
    let is_new = record.is_none();
    let mut record = record.unwrap_or_else(|| blank(&tx, &gathering, &scene.member));
    record.enter(time, &judged);
    record.method = Some(Method::Staff);
    record.attested = true;
    record.stated(&tx, &because);
    keep(&mut tx, &record, is_new, &mut rules)?;
    tx.emit(&Event::GatheringCheckedIn(about(&record)))?;
    finish(tx, &record, None).await?;
    Ok(record)
}

/// Checks somebody else out.
pub async fn force_out(app: &App, viewer: &Viewer, forced: Forced) -> Result<AttendanceRecord> {
    attested(&forced)?;
    let mut tx = app.begin(viewer, Action::ManageGatherings).await?;
    let because = forced.because.checked_in(&mut tx).await?;
    let time = said("at", forced.at, tx.now())?;
    let statement = Statement::begin(&mut tx, forced.gathering, forced.member).await?;
    let mut record = statement.record.ok_or_else(not_checked_in)?;
    record.check_out(time, None)?;
    statement.gathering.lets_out(time.occurred_at)?;
    record.attested = true;
    record.stated(&tx, &because);
    records::stage_update(&mut tx, &record)?;
    tx.emit(&Event::GatheringCheckedOut(about(&record)))?;
    finish(tx, &record, None).await?;
    Ok(record)
}

/// Says that somebody is excused or absent. Whoever was there is corrected, not marked.
pub async fn mark(app: &App, viewer: &Viewer, marked: Marked) -> Result<AttendanceRecord> {
    loop {
        match try_mark(app, viewer, &marked).await {
            Err(error) if error.code == Code::AlreadyCheckedIn && error.source.is_some() => {}
            answer => return answer,
        }
    }
}

async fn try_mark(app: &App, viewer: &Viewer, marked: &Marked) -> Result<AttendanceRecord> {
    let note = text::optional("note", marked.note.as_deref(), 500)?;
    if marked.status.is_there() {
        let message = "EXCUSED or ABSENT; whoever was there is checked in";
        return Err(Error::invalid("status", message));
    }
    let mut tx = app.begin(viewer, Action::ManageGatherings).await?;
    let because = marked.because.checked_in(&mut tx).await?;
    let statement = Statement::begin(&mut tx, marked.gathering, marked.member).await?;
    if let Some(record) = &statement.record {
        record.not_yet_in()?;
    }
    let before = statement.record.clone();
    let mut record = statement
        .record
        .unwrap_or_else(|| blank(&tx, &statement.gathering, &statement.member));
    record.status = marked.status;
    record.note = note.or(record.note);
    record.stated(&tx, &because);
    match before {
        Some(_) => records::stage_update(&mut tx, &record)?,
        None => records::stage_insert(&mut tx, &record)?,
    }
    tx.emit(&Event::GatheringChanged(about(&record)))?;
    finish(tx, &record, before.as_ref()).await?;
    Ok(record)
}

/// Corrects a record. What it said before is kept in the audit log.
pub async fn correct(app: &App, viewer: &Viewer, corrected: Corrected) -> Result<AttendanceRecord> {
    let mut tx = app.begin(viewer, Action::ManageGatherings).await?;
    let because = corrected.because.checked_in(&mut tx).await?;
    let found = records::find(&mut tx, &[corrected.record]).await?.pop();
    let found = found.ok_or_else(|| Error::not_found("attendance record"))?;
    let gathering = sight::managed(&mut tx, found.gathering_id).await?;
    // Again, now that nobody else can change it.
    let before = records::lock(&mut tx, found.gathering_id, found.member_id).await?;
    let before = before.unwrap_or(found);
    let mut record = before.clone();
    let is_moved = record.apply(&corrected, tx.now())?;
    if let Some(time) = record.checked_in.filter(|_| is_moved) {
        gathering.lets_staff_in(time.occurred_at)?;
    }
    if is_moved && corrected.status.is_none() {
        judge_again(&mut tx, &gathering, &mut record).await?;
    }
    if record.status.is_there() && record.checked_in.is_none() {
        let message = "whoever was there came at some time";
        return Err(Error::invalid("checkedInAt", message));
    }
    record.stated(&tx, &because);
    records::stage_update(&mut tx, &record)?;
    tx.emit(&Event::GatheringChanged(about(&record)))?;
    finish(tx, &record, Some(&before)).await?;
    Ok(record)
}

/// Whether a check-in that moved is late now, by the rules of its time.
async fn judge_again(
    tx: &mut Tx,
    gathering: &Gathering,
    record: &mut AttendanceRecord,
) -> Result<()> {
    let Some(time) = record.checked_in else {
        return Ok(());
    };
    let member = identity::service::member_in(tx, record.member_id).await?;
    let (scene, mut rules) = Scene::of(tx, gathering, member, time.occurred_at).await?;
    let judged = judge::let_in(&mut rules, &scene.known(gathering, time, false));
    record.status = judged.status;
    record.minutes_late = Some(judged.minutes_late);
    checks::keep_decisions(tx, record, &mut rules)
}

async fn finish(
    tx: Tx,
    record: &AttendanceRecord,
    before: Option<&AttendanceRecord>,
) -> Result<()> {
    let state = |record: &AttendanceRecord| {
        json!({
            "status": record.status.name(),
            "checkedInAt": record.checked_in.map(|time| time.occurred_at),
            "checkedOutAt": record.checked_out.map(|time| time.occurred_at),
        })
    };
    let detail = json!({
        "event": record.gathering_id,
        "member": record.member_id,
        "before": before.map(state),
        "after": state(record),
        "reasonCode": record.reason_code,
    });
    let audit = Audit::of(record.id)
        .because(record.memo.clone())
        .detail(detail);
    tx.commit(audit).await
}

impl AttendanceRecord {
    fn stated(&mut self, tx: &Tx, because: &Because) {
        self.forced_by = tx.viewer().member();
        self.reason_code = Some(because.reason_code.clone());
        self.memo.clone_from(&because.memo);
        self.updated_at = tx.now();
    }

    /// Changes what is to be different; answers whether the check-in moved.
    fn apply(&mut self, corrected: &Corrected, now: Instant) -> Result<bool> {
        let entered = self.checked_in.map(|time| time.occurred_at);
        let left = self.checked_out.map(|time| time.occurred_at);
        let enters = corrected.checked_in_at.clone().apply(entered);
        let leaves = corrected.checked_out_at.clone().apply(left);
        self.note = corrected.note.clone().apply(self.note.take());
        text::optional("note", self.note.as_deref(), 500)?;
        if enters != entered {
            self.checked_in = enters
                .map(|at| said("checkedInAt", Some(at), now))
                .transpose()?;
            self.method = enters.map(|_| Method::Staff);
        }
        if leaves != left {
            self.checked_out = leaves
                .map(|at| said("checkedOutAt", Some(at), now))
                .transpose()?;
        }
        if let Some(status) = corrected.status {
            self.status = status;
        }
        if corrected.status.is_some_and(|status| !status.is_there()) {
            (self.checked_in, self.checked_out, self.method) = (None, None, None);
            (self.fence_in, self.fence_out, self.minutes_late) = (Judgement::NONE, None, None);
        }
        if let Some(leaves) = self.checked_out
            && self
                .checked_in
                .is_none_or(|enters| leaves.occurred_at < enters.occurred_at)
        {
            let message = "the check-out lies before the check-in";
            return Err(Error::refused(Code::ClockedOutBeforeIn, message).at("checkedOutAt"));
        }
        Ok(enters != entered && self.checked_in.is_some())
    }
}
