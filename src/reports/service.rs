//! Decides what a viewer is shown: a supervisor the own departments, a worker only what is about them.

use chrono::NaiveDate;
use uuid::Uuid;

use super::model::{DepartmentFigures, Range, Step, Summary, by_department, by_place};
use super::query::{self, Whose};
use super::today::{self, Row, Standing};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::policy::Scope;
use crate::auth::viewer::Viewer;
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{DepartmentId, MemberId, PlaceId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::local_date;
use crate::{identity, orgs, places};

/// What a report is narrowed to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub member: Option<MemberId>,
    /// With everything below it.
    pub department: Option<DepartmentId>,
    pub place: Option<PlaceId>,
}

/// Whose figures a viewer is shown; what is out of reach is `NOT_FOUND`.
async fn whose(tx: &mut Tx, filter: &Filter) -> Result<Whose> {
    let mut whose = Whose::reached(tx);
    if let Some(member) = filter.member {
        identity::service::member_in(tx, member)
            .await
            .map_err(|error| error.at("member"))?;
        if tx.viewer().member() == Some(member) {
            // What is about themselves, wherever they were then.
            whose = Whose::default();
        }
        whose.member = Some(member);
    }
    if let Some(department) = filter.department {
        let below = departments_below(tx, department).await?;
        whose.narrow(&below);
    }
    if let Some(place) = filter.place {
        places::service::place_in(tx, place)
            .await
            .map_err(|error| error.at("place"))?;
        whose.place = Some(place);
    }
    Ok(whose)
}

/// A department within reach, put away or not, and everything below it.
async fn departments_below(tx: &mut Tx, root: DepartmentId) -> Result<Vec<DepartmentId>> {
    let exists = query::tree(tx).await?.iter().any(|node| node.id == root);
    let is_reached = match tx.scope() {
        Scope::Department => tx.departments().contains(&root),
        _ => true,
    };
    if !exists || !is_reached {
        return Err(Error::not_found("department").at("department"));
    }
    orgs::service::departments_below_in(tx, root).await
}

/// Everything within reach, added up.
pub async fn summary(app: &App, viewer: &Viewer, filter: &Filter, range: Range) -> Result<Summary> {
    let mut tx = app.read(viewer, Action::ViewReports).await?;
    let whose = whose(&mut tx, filter).await?;
    query::total(&mut tx, &whose, range).await.map(Summary)
}

/// The same by steps of time; a step without anything is there with nothing in it.
pub async fn trend(
    app: &App,
    viewer: &Viewer,
    filter: &Filter,
    (range, step): (Range, Step),
    page: &PageRequest,
) -> Result<Page<(Range, Summary)>> {
    let mut tx = app.read(viewer, Action::ViewReports).await?;
    let whose = whose(&mut tx, filter).await?;
    let after = page.after.map(|cursor| cursor.at.date_naive());
    let wanted = usize::try_from(page.limit()).unwrap_or(0);
    let steps: Vec<Range> = step
        .cut(range)
        .into_iter()
        .filter(|step| after.is_none_or(|after| step.from > after))
        .take(wanted)
        .collect();
    let Some(shown) = steps.first().zip(steps.last()).map(|(first, last)| Range {
        from: first.from,
        to: last.to,
    }) else {
        return Ok(Page::from_rows(Vec::new(), page));
    };
    let sums = query::by_date(&mut tx, &whose, shown, step.is_long()).await?;
    let point = |within: Range| {
        let sums = sums
            .iter()
            .filter(|(date, _)| (within.from..=within.to).contains(date));
        (within, Summary(sums.map(|(_, sum)| *sum).sum()))
    };
    Ok(Page::from_rows(
        steps.into_iter().map(point).collect(),
        page,
    ))
}

/// By member, in the order of their ids; only those with anything in the range.
pub async fn members(
    app: &App,
    viewer: &Viewer,
    filter: &Filter,
    range: Range,
    page: &PageRequest,
) -> Result<Page<(MemberId, Summary)>> {
    let mut tx = app.read(viewer, Action::ViewReports).await?;
    let whose = whose(&mut tx, filter).await?;
    let after = page.after.map(|cursor| MemberId::from_uuid(cursor.id));
    let found = query::by_member(&mut tx, &whose, range, after, page.limit()).await?;
    let rows = found.into_iter().map(|(id, sums)| (id, Summary(sums)));
    Ok(Page::from_rows(rows.collect(), page))
}

/// By department, each with those below it, in the order of their ids; first what belongs to none.
pub async fn departments(
    app: &App,
    viewer: &Viewer,
    filter: &Filter,
    range: Range,
    page: &PageRequest,
) -> Result<Page<DepartmentFigures>> {
    let mut tx = app.read(viewer, Action::ViewReports).await?;
    let whose = whose(&mut tx, filter).await?;
    let figures = query::by_part(&mut tx, &whose, range).await?;
    let mut tree = query::tree(&mut tx).await?;
    if let Some(shown) = &whose.departments {
        tree.retain(|node| shown.contains(&node.id));
    } else if whose.member.is_some() || whose.place.is_some() {
        tree.retain(|node| figures.keys().any(|part| part.department == node.id));
    }
    let rows = by_department(&tree, &figures);
    Ok(cut(rows, page, |row| {
        key(row.department.map(DepartmentId::uuid))
    }))
}

/// By place, in the order of their ids; first what was at none.
pub async fn places(
    app: &App,
    viewer: &Viewer,
    filter: &Filter,
    range: Range,
    page: &PageRequest,
) -> Result<Page<(Option<PlaceId>, Summary)>> {
    let mut tx = app.read(viewer, Action::ViewReports).await?;
    let whose = whose(&mut tx, filter).await?;
    let figures = query::by_part(&mut tx, &whose, range).await?;
    Ok(cut(by_place(&figures), page, |row| {
        key(row.0.map(PlaceId::uuid))
    }))
}

/// One day as it stands; today, where nobody says which.
pub async fn today(
    app: &App,
    viewer: &Viewer,
    filter: &Filter,
    date: Option<NaiveDate>,
) -> Result<(NaiveDate, Vec<Row>)> {
    let mut tx = app.read(viewer, Action::ViewReports).await?;
    let whose = whose(&mut tx, filter).await?;
    let zone = orgs::service::own_in(&mut tx).await?.time_zone;
    let date = date.unwrap_or_else(|| local_date(tx.now(), zone));
    Ok((date, today::rows(&mut tx, &whose, date).await?))
}

/// A page of the people of a day.
pub fn page_of_today(rows: &[Row], standing: Option<Standing>, page: &PageRequest) -> Page<Row> {
    let rows = rows
        .iter()
        .filter(|row| standing.is_none_or(|wanted| row.standing == wanted));
    cut(rows.cloned().collect(), page, |row| row.member.uuid())
}

/// The nil id is the smallest.
fn key(id: Option<Uuid>) -> Uuid {
    id.unwrap_or(Uuid::nil())
}

/// A page of rows that are in the order of their keys.
fn cut<T>(rows: Vec<T>, page: &PageRequest, key: impl Fn(&T) -> Uuid) -> Page<T> {
    let after = page.after.map(|cursor| cursor.id);
    let limit = usize::try_from(page.limit()).unwrap_or(0);
    let rows = rows
        .into_iter()
        .filter(|row| after.is_none_or(|after| key(row) > after));
    Page::from_rows(rows.take(limit).collect(), page)
}
