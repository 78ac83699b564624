//! A member's punches become sessions, or continue those that are there.

use chrono::{Days, NaiveDate};

use super::model::{
    End, LONGEST_SESSION, Reason, Span, Tap, can_be_late, meant_shift, pair_within,
};
use super::punches::model::infer;
use super::service::{Import, PUNCHES, end};
use crate::attendance::imported::{self, History, Imported};
use crate::attendance::model::{
    Device, Direction, Punch, PunchTime, Role, Said, Source, Status, Trust, WorkSession,
};
use crate::db::tx::Tx;
use crate::identity::model::Member;
use crate::identity::moves::model::{Move, department_on};
use crate::kernel::error::Result;
use crate::kernel::geo::Judgement;
use crate::kernel::id::{DepartmentId, kinds};
use crate::kernel::time::Instant;
use crate::places::model::Place;
use crate::rules::decisions::{self, model::About};
use crate::rules::force::InForce;
use crate::schedules::model::Shift;
use crate::{identity, places, schedules};

/// Sessions of one transaction: others wait for its end.
const SESSIONS_AT_ONCE: usize = 200;

/// Whose punches these are, and where they come from.
struct Person {
    member: Member,
    source: Source,
    moves: Vec<Move>,
}

impl Person {
    /// Where they belonged on a day.
    fn department(&self, date: NaiveDate) -> Option<DepartmentId> {
        if self.moves.is_empty() {
            return self.member.department_id;
        }
        department_on(&self.moves, date)
    }
}

/// What is to be done about one span.
enum Step<'a> {
    Create {
        clock_in: Tap,
        end: End,
        shift: Option<&'a Shift>,
        judged: bool,
    },
    Complete {
        session: WorkSession,
        out: Tap,
    },
    Disconnect(WorkSession),
}

/// Keeps what one user's punches come to. The history is read and continued in one transaction.
pub(super) async fn import_sessions(
    import: &mut Import<'_>,
    user: &str,
    taps: Vec<Tap>,
) -> Result<()> {
    let Some(member) = import.members.get(user).cloned() else {
        return Ok(());
    };
    let source = import.from.source;
    let days = taps.iter().map(|tap| tap.at.date_naive());
    let (Some(first), Some(last)) = (days.clone().min(), days.max()) else {
        return Ok(());
    };
    // A night begins a day before, a file's day may be another one in UTC, and a session may last a day.
    let around = (first - Days::new(3), last + Days::new(2));
    let mut tx = import.begin().await?;
    let person = Person {
        moves: identity::moves::service::moves_in(&mut tx, member.id).await?,
        member,
        source,
    };
    let history = imported::history_in(&mut tx, person.member.id, around.0).await?;
    let shifts = schedules::service::planned_in(&mut tx, person.member.id, around).await?;
    let inferred = infer(taps, &shifts, import.from.debounce);
    import.report.punches.merged += inferred.merged.len() as u64;
    import.report.merges.extend(inferred.merged);
    for (row, reason) in &inferred.refused {
        import.report.refuse(PUNCHES, *row, reason);
    }
    let mut taps = inferred.taps;
    taps.extend(unfinished(&history, &taps));
    import.touch(person.member.id, around);
    let steps = plan(import, taps, &history, &shifts);
    if import.from.dry_run {
        for step in steps {
            import.foresee(&step);
        }
        return Ok(());
    }
    let mut steps = steps.into_iter().peekable();
    loop {
        let mut changes = 0;
        let mut created = Vec::new();
        for step in steps.by_ref().take(SESSIONS_AT_ONCE) {
            changes += 1;
            created.extend(take(&mut tx, import, &person, step).await?);
        }
        stage(&mut tx, created)?;
        end::<kinds::Session>(tx, import, "sessions", changes).await?;
        if steps.peek().is_none() {
            return Ok(());
        }
        tx = import.begin().await?;
    }
}

/// The session that waits for its clock-out, as a clock-in without a row; not if the file has that clock-in itself.
fn unfinished(history: &History, taps: &[Tap]) -> Option<Tap> {
    let session = history.unfinished()?;
    let found = |tap: &Tap| history.session_of(&tap.name);
    let in_file = taps
        .iter()
        .any(|tap| found(tap).is_some_and(|known| known.id == session.id));
    let at = session.clocked_in_at.fixed_offset();
    (!in_file).then_some(Tap {
        row: None,
        at,
        direction: Direction::In,
        is_unknown: false,
        place: None,
        device: None,
        name: String::new(),
    })
}

