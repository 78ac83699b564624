//! Decides: one person's taps become claims, each once, and attendance works out what follows from them.

use std::collections::BTreeSet;

use chrono::Days;

use super::punches::model::infer;
use super::service::{Import, PUNCHES, end};
use super::taps::{Tap, debounced, stretches};
use crate::attendance::imported::{self, Named};
use crate::attendance::model::{Device, DeviceClock, Punch, PunchTime, WorkSession};
use crate::attendance::rebuild::Rebuild;
use crate::db::tx::Tx;
use crate::identity::model::Member;
use crate::kernel::error::Result;
use crate::kernel::id::{MemberId, PlaceId, SessionId, kinds};
use crate::kernel::time::Instant;
use crate::{places, schedules};

/// Keeps what one person's taps claim. The sessions are worked out stretch by stretch, from where each begins.
pub(super) async fn import_taps(import: &mut Import<'_>, who: &str, taps: Vec<Tap>) -> Result<()> {
    let Some(member) = import.members.get(who).cloned() else {
        return Ok(());
    };
    let mut tx = import.begin().await?;
    let acts = acts_in(&mut tx, import, &member, taps).await?;
    let Some(first) = acts.first().map(|act| act.at.to_utc()) else {
        return tx.settle().await;
    };
    let names: BTreeSet<String> = acts.iter().map(|act| act.name.clone()).collect();
    let known = imported::named_in(&mut tx, member.id, first).await?;
    let new = acts
        .into_iter()
        .filter(|act| !known.contains_key(&act.name));
    let mut work = Work::new(import, member.id);
    let mut kept = 0;
    for stretch in stretches(new.collect()) {
        if kept > 0 && !import.from.dry_run {
            end::<kinds::Punch>(tx, import, "punches", kept).await?;
            tx = import.begin().await?;
        }
        kept = stretch.len() as u64;
        work.take_in(&mut tx, import, &stretch).await?;
    }
    let after = imported::named_in(&mut tx, member.id, first).await?;
    work.report_in(&mut tx, import, (&names, &after)).await?;
    if import.from.dry_run {
        // Dropped, it was never there; neither were its places.
        import.places.clear();
        return Ok(());
    }
    end::<kinds::Punch>(tx, import, "punches", kept).await
}

/// What the taps come to: each with its direction, and none that only repeats another.
async fn acts_in(
    tx: &mut Tx,
    import: &mut Import<'_>,
    member: &Member,
    taps: Vec<Tap>,
) -> Result<Vec<Tap>> {
    let days = taps.iter().map(|tap| tap.at.date_naive());
    let (Some(first), Some(last)) = (days.clone().min(), days.max()) else {
        return Ok(Vec::new());
    };
    let debounce = import.from.debounce;
    let taps = if taps.iter().any(|tap| tap.is_unknown) {
        // A night begins a day before, and a file's day may be another one in UTC.
        let around = (first - Days::new(3), last + Days::new(2));
        let shifts = schedules::service::planned_in(tx, member.id, around).await?;
        let inferred = infer(taps, &shifts, debounce);
        import.merge(inferred.merged);
        for (row, reason) in &inferred.refused {
            import.report.refuse(PUNCHES, *row, reason);
        }
        inferred.taps
    } else {
        taps
    };
    let (acts, merged) = debounced(taps, debounce);
    import.merge(merged);
    import.report.punches.used += acts.len() as u64;
    Ok(acts)
}

/// What was worked out of one member's time.
struct Work {
    member: MemberId,
    /// Since when something else changed that time is judged by.
    planned_since: Option<Instant>,
    has_begun: bool,
    changed: BTreeSet<SessionId>,
    created: BTreeSet<SessionId>,
}

impl Work {
    fn new(import: &Import<'_>, member: MemberId) -> Self {
        Self {
            member,
            planned_since: import.planned_since(member),
            has_begun: false,
            changed: BTreeSet::new(),
            created: BTreeSet::new(),
        }
    }

