//! Speaks: immutable claims.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, ID, Object, Result};
use chrono::{DateTime, Utc};

use crate::attendance::corrections::history::graphql::{EditsOf, PunchChange};
use crate::attendance::words::{
    FenceJudgement, Position, PunchDirection, PunchRole, PunchSource, PunchTrust,
};
use crate::attendance::{model, service};
use crate::graphql::context::Ask;
use crate::graphql::loaders::Loads;
use crate::graphql::scalars::out;
use crate::identity::graphql::Member;
use crate::kernel::error::Error;
use crate::kernel::id::SessionId;

/// One immutable claim: "in / out at this time and place".
#[derive(Clone)]
pub struct Punch(pub model::Punch);

/// One immutable claim: "in / out at this time and place".
#[Object]
impl Punch {
    /// `pun_…`.
    pub(crate) async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// In or out.
    async fn direction(&self) -> PunchDirection {
        self.0.direction.into()
    }

    /// How it came to us.
    async fn source(&self) -> PunchSource {
        self.0.source.into()
    }

    /// The part it plays in its session; worked out anew whenever another punch arrives.
    async fn role(&self) -> PunchRole {
        self.0.role.into()
    }

    /// How its time is known.
    async fn trust(&self) -> PunchTrust {
        self.0.trust.into()
    }

    /// Seconds the device's clock was ahead of the corrected time; negative where it was behind, nothing where nobody
    /// vouches for the time.
    async fn skew_seconds(&self) -> Option<i32> {
        self.0.skew_seconds
    }

    /// What the break is called, for the beginning of one.
    async fn break_kind(&self) -> Option<&str> {
        self.0.break_kind.as_deref()
    }

    /// Whether it was the panic button.
    async fn emergency(&self) -> bool {
        self.0.emergency
    }

    /// The session it belongs to: `ses_…`; nothing for an end without a beginning.
    async fn session_id(&self) -> Option<ID> {
        self.0.session_id.map(out)
    }

    /// When it happened, corrected for the device's clock.
    async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.time.occurred_at
    }

    /// When the server received it.
    async fn received_at(&self) -> DateTime<Utc> {
        self.0.time.received_at
    }

    /// When it happened by the device's own clock, if the device said.
    async fn device_at(&self) -> Option<DateTime<Utc>> {
        self.0.time.device_at
    }

    /// Where the device said it was; nothing if it did not say.
    async fn position(&self) -> Option<Position> {
        self.0.fix.map(Into::into)
    }

    /// Where that is against the fence.
    async fn fence(&self) -> FenceJudgement {
        self.0.fence.into()
    }

    /// What the person said with it.
    async fn remark(&self) -> Option<&str> {
        self.0.remark.as_deref()
    }

    /// Whether the device reported that its position may be made up.
    async fn mock_location(&self) -> bool {
        self.0.device.mock_location
    }

    /// Who entered it, where that is somebody else; nothing for somebody you may not see.
    async fn made_by(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        match self.0.made_by {
            Some(member) => Ok(ctx.loads()?.load_one(member).await?),
            None => Ok(None),
        }
    }

    /// Why somebody else entered it: one of the organization's reason codes.
    async fn reason_code(&self) -> Option<&str> {
        self.0.reason_code.as_deref()
    }

    /// Why somebody else entered it, in words.
    async fn memo(&self) -> Option<&str> {
        self.0.memo.as_deref()
    }

    /// What people said about it later, oldest first; the last counts.
    async fn edits(&self, ctx: &Context<'_>) -> Result<Vec<PunchChange>> {
        let found = ctx.loads()?.load_one(EditsOf(self.0.id)).await?;
        Ok(found
            .unwrap_or_default()
            .into_iter()
            .map(PunchChange)
            .collect())
    }
}

/// The claims of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PunchesOf(pub SessionId);

impl Loader<PunchesOf> for Loads {
    type Value = Vec<model::Punch>;
    type Error = Arc<Error>;

    async fn load(
        &self,
        keys: &[PunchesOf],
    ) -> Result<HashMap<PunchesOf, Self::Value>, Arc<Error>> {
        let ids: Vec<SessionId> = keys.iter().map(|key| key.0).collect();
        let found = service::punches_of(&self.app, &self.viewer, &ids).await?;
        Ok(found
            .into_iter()
            .map(|(id, punches)| (PunchesOf(id), punches))
            .collect())
    }
}
