//! Reads sums, across slices: the one place that may. It only reads, only rows of the organization, and only what the
//! viewer's action reaches, which [`Whose`] says.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use zamu_schema::dual::SumMinor;
use zamu_schema::tables::{day_parts, departments, group_days, group_months};

use super::model::{Node, Range};
use crate::attendance::days::measures::{Measures, with_measures};
use crate::attendance::days::model::Part;
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::{DepartmentId, MemberId, PlaceId};

/// Whose figures are wanted, within reach.
#[derive(Debug, Clone, Default)]
pub struct Whose {
    /// One person's, read from the parts of their days.
    pub member: Option<MemberId>,
    /// Only of these departments, as they were then.
    pub departments: Option<Vec<DepartmentId>>,
    /// Only at this place.
    pub place: Option<PlaceId>,
}

impl Whose {
    /// Everything the transaction's action reaches.
    pub fn reached(tx: &Tx) -> Self {
        match tx.scope() {
            Scope::Organization => Self::default(),
            Scope::Department => Self {
                departments: Some(tx.departments()),
                ..Self::default()
            },
            Scope::Own => Self {
                // Whoever has nothing of their own reaches nobody.
                member: Some(tx.viewer().member().unwrap_or(nobody())),
                ..Self::default()
            },
        }
    }

    /// Of these, only those in some departments.
    pub fn narrow(&mut self, wanted: &[DepartmentId]) {
        let reached = self.departments.take();
        let wanted = wanted.iter().copied();
        self.departments = Some(match reached {
            Some(reached) => wanted.filter(|id| reached.contains(id)).collect(),
            None => wanted.collect(),
        });
    }
}

fn nobody() -> MemberId {
    MemberId::from_uuid(uuid::Uuid::nil())
}

