//! Speaks: replays and what they found.

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::model::{self, Delta, Job, Side, State, Tally, amount};
use super::{csv, service};
use crate::graphql::context::Ask;
use crate::graphql::page::connection;
use crate::graphql::scalars::{id, out};
use crate::identity::graphql::Member;
use crate::kernel::id::{MemberId, ReplayId};
use crate::kernel::page::{Cursor, PageRequest};
use crate::rules::decisions::graphql::{OutcomeCount, RuleDecision, RuleExplanation};

/// How far a replay is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "State")]
pub enum RuleReplayState {
    /// Decisions are being taken again.
    Running,
    /// It ended, and every stored decision came to what is stored.
    Done,
    /// Stored decisions came to something else when they were taken again, so nothing is said about the candidate.
    NotFaithful,
    /// Somebody stopped it.
    Cancelled,
    /// It could not be finished; `problem` says why.
    Failed,
}

/// What a candidate would have decided about everything that really happened in a time.
pub struct RuleReplay(pub Job);

/// What a candidate would have decided about everything that really happened in a time.
#[Object]
impl RuleReplay {
    /// `rpl_…`.
    async fn id(&self) -> ID {
        out(self.0.id)
    }

    /// Which question: `attendance.lateness`.
    async fn hook(&self) -> &str {
        &self.0.hook
    }

    /// How far it is.
    async fn state(&self) -> RuleReplayState {
        self.0.state.into()
    }

    /// The number of the release that is tried; nothing for rules and settings that are no release yet.
    async fn candidate_release(&self) -> Option<i64> {
        self.0.candidate_release
    }

    /// Events at or after this.
    async fn from(&self) -> DateTime<Utc> {
        self.0.from
    }

    /// Events before this.
    async fn to(&self) -> DateTime<Utc> {
        self.0.to
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it ended, whatever way.
    async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at
    }

    /// How many decisions there are in the time.
    async fn total(&self) -> i64 {
        self.0.total
    }

    /// How many of them were looked at.
    async fn done(&self) -> i64 {
        self.0.done
    }

    /// Why it found nothing, in plain words.
    async fn problem(&self) -> Option<&str> {
        self.0.problem.as_deref()
    }

    /// What it found; only of one that is `DONE`.
    async fn result(&self) -> Option<RuleReplayResult> {
        let tally = self.0.result.clone();
        tally
            .filter(|_| self.0.state == State::Done)
            .map(RuleReplayResult)
    }

    /// Up to 20 stored decisions that came to something else when they were taken again.
    async fn unfaithful(&self) -> Vec<UnfaithfulDecision> {
        let tally = self.0.result.iter();
        let all = tally.flat_map(|tally| &tally.unfaithful);
        let one = |found: &model::Unfaithful| UnfaithfulDecision {
            decision: out(found.decision),
            stored: found.stored.clone(),
            again: found.again.clone(),
            why: found.why.clone(),
        };
        all.map(one).collect()
    }

    /// The decisions the candidate takes differently, the earliest event first; at most 10,000 are kept.
    #[graphql(complexity = "first.unwrap_or(25).max(0) as usize * child_complexity")]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Only those where the candidate fails and a rule answered before.",
            default
        )]
        only_newly_failing: bool,
        #[graphql(desc = "How many, 1–100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the last change of the page before.")] after: Option<
            String,
        >,
    ) -> Result<Connection<String, RuleReplayChange>> {
        let page = PageRequest::new(first, after.as_deref())?;
        let (viewer, replay) = (ctx.viewer()?, self.0.id);
        let found = service::changes(ctx.app(), viewer, replay, only_newly_failing, &page).await?;
        let cursor = |change: &model::Change| Cursor {
            at: change.event_at,
            id: change.decision.uuid(),
        };
        let speak = |change| RuleReplayChange { replay, change };
        Ok(connection(found, after.as_deref(), cursor, speak))
    }

    /// Where to get all changes as a table: a path of this server, for a GET with the same `Authorization`. Nothing
    /// before it is `DONE`.
    async fn csv(&self) -> Option<String> {
        csv::is_ready(self.0.state).then(|| format!("/exports/replays/{}.csv", self.0.id))
    }
}