/// Pairs the punches, reports what became of their rows and says what is to be done.
fn plan<'a>(
    import: &mut Import<'_>,
    taps: Vec<Tap>,
    history: &History,
    shifts: &'a [Shift],
) -> Vec<Step<'a>> {
    let pairing = pair_within(taps, import.from.debounce);
    import.report.punches.merged += pairing.merged.len() as u64;
    import.report.merges.extend(pairing.merged);
    for (row, reason) in &pairing.refused {
        import.report.refuse(PUNCHES, *row, reason);
    }
    let mut last: Option<Instant> = None;
    let mut steps = Vec::new();
    for Span { clock_in, end } in pairing.spans {
        let known = match clock_in.row {
            Some(_) => history.session_of(&clock_in.name),
            None => history.unfinished(),
        };
        let out_is_known = match &end {
            End::Out(out) => history.session_of(&out.name).is_some(),
            End::Missed | End::Open => false,
        };
        let at = clock_in.at.to_utc();
        let came_before = last.replace(at).max(history.came_before(at));
        if let Some(session) = known {
            steps.extend(go_on(import, &clock_in, end, session, out_is_known));
            continue;
        }
        import.use_end(&end);
        if out_is_known {
            import.refuse(&clock_in, &Reason::AgainstHistory);
            continue;
        }
        import.use_row(&clock_in);
        let shift = meant_shift(shifts, at);
        let judged = shift.is_some_and(|shift| can_be_late(shift, came_before));
        steps.push(Step::Create {
            clock_in,
            end,
            shift,
            judged,
        });
    }
    steps
}

/// What the file tells about a session that is there.
fn go_on(
    import: &mut Import<'_>,
    clock_in: &Tap,
    end: End,
    session: &WorkSession,
    out_is_known: bool,
) -> Option<Step<'static>> {
    import.use_row(clock_in);
    match end {
        End::Out(out) if session.clocked_out_at.is_none() && !out_is_known => {
            import.use_row(&out);
            return Some(Step::Complete {
                session: session.clone(),
                out,
            });
        }
        End::Missed if session.status == Status::Active => {
            return Some(Step::Disconnect(session.clone()));
        }
        End::Out(out) if !out_is_known => import.refuse(&out, &Reason::AgainstHistory),
        end => import.use_end(&end),
    }
    if clock_in.row.is_some() {
        import.report.sessions.unchanged += 1;
        import.count(session);
    }
    None
}

impl Import<'_> {
    fn use_row(&mut self, tap: &Tap) {
        self.report.punches.used += u64::from(tap.row.is_some());
    }

    fn use_end(&mut self, end: &End) {
        if let End::Out(out) = end {
            self.use_row(out);
        }
    }

    fn refuse(&mut self, tap: &Tap, reason: &Reason) {
        if let Some(row) = tap.row {
            self.report.refuse(PUNCHES, row, reason);
        }
    }

    /// What a step would come to.
    fn foresee(&mut self, step: &Step<'_>) {
        match step {
            Step::Create { end, .. } => {
                self.report.sessions.created += 1;
                self.report.sessions.open += u64::from(!matches!(end, End::Out(_)));
            }
            Step::Complete { .. } | Step::Disconnect(_) => self.report.sessions.continued += 1,
        }
    }

    fn count(&mut self, session: &WorkSession) {
        self.report.sessions.open += u64::from(session.clocked_out_at.is_none());
        self.report.sessions.flagged += u64::from(!session.flags.is_empty());
    }

    /// The place of a name, without a fence: the files have no positions to judge by one.
    async fn place(&mut self, tx: &mut Tx, name: Option<&str>) -> Result<Option<Place>> {
        let Some(name) = name else { return Ok(None) };
        if let Some(known) = self.places.get(name) {
            return Ok(Some(known.clone()));
        }
        let place =
            places::service::place_by_name_in(tx, name, self.organization.time_zone).await?;
        let unfenced = Place {
            position: None,
            radius_m: None,
            polygon: None,
            ..place
        };
        self.places.insert(name.to_owned(), unfenced.clone());
        Ok(Some(unfenced))
    }
}

/// A new session with its punches, and why it is late or not.
struct Created {
    imported: Imported,
    rules: InForce,
}

/// Continues a session, or makes a new one ready to be staged with others.
async fn take(
    tx: &mut Tx,
    import: &mut Import<'_>,
    person: &Person,
    step: Step<'_>,
) -> Result<Option<Created>> {
    let (session, punch) = match step {
        Step::Create {
            clock_in,
            end,
            shift,
            judged,
        } => {
            let created = create(tx, import, person, &clock_in, end, (shift, judged)).await?;
            import.report.sessions.created += 1;
            import.count(&created.imported.session);
            return Ok(Some(created));
        }
        Step::Complete { session, out } => {
            let session = imported::completed(session, out.at.to_utc())?;
            let place = import.place(tx, out.place.as_deref()).await?;
            let punch = punch(tx, &session, person, &out, place.as_ref());
            (session, Some(punch))
        }
        Step::Disconnect(session) => (session.disconnect(), None),
    };
    import.report.sessions.continued += 1;
    import.count(&session);
    imported::stage_continued_in(tx, &session, punch)?;
    Ok(None)
}