/// The sums of every measure as a query selects them, and as they come back.
macro_rules! sums {
    ($($(#[$about:meta])* $name:ident,)*) => {
        type DaySums = ($(SumMinor<group_days::$name>,)*);
        type MonthSums = ($(SumMinor<group_months::$name>,)*);
        type PartSums = ($(SumMinor<day_parts::$name>,)*);

        fn day_sums() -> DaySums {
            ($(SumMinor(group_days::$name),)*)
        }

        fn month_sums() -> MonthSums {
            ($(SumMinor(group_months::$name),)*)
        }

        fn part_sums() -> PartSums {
            ($(SumMinor(day_parts::$name),)*)
        }

        /// Nothing added up is nothing.
        #[derive(Queryable)]
        struct Sums {
            $($name: Option<i64>,)*
        }

        impl From<Sums> for Measures {
            fn from(sums: Sums) -> Self {
                Self { $($name: sums.$name.unwrap_or(0),)* }
            }
        }
    };
}
with_measures!(sums);

/// A query of a table narrowed to the organization, a range and whose figures are wanted.
macro_rules! narrowed {
    ($query:expr, $table:ident, $date:ident, $tx:expr, $whose:expr, $range:expr) => {{
        let mut query = $query
            .filter($table::org_id.eq($tx.org()))
            .filter($table::$date.between($range.from, $range.to));
        if let Some(departments) = &$whose.departments {
            query = query.filter($table::department_id.eq_any(departments.clone()));
        }
        if let Some(place) = $whose.place {
            query = query.filter($table::place_id.eq(place));
        }
        query
    }};
}

/// Everything added up. By whole months where they lie in the range.
pub async fn total(tx: &mut Tx, whose: &Whose, range: Range) -> Result<Measures> {
    if let Some(member) = whose.member {
        let query = day_parts::table.select(part_sums()).into_boxed();
        let query = narrowed!(query, day_parts, work_date, tx, whose, range)
            .filter(day_parts::member_id.eq(member));
        let sums: Sums = query.first(tx.conn()?).await?;
        return Ok(sums.into());
    }
    let spans = range.spans();
    let mut sum = Measures::default();
    if let Some(months) = spans.months {
        let query = group_months::table.select(month_sums()).into_boxed();
        let query = narrowed!(query, group_months, month, tx, whose, months);
        let sums: Sums = query.first(tx.conn()?).await?;
        sum += sums.into();
    }
    for days in spans.days {
        let query = group_days::table.select(day_sums()).into_boxed();
        let query = narrowed!(query, group_days, work_date, tx, whose, days);
        let sums: Sums = query.first(tx.conn()?).await?;
        sum += sums.into();
    }
    Ok(sum)
}

/// By department and place.
pub async fn by_part(tx: &mut Tx, whose: &Whose, range: Range) -> Result<BTreeMap<Part, Measures>> {
    let mut found: Vec<(DepartmentId, PlaceId, Sums)> = Vec::new();
    if let Some(member) = whose.member {
        let by = (day_parts::department_id, day_parts::place_id);
        let query = day_parts::table
            .group_by(by)
            .select((by.0, by.1, part_sums()))
            .into_boxed();
        let query = narrowed!(query, day_parts, work_date, tx, whose, range)
            .filter(day_parts::member_id.eq(member));
        found = query.load(tx.conn()?).await?;
        return Ok(added(found));
    }
    let spans = range.spans();
    if let Some(months) = spans.months {
        let by = (group_months::department_id, group_months::place_id);
        let query = group_months::table
            .group_by(by)
            .select((by.0, by.1, month_sums()))
            .into_boxed();
        let query = narrowed!(query, group_months, month, tx, whose, months);
        found.extend(query.load(tx.conn()?).await?);
    }
    for days in spans.days {
        let by = (group_days::department_id, group_days::place_id);
        let query = group_days::table
            .group_by(by)
            .select((by.0, by.1, day_sums()))
            .into_boxed();
        let query = narrowed!(query, group_days, work_date, tx, whose, days);
        found.extend(query.load(tx.conn()?).await?);
    }
    Ok(added(found))
}

fn added(found: Vec<(DepartmentId, PlaceId, Sums)>) -> BTreeMap<Part, Measures> {
    let mut parts = BTreeMap::new();
    for (department, place, sums) in found {
        let part = Part { department, place };
        *parts.entry(part).or_insert_with(Measures::default) += sums.into();
    }
    parts
}

/// By day; or, where `by_month`, whole months under their first days.
pub async fn by_date(
    tx: &mut Tx,
    whose: &Whose,
    range: Range,
    by_month: bool,
) -> Result<Vec<(NaiveDate, Measures)>> {
    let mut found: Vec<(NaiveDate, Sums)> = Vec::new();
    if let Some(member) = whose.member {
        let query = day_parts::table
            .group_by(day_parts::work_date)
            .select((day_parts::work_date, part_sums()))
            .into_boxed();
        let query = narrowed!(query, day_parts, work_date, tx, whose, range)
            .filter(day_parts::member_id.eq(member));
        found = query.load(tx.conn()?).await?;
        return Ok(dated(found));
    }
    let spans = range.spans();
    if let Some(months) = spans.months.filter(|_| by_month) {
        let query = group_months::table
            .group_by(group_months::month)
            .select((group_months::month, month_sums()))
            .into_boxed();
        let query = narrowed!(query, group_months, month, tx, whose, months);
        found.extend(query.load(tx.conn()?).await?);
    }
    let days = if by_month { spans.days } else { vec![range] };
    for days in days {
        let query = group_days::table
            .group_by(group_days::work_date)
            .select((group_days::work_date, day_sums()))
            .into_boxed();
        let query = narrowed!(query, group_days, work_date, tx, whose, days);
        found.extend(query.load(tx.conn()?).await?);
    }
    Ok(dated(found))
}

fn dated(found: Vec<(NaiveDate, Sums)>) -> Vec<(NaiveDate, Measures)> {
    let dated = found.into_iter().map(|(date, sums)| (date, sums.into()));
    dated.collect()
}

/// By member, in the order of their ids, beginning after one of them.
pub async fn by_member(
    tx: &mut Tx,
    whose: &Whose,
    range: Range,
    after: Option<MemberId>,
    limit: i64,
) -> Result<Vec<(MemberId, Measures)>> {
    let query = day_parts::table
        .group_by(day_parts::member_id)
        .select((day_parts::member_id, part_sums()))
        .into_boxed();
    let mut query = narrowed!(query, day_parts, work_date, tx, whose, range);
    if let Some(member) = whose.member {
        query = query.filter(day_parts::member_id.eq(member));
    }
    if let Some(after) = after {
        query = query.filter(day_parts::member_id.gt(after));
    }
    let query = query.order(day_parts::member_id).limit(limit);
    let found: Vec<(MemberId, Sums)> = query.load(tx.conn()?).await?;
    let sums = found
        .into_iter()
        .map(|(member, sums)| (member, sums.into()));
    Ok(sums.collect())
}

/// The tree of departments, those put away included if anything is below them or was done in them.
pub async fn tree(tx: &mut Tx) -> Result<Vec<Node>> {
    let rows: Vec<(DepartmentId, Option<DepartmentId>)> = departments::table
        .filter(departments::org_id.eq(tx.org()))
        .order(departments::id)
        .select((departments::id, departments::parent_id))
        .load(tx.conn()?)
        .await?;
    let node = |(id, parent)| Node { id, parent };
    Ok(rows.into_iter().map(node).collect())
}
