//! Gathers what signals are looked for in: what the member claimed before, and who else used the same devices.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::claims::Claim;
use super::model::Punch;
use super::signals::{self, Evidence};
use super::store;
use crate::db::tx::Tx;
use crate::exceptions::model::Found;
use crate::kernel::error::Result;

/// As many claims before as signals look back on.
const BEFORE: i64 = 40;
/// How far apart two people may use one device and still share it.
pub const SHARED: TimeDelta = TimeDelta::days(1);

/// Every signal in the claims of one session, or in one claim that belongs to none. Nothing is looked up where there is
/// nothing a signal could be in.
pub async fn signals_in(tx: &mut Tx, claims: &[Claim], zone: Tz) -> Result<Vec<Found>> {
    let phones = || claims.iter().filter(|claim| claim.punch.source.is_phone());
    let Some(first) = phones().next() else {
        return Ok(Vec::new());
    };
    let before = if phones().any(|claim| claim.punch.fix.is_some()) {
        store::list_punches_before(tx, first.punch.member_id, first.at, BEFORE).await?
    } else {
        Vec::new()
    };
    let shared = shared_in(tx, claims).await?;
    let mut before: Vec<&Punch> = before.iter().collect();
    before.sort_by(|a, b| in_order(a, b));
    let punches: Vec<&Punch> = claims.iter().map(|claim| &claim.punch).collect();
    Ok(signals::found(&Evidence {
        punches: &punches,
        before: &before,
        zone,
        shared: &shared,
    }))
}

/// By what was said, never by the order of arrival.
fn in_order(a: &Punch, b: &Punch) -> Ordering {
    let said = |punch: &Punch| {
        (
            punch.time.occurred_at,
            punch.direction,
            punch.time.device_at,
        )
    };
    let place = |punch: &Punch| {
        punch
            .fix
            .map_or((0.0, 0.0), |fix| (fix.point.latitude, fix.point.longitude))
    };
    let ((a_lat, a_lon), (b_lat, b_lon)) = (place(a), place(b));
    said(a)
        .cmp(&said(b))
        .then(a_lat.total_cmp(&b_lat))
        .then(a_lon.total_cmp(&b_lon))
}

/// Of each device, how many others used it at about the same time.
async fn shared_in(tx: &mut Tx, claims: &[Claim]) -> Result<BTreeMap<String, usize>> {
    let devices: BTreeSet<String> = claims
        .iter()
        .filter_map(|claim| claim.punch.device.id.clone())
        .collect();
    let (Some(first), Some(last)) = (claims.first(), claims.last()) else {
        return Ok(BTreeMap::new());
    };
    if devices.is_empty() {
        return Ok(BTreeMap::new());
    }
    let span = (first.at - SHARED, last.at + SHARED);
    let users = store::users_of_devices(tx, devices.into_iter().collect(), span).await?;
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    for (device, member) in users {
        if member != first.punch.member_id {
            *others.entry(device).or_default() += 1;
        }
    }
    Ok(others)
}
