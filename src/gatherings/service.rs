//! Decides: who sees which attendance events, records and numbers.

use std::collections::HashMap;

use chrono::{Days, NaiveDate, NaiveTime};

use super::closing::Rosters;
use super::codes::{self, Shown};
use super::model::{Gathering, Kind, State};
use super::record::{AttendanceRecord, Counts, Status};
use super::sight::{self, Sight};
use super::{records, store};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::Tx;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{
    AttendanceRecordId, DepartmentId, GatheringId, GatheringSeriesId, MemberId, PlaceId,
};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::{Instant, local_to_instant};
use crate::{identity, orgs};

/// The most of those going on now that one answer shows.
pub const MOST_ACTIVE: i64 = 200;

/// From the beginning of one day to the end of another, in the organization's zone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Range {
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
}

impl Range {
    async fn instants(self, tx: &mut Tx) -> Result<(Option<Instant>, Option<Instant>)> {
        if self.from.zip(self.to).is_some_and(|(from, to)| from > to) {
            return Err(Error::invalid("from", "the first day comes after the last"));
        }
        let zone = orgs::service::own_in(tx).await?.time_zone;
        let midnight = |date: NaiveDate| local_to_instant(date, NaiveTime::MIN, zone);
        let day_after = self.to.and_then(|to| to.checked_add_days(Days::new(1)));
        Ok((self.from.map(midnight), day_after.map(midnight)))
    }
}

/// Which attendance events a list shows.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub range: Range,
    pub kind: Option<Kind>,
    pub place: Option<PlaceId>,
    pub state: Option<State>,
    pub series: Option<GatheringSeriesId>,
}

/// Which records a list or a report takes.
#[derive(Debug, Clone, Default)]
pub struct WantedRecords {
    pub gathering: Option<GatheringId>,
    pub member: Option<MemberId>,
    /// With those below it.
    pub department: Option<DepartmentId>,
    pub status: Option<Status>,
    pub kind: Option<Kind>,
    pub range: Range,
}

pub async fn gathering(app: &App, viewer: &Viewer, id: GatheringId) -> Result<Gathering> {
    let mut tx = app.read(viewer, Action::ViewGatherings).await?;
    sight::seen(&mut tx, id).await
}

/// Those of them that the viewer may see, in no order.
pub(super) async fn by_ids(
    app: &App,
    viewer: &Viewer,
    ids: &[GatheringId],
) -> Result<Vec<Gathering>> {
    let mut tx = app.read(viewer, Action::ViewGatherings).await?;
    let sight = Sight::of(&mut tx).await?;
    store::find_seen(&mut tx, &sight, ids).await
}

/// Those that concern the viewer, the latest start first.
pub async fn gatherings(
    app: &App,
    viewer: &Viewer,
    wanted: Wanted,
    page: &PageRequest,
) -> Result<Page<Gathering>> {
    let mut tx = app.read(viewer, Action::ViewGatherings).await?;
    let filter = filter_of(&mut tx, wanted).await?;
    let sight = Sight::of(&mut tx).await?;
    store::list_seen(&mut tx, &sight, &filter, page).await
}

/// Those the viewer is invited to, the latest start first.
pub async fn my_gatherings(
    app: &App,
    viewer: &Viewer,
    wanted: Wanted,
    page: &PageRequest,
) -> Result<Page<Gathering>> {
    let member = viewer.person()?;
    let mut tx = app.read(viewer, Action::ViewGatherings).await?;
    let above = match viewer.department() {
        Some(own) => orgs::service::departments_above_in(&mut tx, own).await?,
        None => Vec::new(),
    };
    let filter = store::Filter {
        invited: Some((member, above)),
        ..filter_of(&mut tx, wanted).await?
    };
    let sight = Sight::of(&mut tx).await?;
    store::list_seen(&mut tx, &sight, &filter, page).await
}

async fn filter_of(tx: &mut Tx, wanted: Wanted) -> Result<store::Filter> {
    let (from, to) = wanted.range.instants(tx).await?;
    Ok(store::Filter {
        from,
        to,
        kind: wanted.kind,
        place: wanted.place,
        state: wanted.state,
        series: wanted.series,
        invited: None,
    })
}

/// Those going on now, the earliest start first; at most [`MOST_ACTIVE`].
pub async fn active(app: &App, viewer: &Viewer) -> Result<Vec<Gathering>> {
    let mut tx = app.read(viewer, Action::ViewGatherings).await?;
    let sight = Sight::of(&mut tx).await?;
    store::list_active(&mut tx, &sight, MOST_ACTIVE).await
}

/// The code to show now, for whoever holds it.
pub async fn code(app: &App, viewer: &Viewer, id: GatheringId) -> Result<Shown> {
    let mut tx = app.read(viewer, Action::ManageGatherings).await?;
    let gathering = store::find(&mut tx, id).await?;
    let gathering = gathering
        .filter(|gathering| sight::is_managed(&tx, gathering))
        .ok_or_else(|| Error::not_found("attendance event"))?;
    gathering.held()?;
    if tx.now() > gathering.check_in_until() {
        let message = "nobody can check in any more";
        return Err(Error::refused(Code::WindowClosed, message)
            .with("opensAt", gathering.opens_at().to_rfc3339())
            .with("closesAt", gathering.check_in_until().to_rfc3339()));
    }
    Ok(codes::shown(&gathering.secret, gathering.id, tx.now()))
}