/// A stored decision that came to something else when it was taken again.
#[derive(SimpleObject)]
pub struct UnfaithfulDecision {
    /// `dec_…`.
    decision: ID,
    /// What is stored: `late(22)`.
    stored: String,
    /// What it came to now; nothing where it could not be taken again.
    again: Option<String>,
    /// What differs, in plain words.
    why: String,
}

/// What a replay found.
pub struct RuleReplayResult(Tally);

/// What a replay found.
#[Object]
impl RuleReplayResult {
    /// Decisions that were taken again, by the rules of then and by the candidate.
    async fn replayed(&self) -> i64 {
        self.0.replayed
    }

    /// Decisions left out because their facts were removed when their time was over.
    async fn without_facts(&self) -> i64 {
        self.0.without_facts
    }

    /// Decisions left out because no rule was asked then: a breaker or quota answered, or the server had an incident.
    async fn unasked(&self) -> i64 {
        self.0.unasked
    }

    /// How many the candidate takes differently.
    async fn changed(&self) -> i64 {
        self.0.changed
    }

    /// How many the candidate fails at where a rule answered before.
    async fn newly_failing(&self) -> i64 {
        self.0.newly_failing
    }

    /// For how many people something changes.
    async fn people_affected(&self) -> usize {
        self.0.people.len()
    }

    /// Operations used by both: the deterministic measure of cost.
    async fn operations(&self) -> i64 {
        self.0.operations
    }

    /// Milliseconds it took.
    async fn duration_ms(&self) -> i64 {
        self.0.duration_ms
    }

    /// Whether more changed than the 10,000 that are listed; the counts hold for all.
    async fn is_cut(&self) -> bool {
        self.0.is_cut
    }

    /// Every old outcome against every new one, the unchanged ones too.
    async fn matrix(&self) -> Vec<OutcomeCount> {
        let rows = self.0.matrix.iter();
        let cells = rows.flat_map(|(was, row)| row.iter().map(move |cell| (was, cell)));
        let cell = |(was, (would, count)): (&String, (&String, &i64))| OutcomeCount {
            was: was.clone(),
            would: would.clone(),
            count: *count,
        };
        cells.map(cell).collect()
    }

    /// By ISO week of the local day, the earliest first: `2026-W10`.
    async fn weeks(&self) -> Vec<ReplayDelta> {
        self.0.weeks.iter().map(ReplayDelta::of).collect()
    }

    /// By the name of the person's department then; empty for none.
    async fn departments(&self) -> Vec<ReplayDelta> {
        self.0.departments.iter().map(ReplayDelta::of).collect()
    }

    /// By person: those something changes for.
    async fn people(&self) -> Vec<PersonDelta> {
        let people = self.0.people.iter();
        people
            .filter_map(|(member, delta)| {
                Some(PersonDelta {
                    member: member.parse().ok()?,
                    delta: ReplayDelta::of((member, delta)),
                })
            })
            .collect()
    }
}

/// What changes in one group of decisions.
#[derive(SimpleObject, Clone)]
pub struct ReplayDelta {
    /// The week or the department.
    name: String,
    /// Decisions in the group.
    decisions: i64,
    /// How many change.
    changed: i64,
    /// Minutes of the new outcomes minus those of the old ones.
    minutes: i64,
    /// The same for money, one for each currency.
    money: Vec<MoneyDelta>,
}

/// A difference of money.
#[derive(SimpleObject, Clone)]
pub struct MoneyDelta {
    /// ISO 4217.
    currency: String,
    /// In minor units, such as cents.
    minor: i64,
    /// For people: `KES -12.50`.
    text: String,
}

impl ReplayDelta {
    fn of((name, delta): (&String, &Delta)) -> Self {
        let money = |(currency, minor): (&String, &i64)| MoneyDelta {
            currency: currency.clone(),
            minor: *minor,
            text: amount(currency, *minor),
        };
        Self {
            name: name.clone(),
            decisions: delta.decisions,
            changed: delta.changed,
            minutes: delta.minutes,
            money: delta.money.iter().map(money).collect(),
        }
    }
}

