//! Decides what a viewer is shown of confirmed and compliant visits.

use uuid::Uuid;

use super::model::{By, Tally, by_reason};
use super::query as explained;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::{MemberId, PlaceId, SessionId};
use crate::reports::model::{Range, Summary, by_place};
use crate::reports::query::{self, Whose};

/// The most members one answer names.
pub const MOST_MEMBERS: i64 = 1000;

/// The visits of one group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rates {
    pub member: Option<MemberId>,
    pub place: Option<PlaceId>,
    pub reason: Option<String>,
    pub tally: Tally,
}

/// Everything within reach, by group: members and places in the order of their ids, reasons in the order of their codes.
pub async fn rates(app: &App, viewer: &Viewer, range: Range, by: By) -> Result<Vec<Rates>> {
    let mut tx = app.read(viewer, Action::ViewReports).await?;
    let whose = Whose::reached(&tx);
    match by {
        By::Organization => Ok(vec![Rates {
            tally: total(&mut tx, &whose, range).await?,
            ..Rates::default()
        }]),
        By::Member => of_members(&mut tx, &whose, range).await,
        By::Place => of_places(&mut tx, &whose, range).await,
        By::Reason => of_reasons(&mut tx, &whose, range).await,
    }
}

async fn total(tx: &mut Tx, whose: &Whose, range: Range) -> Result<Tally> {
    let sums = query::total(tx, whose, range).await?;
    Ok(Summary(sums).into())
}

async fn of_members(tx: &mut Tx, whose: &Whose, range: Range) -> Result<Vec<Rates>> {
    let found = query::by_member(tx, whose, range, None, MOST_MEMBERS).await?;
    let rates = found.into_iter().map(|(member, sums)| Rates {
        member: Some(member),
        tally: Summary(sums).into(),
        ..Rates::default()
    });
    Ok(rates.filter(|rates| rates.tally.visits > 0).collect())
}

async fn of_places(tx: &mut Tx, whose: &Whose, range: Range) -> Result<Vec<Rates>> {
    let figures = query::by_part(tx, whose, range).await?;
    let rates = by_place(&figures).into_iter().map(|(place, sums)| Rates {
        place: place.filter(|place| place.uuid() != Uuid::nil()),
        tally: sums.into(),
        ..Rates::default()
    });
    Ok(rates.filter(|rates| rates.tally.visits > 0).collect())
}

async fn of_reasons(tx: &mut Tx, whose: &Whose, range: Range) -> Result<Vec<Rates>> {
    let total = total(tx, whose, range).await?;
    let reasons = explained::reasons(tx, range).await?;
    let sessions: Vec<SessionId> = reasons.keys().copied().collect();
    let visits = explained::visits(tx, whose, range, &sessions).await?;
    let tallies = by_reason(&reasons, &visits, total);
    let rates = tallies.into_iter().map(|(reason, tally)| Rates {
        reason,
        tally,
        ..Rates::default()
    });
    Ok(rates.collect())
}
