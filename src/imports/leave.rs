//! Decides: leave that was granted elsewhere becomes leave here, each day of each person once.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::model::Plan;
use super::plans::members_of;
use super::reason::Reason;
use super::service::{Import, Progress, end};
use crate::db::tx::Tx;
use crate::kernel::error::{Code, Result};
use crate::kernel::id::{MemberId, kinds};
use crate::leave::imported::{self, Granted, Standing};
use crate::leave::model::{Days, Half};
use crate::leave::types::model::{LeaveType, Pay};
use crate::leave::types::service as types;

/// Rows of one transaction: others wait for its end.
const ROWS_AT_ONCE: usize = 100;

/// A row that tells of leave.
pub(super) struct Row {
    file: &'static str,
    number: u64,
    plan: Plan,
}

impl Row {
    pub(super) fn new(file: &'static str, number: u64, plan: Plan) -> Self {
        Self { file, number, plan }
    }
}

/// What earlier rows said of somebody's day.
type Told = HashMap<(MemberId, NaiveDate), (String, Option<Half>)>;

/// Keeps what rows tell of leave. A row some of whose days have other leave is refused whole.
pub(super) async fn import_leave(
    import: &mut Import<'_>,
    rows: Vec<Row>,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<()> {
    let mut told = Told::new();
    let total = rows.len() as u64;
    for (done, rows) in (0..).zip(rows.chunks(ROWS_AT_ONCE)) {
        progress(Progress {
            stage: "leave",
            done: done * ROWS_AT_ONCE as u64,
            total,
        });
        let mut tx = import.begin().await?;
        let changes =
            |import: &Import<'_>| import.report.leave.requests + import.report.leave.types;
        let before = changes(import);
        for row in rows {
            keep_row(&mut tx, import, row, &mut told).await?;
        }
        let created = changes(import) - before;
        end::<kinds::Leave>(tx, import, "leave", created).await?;
    }
    progress(Progress {
        stage: "leave",
        done: total,
        total,
    });
    Ok(())
}

async fn keep_row(tx: &mut Tx, import: &mut Import<'_>, row: &Row, told: &mut Told) -> Result<()> {
    let days = (row.plan.dates.len() * row.plan.users.len()) as u64;
    import.report.leave.days += days;
    let spells = match spells(import, &row.plan, told) {
        Ok(spells) => spells,
        Err(reason) => {
            refuse(import, row, days, &reason);
            return Ok(());
        }
    };
    if spells.is_empty() {
        import.report.rows(row.file).merged += 1;
        import.report.leave.merged += days;
        return Ok(());
    }
    let (kind, is_new) = types::by_name_in(tx, &row.plan.leave, pay(&row.plan.leave)).await?;
    import.report.leave.types += u64::from(is_new);
    let new = match unknown_in(tx, &kind, &row.plan, &spells).await? {
        Ok(new) => new,
        Err(reason) => {
            refuse(import, row, days, &reason);
            return Ok(());
        }
    };
    let mut created = 0;
    for spell in &new {
        imported::keep_in(tx, &spell.granted(&kind, &row.plan)).await?;
        import.report.leave.requests += 1;
        for date in spell.days.dates() {
            created += 1;
            import.plan(spell.member, date);
        }
    }
    let said = tell(told, &row.plan, &spells);
    import.report.rows(row.file).used += 1;
    let counts = &mut import.report.leave;
    counts.created += created;
    counts.unchanged += said - created;
    counts.merged += days - said;
    Ok(())
}

fn refuse(import: &mut Import<'_>, row: &Row, days: u64, reason: &Reason) {
    import.report.refuse(row.file, row.number, reason);
    import.report.leave.refused += days;
}

/// What of a row is not known here yet, or why none of it can be kept.
async fn unknown_in<'p>(
    tx: &mut Tx,
    kind: &LeaveType,
    plan: &Plan,
    spells: &[Spell<'p>],
) -> Result<Result<Vec<Spell<'p>>, Reason>> {
    let mut unknown = Vec::new();
    for spell in spells {
        match imported::look_in(tx, &spell.granted(kind, plan)).await {
            Ok(Standing::Known) => {}
            Ok(Standing::New(dates)) => {
                let runs = runs(&dates, spell.days.half).into_iter();
                unknown.extend(runs.map(|days| Spell { days, ..*spell }));
            }
            Ok(Standing::Clashes) => return Ok(Err(Reason::OtherLeave(spell.days.first))),
            // A day too far away, or half a day of leave that is taken in whole days.
            Err(error) if error.code == Code::InvalidInput => {
                return Ok(Err(Reason::Malformed(error.message)));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Ok(unknown))
}

/// Remembers what a row said, and answers of how many days it did.
fn tell(told: &mut Told, plan: &Plan, spells: &[Spell<'_>]) -> u64 {
    let mut days = 0;
    for spell in spells {
        for date in spell.days.dates() {
            days += 1;
            let what = (plan.leave.clone(), spell.days.half);
            told.insert((spell.member, date), what);
        }
    }
    days
}

/// What is known of pay: unpaid leave says so itself.
fn pay(name: &str) -> Pay {
    if name == "unpaid" {
        Pay::Unpaid
    } else {
        Pay::Full
    }
}

/// Days of one person that follow one another.
#[derive(Clone, Copy)]
struct Spell<'p> {
    user: &'p str,
    member: MemberId,
    days: Days,
}

impl Spell<'_> {
    fn granted(&self, kind: &LeaveType, plan: &Plan) -> Granted {
        let Days { first, last, half } = self.days;
        let half = half.map_or("", Half::name);
        Granted {
            member: self.member,
            kind: kind.clone(),
            days: self.days,
            external_ref: format!(
                "clockster:leave:{}:{}:{first}/{last}{half}",
                self.user, plan.leave
            ),
        }
    }
}

/// What a row says that no row before it said.
fn spells<'p>(import: &Import<'_>, plan: &'p Plan, told: &Told) -> Result<Vec<Spell<'p>>, Reason> {
    let half = plan.time.half();
    let mut dates = plan.dates.clone();
    dates.sort_unstable();
    dates.dedup();
    let mut all = Vec::new();
    let mut members = members_of(import, plan)?;
    members.sort_unstable();
    members.dedup();
    for (user, member) in members {
        let mut new = Vec::with_capacity(dates.len());
        for date in &dates {
            match told.get(&(member, *date)) {
                None => new.push(*date),
                Some((kind, other)) if *kind == plan.leave && *other == half => {}
                Some(_) => return Err(Reason::OtherLeave(*date)),
            }
        }
        all.extend(
            runs(&new, half)
                .into_iter()
                .map(|days| Spell { user, member, days }),
        );
    }
    Ok(all)
}

/// Days in their order, those that follow one another together. Half a day stands alone.
fn runs(dates: &[NaiveDate], half: Option<Half>) -> Vec<Days> {
    let mut all: Vec<Days> = Vec::new();
    for date in dates {
        match all.last_mut() {
            Some(days) if half.is_none() && days.last.succ_opt() == Some(*date) => {
                days.last = *date;
            }
            _ => all.push(Days {
                first: *date,
                last: *date,
                half,
            }),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_follow_one_another_are_one_leave() {
        let dates = ["2022-01-30", "2022-01-31", "2022-02-01", "2022-02-03"];
        let dates = dates.map(|date| date.parse().unwrap());
        let shown = |half| {
            let runs = runs(&dates, half).into_iter();
            let each = runs.map(|days| (days.last - days.first).num_days() + 1);
            each.collect::<Vec<_>>()
        };
        assert_eq!(shown(None), [3, 1]);
        assert_eq!(shown(Some(Half::Morning)), [1, 1, 1, 1]);
    }
}