async fn create(
    tx: &mut Tx,
    import: &mut Import<'_>,
    person: &Person,
    clock_in: &Tap,
    end: End,
    (shift, judged): (Option<&Shift>, bool),
) -> Result<Created> {
    let place = import.place(tx, clock_in.place.as_deref()).await?;
    let mut session = opened(tx, person, clock_in, place.as_ref(), shift);
    let judged_shift = shift.filter(|_| judged);
    let rules = judge(
        tx,
        import,
        person,
        place.as_ref(),
        judged_shift,
        &mut session,
    )
    .await?;
    let mut punches = vec![punch(tx, &session, person, clock_in, place.as_ref())];
    match end {
        End::Out(out) => {
            session = session.clock_out(out.at.to_utc(), Judgement::NONE, Vec::new())?;
            let place = import.place(tx, out.place.as_deref()).await?;
            punches.push(punch(tx, &session, person, &out, place.as_ref()));
        }
        // After a day nothing can end it: nobody is at work since last year.
        End::Open if clock_in.at + LONGEST_SESSION >= tx.now() => {}
        End::Missed | End::Open => session = session.disconnect(),
    }
    Ok(Created {
        imported: Imported { session, punches },
        rules,
    })
}

fn opened(
    tx: &Tx,
    person: &Person,
    clock_in: &Tap,
    place: Option<&Place>,
    shift: Option<&Shift>,
) -> WorkSession {
    let work_date = shift.map_or_else(|| clock_in.at.date_naive(), |shift| shift.work_date);
    WorkSession {
        id: tx.id(),
        member_id: person.member.id,
        department_id: person.department(work_date),
        place_id: place.map(|place| place.id),
        client_id: None,
        shift_id: shift.map(|shift| shift.id),
        service: None,
        status: Status::Active,
        work_date,
        clocked_in_at: clock_in.at.to_utc(),
        clocked_out_at: None,
        lateness: None,
        minutes_late: None,
        fence_in: Judgement::NONE,
        fence_out: None,
        flags: Vec::new(),
        needs_review: false,
        leaving: None,
        minutes_early: None,
        required: Vec::new(),
        breaks: Vec::new(),
        hours: None,
        tasks: Vec::new(),
        is_manual: false,
    }
}

/// By the rules of its time, as if the punch had arrived when it was made. What happened happened: a rule that
/// would have refused it leaves a flag.
async fn judge(
    tx: &mut Tx,
    import: &Import<'_>,
    person: &Person,
    place: Option<&Place>,
    shift: Option<&Shift>,
    session: &mut WorkSession,
) -> Result<InForce> {
    let at = session.clocked_in_at;
    let time = PunchTime {
        device_at: Some(at),
        received_at: at,
        occurred_at: at,
    };
    let mut rules = InForce::at(tx, at).await?;
    let organization = &import.organization;
    let member = &person.member;
    let judged = imported::judge_imported(&mut rules, organization, member, place, shift, time);
    session.lateness = judged.lateness.map(|(lateness, _)| lateness);
    session.minutes_late = judged
        .lateness
        .map(|(_, minutes)| i32::try_from(minutes).unwrap_or(i32::MAX));
    session.needs_review = judged.needs_review || judged.refusal.is_some();
    session.add_flags(judged.flags);
    if let Some(refusal) = judged.refusal {
        let code = refusal
            .details
            .get("reason")
            .and_then(|code| code.as_str())
            .unwrap_or("denied");
        session.add_flags(vec![format!("denied_by_rule:{code}")]);
    }
    Ok(rules)
}

fn punch(
    tx: &Tx,
    session: &WorkSession,
    person: &Person,
    tap: &Tap,
    place: Option<&Place>,
) -> Punch {
    let at = tap.at.to_utc();
    Punch {
        id: tx.id(),
        session_id: Some(session.id),
        role: match tap.direction {
            Direction::Out => Role::Closes,
            _ => Role::Opens,
        },
        member_id: person.member.id,
        direction: tap.direction,
        source: person.source,
        time: PunchTime {
            device_at: Some(at),
            received_at: tx.now(),
            occurred_at: at,
        },
        fix: None,
        place_id: place.map(|place| place.id),
        fence: Judgement::NONE,
        remark: None,
        device: Device {
            id: tap.device.clone(),
            ..Device::default()
        },
        external_ref: Some(tap.name.clone()),
        trust: Trust::Server,
        skew_seconds: None,
        break_kind: None,
        emergency: false,
        client_ref: None,
        made_by: None,
        reason_code: None,
        memo: None,
        said: Said::default(),
    }
}

fn stage(tx: &mut Tx, created: Vec<Created>) -> Result<()> {
    if created.is_empty() {
        return Ok(());
    }
    let (batch, rules): (Vec<_>, Vec<_>) = created
        .into_iter()
        .map(|created| (created.imported, created.rules))
        .unzip();
    imported::stage_imported_in(tx, &batch)?;
    for (Imported { session, .. }, mut rules) in batch.iter().zip(rules) {
        let about = About {
            subject: session.id.uuid(),
            member: Some(session.member_id),
            event_at: session.clocked_in_at,
        };
        decisions::service::keep_in(tx, &about, &mut rules)?;
    }
    Ok(())
}
