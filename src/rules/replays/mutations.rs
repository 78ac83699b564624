//! Speaks: starting and cancelling replays.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};
use chrono::{DateTime, Utc};
use zamu_rules::RuleKind;

use super::candidate::Candidate;
use super::graphql::RuleReplay;
use super::service::{self, Wish};
use crate::graphql::context::Ask;
use crate::graphql::scalars::id;

/// What a candidate is written in.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "RuleKind")]
pub enum CandidateKind {
    /// A script.
    Script,
    /// A decision table.
    Table,
}

/// What to try against the past: a release, or a rule and settings laid over what the organization runs on now.
#[derive(InputObject)]
pub struct RuleCandidateInput {
    /// The text of a rule for the hook.
    source: Option<String>,
    /// What the text is written in; a script if left out.
    kind: Option<CandidateKind>,
    /// Settings of the hook that differ from those in force.
    #[graphql(default)]
    settings: Vec<CandidateSettingInput>,
    /// The number of a release; then nothing else is given. 0 is what ships and what files say.
    release: Option<i64>,
}

/// One setting of a candidate.
#[derive(InputObject)]
pub struct CandidateSettingInput {
    /// `grace_minutes`.
    name: String,
    /// As a person writes it: `10`, `yes`, `KES 1500`, `monday, friday`.
    value: String,
}

/// What is to be replayed.
#[derive(InputObject)]
pub struct ReplayRulesInput {
    /// Which question: `attendance.lateness`.
    hook: String,
    /// What to try.
    candidate: RuleCandidateInput,
    /// Events at or after this.
    from: DateTime<Utc>,
    /// Events before this; now if left out.
    to: Option<DateTime<Utc>>,
}

/// A replay that is not wanted any more.
#[derive(InputObject)]
pub struct CancelReplayInput {
    /// The replay.
    replay: ID,
}

/// What can be done with replays.
#[derive(Default)]
pub struct ReplaysMutation;

#[Object]
impl ReplaysMutation {
    /// Tries a candidate against what really happened, in the background; listen to `ruleReplayProgress`. It changes
    /// nothing. One at a time for an organization: `REPLAY_RUNNING` otherwise.
    ///
    /// Requires: `REPLAY_RULES` (OWNER, ADMIN, OPERATOR).
    async fn replay_rules(&self, ctx: &Context<'_>, input: ReplayRulesInput) -> Result<RuleReplay> {
        let ReplayRulesInput {
            hook,
            candidate,
            from,
            to,
        } = input;
        let settings = candidate.settings.into_iter();
        let candidate = Candidate {
            source: candidate.source,
            kind: candidate.kind.map(Into::into).unwrap_or_default(),
            settings: settings
                .map(|setting| (setting.name, setting.value))
                .collect(),
            release: candidate.release,
        };
        let wish = Wish {
            hook,
            candidate,
            from,
            to,
        };
        let job = service::start(ctx.app(), ctx.viewer()?, wish).await?;
        Ok(RuleReplay(job))
    }

    /// Stops a replay. What it found so far is not published.
    ///
    /// Requires: `REPLAY_RULES` (OWNER, ADMIN, OPERATOR).
    async fn cancel_replay(
        &self,
        ctx: &Context<'_>,
        input: CancelReplayInput,
    ) -> Result<RuleReplay> {
        let replay = id("replay", &input.replay)?;
        let job = service::cancel(ctx.app(), ctx.viewer()?, replay).await?;
        Ok(RuleReplay(job))
    }
}
