//! What is in timesheets now: sessions, what days count as and what was planned for them.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use super::model::{Content, Day, Span};
use crate::attendance::figures;
use crate::attendance::{days, store};
use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::MemberId;

/// Whose time, and which days.
pub type Asked = (MemberId, Span);

/// The content of one timesheet.
pub async fn one_in(tx: &mut Tx, asked: Asked) -> Result<Content> {
    let mut found = many_in(tx, &[asked]).await?;
    Ok(found.remove(&asked).unwrap_or_default())
}

/// The contents of several, in two queries however many they are.
pub async fn many_in(tx: &mut Tx, asked: &[Asked]) -> Result<HashMap<Asked, Content>> {
    let members: Vec<MemberId> = asked.iter().map(|(member, _)| *member).collect();
    let first = asked.iter().map(|(_, span)| span.from).min();
    let last = asked.iter().map(|(_, span)| span.to).max();
    let Some((from, to)) = first.zip(last) else {
        return Ok(HashMap::new());
    };
    let mut sessions: HashMap<MemberId, Vec<_>> = HashMap::new();
    for session in store::list_of_members(tx, &members, (from, to)).await? {
        sessions.entry(session.member_id).or_default().push(session);
    }
    let planned = days::service::of_members_in(tx, &members, (from, to)).await?;
    let mut found = HashMap::new();
    for (member, span) in asked {
        let lines = figures::lines(sessions.get(member).map_or(&[], Vec::as_slice));
        let mut days: BTreeMap<NaiveDate, Day> = BTreeMap::new();
        for settled in planned.iter().filter(|day| day.member == *member) {
            let day = days
                .entry(settled.date)
                .or_insert_with(|| empty(settled.date));
            day.status.clone_from(&settled.status);
            day.planned = settled.planned;
        }
        for line in lines {
            let day = days
                .entry(line.work_date)
                .or_insert_with(|| empty(line.work_date));
            day.totals += line.totals;
            day.sessions.push(line);
        }
        let days = days
            .into_values()
            .filter(|day| span.contains(day.date) && !day.is_empty())
            .collect();
        found.insert((*member, *span), Content { days });
    }
    Ok(found)
}

fn empty(date: NaiveDate) -> Day {
    Day {
        date,
        status: None,
        planned: 0,
        totals: figures::Totals::default(),
        sessions: Vec::new(),
    }
}
