//! Speaks: layers above punches, and what was known of a session when.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::Cause;
use crate::attendance::corrections::{history, service};
use crate::attendance::figures::{Difference, Line};
use crate::attendance::model::{Change, PunchEdit};
use crate::attendance::timesheets::graphql::TimesheetTotals;
use crate::attendance::words::{LatenessName, LeavingName, SessionStatus};
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::scalars::out;
use crate::identity::graphql::Member;
use crate::kernel::error::Error;
use crate::kernel::id::{MemberId, PunchId, SessionId};

/// What a layer above a punch does to it.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Change")]
pub enum PunchChangeKind {
    /// It happened at another time.
    Moved,
    /// It did not happen.
    Voided,
    /// What was said first holds again.
    Restored,
}

/// A layer above a punch. The newest counts; none is ever removed.
pub struct PunchChange(pub PunchEdit);

/// A layer above a punch. The newest counts; none is ever removed.
#[Object]
impl PunchChange {
    /// What it does.
    async fn change(&self) -> PunchChangeKind {
        self.0.change.into()
    }

    /// The time the punch moved to.
    async fn occurred_at(&self) -> Option<DateTime<Utc>> {
        self.0.occurred_at
    }

    /// Why: one of the organization's reason codes.
    async fn reason_code(&self) -> &str {
        &self.0.reason_code
    }

    /// Why, in words.
    async fn memo(&self) -> Option<&str> {
        self.0.memo.as_deref()
    }

    /// Whether whoever made it said that it is true.
    async fn attested(&self) -> bool {
        self.0.attested
    }

    /// When it was made.
    async fn made_at(&self) -> DateTime<Utc> {
        self.0.made_at
    }

    /// Who made it; nothing for somebody you may not see.
    async fn made_by(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        member(ctx, self.0.made_by).await
    }

    /// The correction that asked for it: `cor_…`.
    async fn correction_id(&self) -> Option<ID> {
        self.0.correction_id.map(out)
    }
}

async fn member(ctx: &Context<'_>, id: Option<MemberId>) -> Result<Option<Member>> {
    match id {
        Some(id) => Ok(ctx.loads()?.load_one(id).await?),
        None => Ok(None),
    }
}

/// One value that is not what it was.
#[derive(SimpleObject)]
pub struct FieldChange {
    /// Which, as a path: `clockedOutAt`, `hours.worked`.
    field: String,
    /// What it was; nothing where there was nothing.
    before: Option<String>,
    /// What it became.
    after: Option<String>,
}

impl From<Difference> for FieldChange {
    fn from(difference: Difference) -> Self {
        let text = |value: Value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        Self {
            field: difference.field,
            before: difference.before.map(text),
            after: difference.after.map(text),
        }
    }
}

/// What brought a session into a state.
#[derive(SimpleObject)]
pub struct ChangeCause {
    /// The punch that arrived, or that a layer was put above.
    punch_id: ID,
    /// The layer; nothing where the punch itself arrived.
    change: Option<PunchChange>,
    /// Who made the punch or the layer, where that was somebody else.
    made_by_id: Option<ID>,
    /// Why: one of the organization's reason codes.
    reason_code: Option<String>,
    /// Why, in words.
    memo: Option<String>,
}

impl From<Cause> for ChangeCause {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Arrived(punch) => Self {
                punch_id: out(punch.id),
                change: None,
                made_by_id: punch.made_by.map(out),
                reason_code: punch.reason_code,
                memo: punch.memo,
            },
            Cause::Edited(edit) => Self {
                punch_id: out(edit.punch_id),
                made_by_id: edit.made_by.map(out),
                reason_code: Some(edit.reason_code.clone()),
                memo: edit.memo.clone(),
                change: Some(PunchChange(edit)),
            },
        }
    }
}

/// A session as it was known for a time.
pub struct SessionVersion(pub history::Version);

/// A session as it was known for a time.
#[Object]
impl SessionVersion {
    /// Since when it was known so.
    async fn since(&self) -> DateTime<Utc> {
        self.0.since
    }

    /// Until when; nothing: it is known so now.
    async fn until(&self) -> Option<DateTime<Utc>> {
        self.0.until
    }

    /// What differs from the version before; nothing for the first.
    async fn changes(&self) -> Vec<FieldChange> {
        self.0.changes.iter().cloned().map(Into::into).collect()
    }

    /// Through what it came about: punches that arrived then, and layers that were put above punches. Nothing where
    /// a shift, a rule or the timetable changed it.
    async fn because(&self) -> Vec<ChangeCause> {
        self.0.causes.iter().cloned().map(Into::into).collect()
    }

    /// Its state then.
    async fn status(&self) -> SessionStatus {
        self.0.state.status.into()
    }

    /// The day it counted for.
    async fn work_date(&self) -> NaiveDate {
        self.0.state.work_date
    }

    /// When the work began, as was known then.
    async fn clocked_in_at(&self) -> DateTime<Utc> {
        self.0.state.clocked_in_at
    }

    /// When the work ended, as was known then.
    async fn clocked_out_at(&self) -> Option<DateTime<Utc>> {
        self.0.state.clocked_out_at
    }

    /// How the start was judged then.
    async fn lateness(&self) -> Option<LatenessName> {
        self.0.state.lateness.map(Into::into)
    }

    /// Minutes after the planned start, as counted then.
    async fn minutes_late(&self) -> Option<i32> {
        self.0.state.minutes_late
    }

    /// How the end was judged then.
    async fn leaving(&self) -> Option<LeavingName> {
        self.0.state.leaving.map(Into::into)
    }

    /// Minutes before the planned end, as counted then.
    async fn minutes_early(&self) -> Option<i32> {
        self.0.state.minutes_early
    }

    /// What it came to then.
    async fn totals(&self) -> TimesheetTotals {
        Line::of(&self.0.state).totals.into()
    }

    /// Its flags then.
    async fn flags(&self) -> &[String] {
        &self.0.state.flags
    }

    /// Whether a person had to look at it.
    async fn needs_review(&self) -> bool {
        self.0.state.needs_review
    }

    /// Whether somebody had entered or corrected its time by hand.
    async fn is_manual(&self) -> bool {
        self.0.state.is_manual
    }
}

/// The versions of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VersionsOf(pub SessionId);

/// The layers above a punch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EditsOf(pub PunchId);

impl Loader<VersionsOf> for Loads {
    type Value = Vec<history::Version>;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[VersionsOf],
    ) -> Result<HashMap<VersionsOf, Self::Value>, Arc<Error>> {
        let ids: Vec<SessionId> = keys.iter().map(|key| key.0).collect();
        let found = history::of_many(&self.app, &self.viewer, &ids).await?;
        Ok(found
            .into_iter()
            .map(|(id, versions)| (VersionsOf(id), versions))
            .collect())
    }
}

impl Loader<EditsOf> for Loads {
    type Value = Vec<PunchEdit>;
    type Error = Arc<Error>;

    async fn load(&self, keys: &[EditsOf]) -> Result<HashMap<EditsOf, Self::Value>, Arc<Error>> {
        let ids: Vec<PunchId> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<EditsOf, Self::Value> = HashMap::new();
        for edit in service::edits(&self.app, &self.viewer, &ids).await? {
            found.entry(EditsOf(edit.punch_id)).or_default().push(edit);
        }
        Ok(found)
    }
}