/// How many of whom, of the people within reach, for those that the viewer may see.
pub(super) async fn counts_of(
    app: &App,
    viewer: &Viewer,
    ids: &[GatheringId],
) -> Result<HashMap<GatheringId, Counts>> {
    let mut tx = app.read(viewer, Action::ViewGatherings).await?;
    let sight = Sight::of(&mut tx).await?;
    let seen = store::find_seen(&mut tx, &sight, ids).await?;
    let ids: Vec<GatheringId> = seen.iter().map(|gathering| gathering.id).collect();
    let recorded = records::count_by_gathering(&mut tx, &ids).await?;
    let (closed, open): (Vec<_>, Vec<_>) = seen
        .into_iter()
        .partition(|gathering| gathering.state == State::Closed);
    let counts = |id: GatheringId| recorded.get(&id).copied().unwrap_or_default();
    let mut found = HashMap::new();
    for gathering in closed {
        let counts = counts(gathering.id);
        let invited = counts.recorded();
        found.insert(gathering.id, Counts { invited, ..counts });
    }
    if open.is_empty() {
        return Ok(found);
    }
    let rosters = Rosters::of(&mut tx, &open).await?;
    for gathering in open {
        let expected = rosters.expected(&gathering).into_iter();
        let within = expected.filter(|(member, department)| tx.reaches(*member, *department));
        let counts = counts(gathering.id);
        let invited = i64::try_from(within.count()).unwrap_or(i64::MAX);
        // Somebody may have come before they were taken off the roster.
        let invited = invited.max(counts.recorded());
        found.insert(gathering.id, Counts { invited, ..counts });
    }
    Ok(found)
}

/// Who is invited by name. For those the caller was shown.
pub(super) async fn named_of(
    app: &App,
    viewer: &Viewer,
    ids: &[GatheringId],
) -> Result<HashMap<GatheringId, Vec<MemberId>>> {
    let mut tx = app.read(viewer, Action::ViewGatherings).await?;
    let mut found: HashMap<GatheringId, Vec<MemberId>> = HashMap::new();
    for (gathering, member) in store::list_named(&mut tx, ids).await? {
        found.entry(gathering).or_default().push(member);
    }
    Ok(found)
}

/// The viewer's own records.
pub(super) async fn own_records_of(
    app: &App,
    viewer: &Viewer,
    ids: &[GatheringId],
) -> Result<Vec<AttendanceRecord>> {
    let Some(member) = viewer.member() else {
        return Ok(Vec::new());
    };
    let mut tx = app.read(viewer, Action::ViewGatherings).await?;
    records::list_of(&mut tx, member, ids).await
}

/// One record of somebody within reach.
pub async fn record(
    app: &App,
    viewer: &Viewer,
    id: AttendanceRecordId,
) -> Result<AttendanceRecord> {
    let mut tx = app.read(viewer, Action::ViewGatherings).await?;
    let found = records::find(&mut tx, &[id]).await?.pop();
    found.ok_or_else(|| Error::not_found("attendance record"))
}

/// Those of the records that are there and of people within reach, in no order.
pub(super) async fn records_by_ids(
    app: &App,
    viewer: &Viewer,
    ids: &[AttendanceRecordId],
) -> Result<Vec<AttendanceRecord>> {
    let mut tx = app.read(viewer, Action::ViewGatherings).await?;
    records::find(&mut tx, ids).await
}

/// Records of the people within reach, the newest first.
pub async fn records(
    app: &App,
    viewer: &Viewer,
    wanted: WantedRecords,
    page: &PageRequest,
) -> Result<Page<AttendanceRecord>> {
    let mut tx = app.read(viewer, Action::ViewGatherings).await?;
    let filter = narrow(&mut tx, wanted).await?;
    records::list(&mut tx, &filter, page).await
}

/// How often each person within reach was there, in the order of their ids.
pub async fn by_member(
    app: &App,
    viewer: &Viewer,
    wanted: WantedRecords,
    page: &PageRequest,
) -> Result<Page<(MemberId, Counts)>> {
    let mut tx = app.read(viewer, Action::ViewGatherings).await?;
    let filter = narrow(&mut tx, wanted).await?;
    let after = page.after.map(|cursor| MemberId::from_uuid(cursor.id));
    let rows = records::count_by_member(&mut tx, &filter, after, page.limit()).await?;
    Ok(Page::from_rows(rows, page))
}

async fn narrow(tx: &mut Tx, wanted: WantedRecords) -> Result<records::Filter> {
    if let Some(gathering) = wanted.gathering {
        sight::seen(tx, gathering).await?;
    }
    if let Some(member) = wanted.member {
        let found = identity::service::member_in(tx, member).await;
        found.map_err(|error| error.at("member"))?;
    }
    let department = match wanted.department {
        Some(root) => Some(orgs::service::departments_below_in(tx, root).await?),
        None => None,
    };
    let (from, to) = wanted.range.instants(tx).await?;
    Ok(records::Filter {
        gathering: wanted.gathering,
        member: wanted.member,
        department,
        status: wanted.status,
        kind: wanted.kind,
        from,
        to,
    })
}