/// What changes for one person.
pub struct PersonDelta {
    member: MemberId,
    delta: ReplayDelta,
}

/// What changes for one person.
#[Object]
impl PersonDelta {
    /// `mbr_…`.
    async fn member_id(&self) -> ID {
        out(self.member)
    }

    /// Who, if you may see them.
    async fn member(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        Ok(ctx.loads()?.load_one(self.member).await?)
    }

    /// How many decisions about the person change.
    async fn changed(&self) -> i64 {
        self.delta.changed
    }

    /// Minutes of the new outcomes minus those of the old ones.
    async fn minutes(&self) -> i64 {
        self.delta.minutes
    }

    /// The same for money, one for each currency.
    async fn money(&self) -> &[MoneyDelta] {
        &self.delta.money
    }
}

/// One decision the candidate takes differently.
pub struct RuleReplayChange {
    replay: ReplayId,
    change: model::Change,
}

/// One decision the candidate takes differently.
#[Object]
impl RuleReplayChange {
    /// The stored decision, if you may see it; its `explain` says how it came about.
    async fn decision(&self, ctx: &Context<'_>) -> Result<Option<RuleDecision>> {
        let found = ctx.loads()?.load_one(self.change.decision).await?;
        Ok(found.map(RuleDecision))
    }

    /// `dec_…`.
    async fn decision_id(&self) -> ID {
        out(self.change.decision)
    }

    /// Whom it concerns, where it is about a person you may see.
    async fn member(&self, ctx: &Context<'_>) -> Result<Option<Member>> {
        let Some(id) = self.change.member else {
            return Ok(None);
        };
        Ok(ctx.loads()?.load_one(id).await?)
    }

    /// When what it decided about happened.
    async fn event_at(&self) -> DateTime<Utc> {
        self.change.event_at
    }

    /// The name of the person's department then; empty for none.
    async fn department(&self) -> &str {
        &self.change.department
    }

    /// Whether the candidate fails where a rule answered before.
    async fn is_newly_failing(&self) -> bool {
        self.change.is_failing
    }

    /// What was decided.
    async fn was(&self) -> ReplaySide {
        ReplaySide::of(&self.change.was)
    }

    /// What the candidate says.
    async fn would(&self) -> ReplaySide {
        ReplaySide::of(&self.change.would)
    }

    /// How the candidate comes to its answer, line by line.
    #[graphql(complexity = "50 + child_complexity")]
    async fn explain_would(&self, ctx: &Context<'_>) -> Result<RuleExplanation> {
        let viewer = ctx.viewer()?;
        let decision = self.change.decision;
        let explanation =
            service::explain_candidate(ctx.app(), viewer, self.replay, decision).await?;
        Ok(RuleExplanation::of(explanation, viewer))
    }
}

/// One of the two answers of a changed decision.
#[derive(SimpleObject)]
pub struct ReplaySide {
    /// How it came about: `OK`, `INHERITED`, `DEFAULTED`, `BUDGET`, `ERROR`.
    status: String,
    /// As a script writes it: `late(22)`.
    outcome: String,
    /// Why, in the words of whoever wrote the rule.
    reasons: Vec<String>,
    /// Flags the rule put on the session.
    flags: Vec<String>,
}

impl ReplaySide {
    fn of(side: &Side) -> Self {
        Self {
            status: side.status.clone(),
            outcome: side.outcome.clone(),
            reasons: side.reasons.clone(),
            flags: side.flags.clone(),
        }
    }
}

/// What can be asked about replays.
#[derive(Default)]
pub struct ReplaysQuery;

#[Object]
impl ReplaysQuery {
    /// One replay: how far it is, and what it found. Replays are kept for 30 days.
    ///
    /// Requires: `REPLAY_RULES` (OWNER, ADMIN, OPERATOR).
    async fn rule_replay(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one: `rpl_…`.")] replay: ID,
    ) -> Result<RuleReplay> {
        let replay = id("replay", &replay)?;
        let found = service::replay(ctx.app(), ctx.viewer()?, replay).await?;
        Ok(RuleReplay(found))
    }
}
