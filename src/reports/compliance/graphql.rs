//! Speaks: confirmed and compliant visits.

use async_graphql::{Context, Enum, Object, Result};

use super::model::By;
use super::service::{self, Rates};
use crate::graphql::context::Ask;
use crate::identity::graphql::Member;
use crate::places::graphql::Place;
use crate::reports::graphql::ReportRange;
use crate::reports::model::ratio;

/// What visits are grouped by.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "By")]
pub enum ComplianceGroup {
    /// One group for each person, at most 1,000.
    Member,
    /// One group for each place, and one for visits at none.
    Place,
    /// One group for each reason that was given, and one for visits without.
    Reason,
    /// One group for all.
    Organization,
}

/// How many visits of a group are confirmed, and how many compliant.
pub struct ComplianceRates(Rates);

/// How many visits of a group are confirmed (both ends are known and nothing is left to fix: they can be billed), and how
/// many compliant (confirmed without anybody's hand in their times). Two numbers, because a correction can confirm a
/// visit and never makes it compliant.
#[Object]
impl ComplianceRates {
    /// Whose visits, by member; null for whoever may see the numbers but not the member.
    async fn member(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        match self.0.member {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// Where, by place; null for visits at none.
    async fn place(&self, ctx: &Context<'_>) -> Result<Option<Place>> {
        match self.0.place {
            Some(id) => Ok(ctx.loads()?.load_one(id).await?),
            None => Ok(None),
        }
    }

    /// The code that was given, by reason: with a correction, a time entered by hand or an acknowledgement; null for
    /// visits without. A visit counts once for each of its reasons.
    async fn reason_code(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// How many visits.
    async fn visits(&self) -> i64 {
        self.0.tally.visits
    }

    /// How many of them are confirmed.
    async fn confirmed(&self) -> i64 {
        self.0.tally.confirmed
    }

    /// How many of them are compliant; never more than are confirmed.
    async fn compliant(&self) -> i64 {
        self.0.tally.compliant
    }

    /// Confirmed of all, 0–1; null without visits.
    async fn confirmed_rate(&self) -> Option<f64> {
        ratio(self.0.tally.confirmed, self.0.tally.visits)
    }

    /// Compliant of all, 0–1; null without visits.
    async fn compliant_rate(&self) -> Option<f64> {
        ratio(self.0.tally.compliant, self.0.tally.visits)
    }
}

/// What can be asked about compliance.
#[derive(Default)]
pub struct ComplianceQuery;

#[Object]
impl ComplianceQuery {
    /// Confirmed and compliant visits of a range of days, by group: yours, your departments' or the organization's.
    ///
    /// Requires: `VIEW_REPORTS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    #[graphql(complexity = "50 * child_complexity")]
    async fn compliance_rates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which days.")] range: ReportRange,
        #[graphql(desc = "What to group by.")] by: ComplianceGroup,
    ) -> Result<Vec<ComplianceRates>> {
        let range = range.read()?;
        let found = service::rates(ctx.app(), ctx.viewer()?, range, by.into()).await?;
        Ok(found.into_iter().map(ComplianceRates).collect())
    }
}