    async fn take_in(
        &mut self,
        tx: &mut Tx,
        import: &mut Import<'_>,
        stretch: &[Tap],
    ) -> Result<()> {
        let mut punches = Vec::with_capacity(stretch.len());
        for act in stretch {
            let place = import.place_in(tx, act.place.as_deref()).await?;
            punches.push(punch(tx, import, self.member, act, place));
        }
        let planned_since = self.planned_since.take();
        self.has_begun = true;
        let first = punches.iter().map(|punch| punch.time.occurred_at).min();
        let Some(since) = first.into_iter().chain(planned_since).min() else {
            return Ok(());
        };
        let what = Rebuild {
            member: self.member,
            since,
            judge_again: planned_since.is_some(),
        };
        let rebuilt = imported::take_in(tx, &punches, what).await?;
        self.changed.extend(rebuilt.changed);
        self.created.extend(rebuilt.created);
        Ok(())
    }

    /// Counts the sessions that the file tells of, and those that are not what they were because of it.
    async fn report_in(
        &self,
        tx: &mut Tx,
        import: &mut Import<'_>,
        (names, after): (&BTreeSet<String>, &Named),
    ) -> Result<()> {
        let told: Vec<Option<SessionId>> = names
            .iter()
            .filter_map(|name| after.get(name).copied())
            .collect();
        let mut ids: BTreeSet<SessionId> = told.iter().flatten().copied().collect();
        ids.extend(&self.changed);
        let sessions = imported::sessions_in(tx, &ids).await?;
        let counts = &mut import.report.sessions;
        counts.orphans += told.iter().filter(|session| session.is_none()).count() as u64;
        for session in &sessions {
            if self.created.contains(&session.id) {
                counts.created += 1;
            } else if self.changed.contains(&session.id) {
                counts.continued += 1;
            } else {
                counts.unchanged += 1;
            }
            counts.open += u64::from(session.clocked_out_at.is_none());
            counts.flagged += u64::from(!session.flags.is_empty());
        }
        let changed = |session: &&WorkSession| self.changed.contains(&session.id);
        let days = sessions.iter().filter(changed);
        if self.has_begun {
            let days = days.map(|session| session.work_date).collect();
            import.worked_out(self.member, &days);
        }
        Ok(())
    }
}

impl Import<'_> {
    fn merge(&mut self, merged: Vec<super::taps::Merge>) {
        self.report.punches.merged += merged.len() as u64;
        self.report.merges.extend(merged);
    }

    /// From when on the member's plan is another one.
    fn planned_since(&self, member: MemberId) -> Option<Instant> {
        let zone = self.organization.time_zone;
        self.planned.get(&member)?.judged_since(zone)
    }

    async fn place_in(&mut self, tx: &mut Tx, name: Option<&str>) -> Result<Option<PlaceId>> {
        let Some(name) = name else { return Ok(None) };
        if let Some(known) = self.places.get(name) {
            return Ok(Some(*known));
        }
        let zone = self.organization.time_zone;
        let place = places::service::place_by_name_in(tx, name, zone).await?;
        self.places.insert(name.to_owned(), place.id);
        Ok(Some(place.id))
    }
}

/// A claim of the file, with the wall clock it was read from.
fn punch(
    tx: &Tx,
    import: &Import<'_>,
    member: MemberId,
    act: &Tap,
    place: Option<PlaceId>,
) -> Punch {
    let at = act.at.to_utc();
    let time = PunchTime {
        device_at: Some(at),
        received_at: tx.now(),
        occurred_at: at,
    };
    Punch {
        place_id: place,
        device: Device {
            id: act.device.clone(),
            clock: Some(DeviceClock {
                offset_seconds: act.at.offset().local_minus_utc(),
                zone: None,
                reading: None,
                heard: None,
                fix_age_ms: None,
            }),
            ..Device::default()
        },
        external_ref: Some(act.name.clone()),
        ..Punch::new(tx.id(), member, act.direction, import.from.source, time)
    }
}
