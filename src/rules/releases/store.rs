//! Remembers drafts, releases, reviews, activations and duties.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};
use uuid::Uuid;
use zamu_schema::dual::Dual;
use zamu_schema::tables::{
    rule_activations, rule_decisions, rule_drafts, rule_duties, rule_releases, rule_reviews,
};

use super::approval::{Duty, Review};
use super::history::Activation;
use super::model::{Draft, Release, State};
use crate::db::tx::Tx;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{DraftId, MemberId, OrgId, ReleaseId};
use crate::kernel::page::{Page, PageRequest};
use crate::kernel::time::Instant;

/// `SWITCH_OFF`: how an enum of the model is written in a column.
fn name(value: &impl Serialize) -> Result<String> {
    match serde_json::to_value(value)? {
        Json::String(name) => Ok(name),
        other => Err(Error::internal(format!("{other} is no name"))),
    }
}

fn named<T: DeserializeOwned>(name: String) -> Result<T> {
    Ok(serde_json::from_value(Json::String(name))?)
}

#[derive(Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = rule_drafts, primary_key(org_id, id))]
struct DraftRow {
    org_id: OrgId,
    id: DraftId,
    topic: String,
    proposal: Json,
    takes_over: bool,
    base: i64,
    author_id: MemberId,
    updated_at: Instant,
}

impl DraftRow {
    fn draft(self) -> Result<Draft> {
        Ok(Draft {
            id: self.id,
            topic: self.topic,
            proposal: serde_json::from_value(self.proposal)?,
            takes_over: self.takes_over,
            base: self.base,
            author: self.author_id,
            updated_at: self.updated_at,
        })
    }
}

fn own_drafts(tx: &Tx) -> rule_drafts::BoxedQuery<'static, Dual> {
    rule_drafts::table
        .filter(rule_drafts::org_id.eq(tx.org()))
        .into_boxed()
}

pub(super) async fn drafts(tx: &mut Tx) -> Result<Vec<Draft>> {
    let rows = own_drafts(tx)
        .order(rule_drafts::topic)
        .select(DraftRow::as_select());
    let rows: Vec<DraftRow> = rows.load(tx.conn()?).await?;
    rows.into_iter().map(DraftRow::draft).collect()
}

pub(super) async fn draft(tx: &mut Tx, id: DraftId) -> Result<Draft> {
    let row = own_drafts(tx)
        .filter(rule_drafts::id.eq(id))
        .select(DraftRow::as_select());
    let row: Option<DraftRow> = row.first(tx.conn()?).await.optional()?;
    row.ok_or_else(|| Error::not_found("rule draft"))?.draft()
}

pub(super) async fn draft_of(tx: &mut Tx, topic: &str) -> Result<Option<Draft>> {
    let row = own_drafts(tx)
        .filter(rule_drafts::topic.eq(topic.to_owned()))
        .select(DraftRow::as_select());
    let row: Option<DraftRow> = row.first(tx.conn()?).await.optional()?;
    row.map(DraftRow::draft).transpose()
}

/// Keeps a draft, new or changed.
pub(super) fn save_draft(tx: &mut Tx, draft: &Draft) -> Result<()> {
    let row = || -> Result<DraftRow> {
        Ok(DraftRow {
            org_id: tx.org(),
            id: draft.id,
            topic: draft.topic.clone(),
            proposal: serde_json::to_value(&draft.proposal)?,
            takes_over: draft.takes_over,
            base: draft.base,
            author_id: draft.author,
            updated_at: draft.updated_at,
        })
    };
    let (inserted, updated) = (row()?, row()?);
    let insert = diesel::insert_into(rule_drafts::table)
        .values(inserted)
        .on_conflict((rule_drafts::org_id, rule_drafts::id))
        .do_update()
        .set(updated);
    tx.stage(insert)
}

pub(super) fn remove_draft(tx: &mut Tx, id: DraftId) -> Result<()> {
    let own = rule_drafts::table
        .filter(rule_drafts::org_id.eq(tx.org()))
        .filter(rule_drafts::id.eq(id));
    tx.stage(diesel::delete(own))
}

/// Drafts of these topics that were not touched after an instant: they became the release of that instant.
pub(super) fn remove_drafts_until(tx: &mut Tx, topics: &[String], until: Instant) -> Result<()> {
    let own = rule_drafts::table
        .filter(rule_drafts::org_id.eq(tx.org()))
        .filter(rule_drafts::topic.eq_any(topics.to_vec()))
        .filter(rule_drafts::updated_at.le(until));
    tx.stage(diesel::delete(own))
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = rule_releases)]
struct ReleaseRow {
    org_id: OrgId,
    number: i64,
    id: ReleaseId,
    parent: i64,
    digest: String,
    content: Json,
    files: Json,
    tests: Json,
    topics: Json,
    engine: String,
    origin: String,
    risk: String,
    state: String,
    note: Option<String>,
    author_id: Option<MemberId>,
    created_at: Instant,
}

impl ReleaseRow {
    fn release(self) -> Result<Release> {
        Ok(Release {
            id: self.id,
            number: self.number,
            parent: self.parent,
            digest: self.digest,
            content: serde_json::from_value(self.content)?,
            files: serde_json::from_value(self.files)?,
            tests: serde_json::from_value(self.tests)?,
            topics: serde_json::from_value(self.topics)?,
            engine: self.engine,
            origin: named(self.origin)?,
            risk: named(self.risk)?,
            state: named(self.state)?,
            note: self.note,
            author: self.author_id,
            created_at: self.created_at,
        })
    }
}

fn own_releases(tx: &Tx) -> rule_releases::BoxedQuery<'static, Dual> {
    rule_releases::table
        .filter(rule_releases::org_id.eq(tx.org()))
        .into_boxed()
}

pub(super) async fn release(tx: &mut Tx, id: ReleaseId) -> Result<Release> {
    let row = own_releases(tx)
        .filter(rule_releases::id.eq(id))
        .select(ReleaseRow::as_select());
    let row: Option<ReleaseRow> = row.first(tx.conn()?).await.optional()?;
    row.ok_or_else(|| Error::not_found("rule release"))?
        .release()
}

pub(super) async fn numbered(tx: &mut Tx, number: i64) -> Result<Option<Release>> {
    let row = own_releases(tx)
        .filter(rule_releases::number.eq(number))
        .select(ReleaseRow::as_select());
    let row: Option<ReleaseRow> = row.first(tx.conn()?).await.optional()?;
    row.map(ReleaseRow::release).transpose()
}

pub(super) async fn list(tx: &mut Tx, page: &PageRequest) -> Result<Page<Release>> {
    let mut rows = own_releases(tx);
    if let Some(after) = page.after {
        let id = ReleaseId::from_uuid(after.id);
        let earlier = rule_releases::created_at.lt(after.at);
        rows = rows.filter(
            earlier.or(rule_releases::created_at
                .eq(after.at)
                .and(rule_releases::id.lt(id))),
        );
    }
    let rows = rows
        .order((rule_releases::created_at.desc(), rule_releases::id.desc()))
        .limit(page.limit())
        .select(ReleaseRow::as_select());
    let rows: Vec<ReleaseRow> = rows.load(tx.conn()?).await?;
    let found: Result<Vec<Release>> = rows.into_iter().map(ReleaseRow::release).collect();
    Ok(Page::from_rows(found?, page))
}

/// The highest number given so far.
pub(super) async fn last_number(tx: &mut Tx) -> Result<i64> {
    let found: Option<i64> = own_releases(tx)
        .select(diesel::dsl::max(rule_releases::number))
        .first(tx.conn()?)
        .await?;
    Ok(found.unwrap_or(0))
}

/// Now and not with the commit: its reviews and activations point at it.
pub(super) async fn insert(tx: &mut Tx, release: &Release) -> Result<()> {
    let row = ReleaseRow {
        org_id: tx.org(),
        number: release.number,
        id: release.id,
        parent: release.parent,
        digest: release.digest.clone(),
        content: serde_json::to_value(&release.content)?,
        files: serde_json::to_value(&release.files)?,
        tests: serde_json::to_value(&release.tests)?,
        topics: json!(release.topics),
        engine: release.engine.clone(),
        origin: name(&release.origin)?,
        risk: name(&release.risk)?,
        state: name(&release.state)?,
        note: release.note.clone(),
        author_id: release.author,
        created_at: release.created_at,
    };
    let insert = diesel::insert_into(rule_releases::table).values(row);
    tx.execute(insert).await.map(drop)
}

pub(super) fn set_state(tx: &mut Tx, number: i64, state: State) -> Result<()> {
    let own = rule_releases::table
        .filter(rule_releases::org_id.eq(tx.org()))
        .filter(rule_releases::number.eq(number));
    let state = name(&state)?;
    tx.stage(diesel::update(own).set(rule_releases::state.eq(state)))
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = rule_reviews)]
struct ReviewRow {
    org_id: OrgId,
    number: i64,
    member_id: MemberId,
    author_id: MemberId,
    verdict: String,
    note: Option<String>,
    digest: String,
    reviewed_at: Instant,
}

/// Reviews of these releases, with their numbers, in the order they were given.
pub(super) async fn reviews(tx: &mut Tx, numbers: &[i64]) -> Result<Vec<(i64, Review)>> {
    let rows = rule_reviews::table
        .filter(rule_reviews::org_id.eq(tx.org()))
        .filter(rule_reviews::number.eq_any(numbers.to_vec()))
        .order((rule_reviews::reviewed_at, rule_reviews::member_id))
        .select(ReviewRow::as_select());
    let rows: Vec<ReviewRow> = rows.load(tx.conn()?).await?;
    let review = |row: ReviewRow| {
        let review = Review {
            member: row.member_id,
            verdict: named(row.verdict)?,
            note: row.note,
            digest: row.digest,
            at: row.reviewed_at,
        };
        Ok((row.number, review))
    };
    rows.into_iter().map(review).collect()
}

/// Now and not with the commit: who reviewed already, or wrote it, is told by the database.
pub(super) async fn insert_review(
    tx: &mut Tx,
    number: i64,
    author: MemberId,
    review: &Review,
) -> Result<()> {
    let row = ReviewRow {
        org_id: tx.org(),
        number,
        member_id: review.member,
        author_id: author,
        verdict: name(&review.verdict)?,
        note: review.note.clone(),
        digest: review.digest.clone(),
        reviewed_at: review.at,
    };
    let insert = diesel::insert_into(rule_reviews::table).values(row);
    tx.execute(insert).await.map(drop)
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = rule_activations)]
struct ActivationRow {
    org_id: OrgId,
    id: Uuid,
    number: i64,
    parent: i64,
    effective_from: Instant,
    activated_at: Instant,
    activated_by: Option<MemberId>,
    alone: bool,
    reason: Option<String>,
    cancelled_at: Option<Instant>,
}

/// Every activation, cancelled ones too: a row for each release that ever held or was going to.
pub(super) async fn activations(tx: &mut Tx) -> Result<Vec<Activation>> {
    let rows = rule_activations::table
        .filter(rule_activations::org_id.eq(tx.org()))
        .order((rule_activations::activated_at, rule_activations::number))
        .select(ActivationRow::as_select());
    let rows: Vec<ActivationRow> = rows.load(tx.conn()?).await?;
    let activation = |row: ActivationRow| Activation {
        id: row.id,
        number: row.number,
        parent: row.parent,
        effective_from: row.effective_from,
        activated_at: row.activated_at,
        activated_by: row.activated_by,
        alone: row.alone,
        reason: row.reason,
        cancelled_at: row.cancelled_at,
    };
    Ok(rows.into_iter().map(activation).collect())
}

pub(super) fn insert_activation(tx: &mut Tx, activation: Activation) -> Result<()> {
    let row = ActivationRow {
        org_id: tx.org(),
        id: activation.id,
        number: activation.number,
        parent: activation.parent,
        effective_from: activation.effective_from,
        activated_at: activation.activated_at,
        activated_by: activation.activated_by,
        alone: activation.alone,
        reason: activation.reason,
        cancelled_at: activation.cancelled_at,
    };
    tx.stage(diesel::insert_into(rule_activations::table).values(row))
}

/// Those that would begin at an instant or later never do.
pub(super) fn cancel_from(tx: &mut Tx, from: Instant) -> Result<()> {
    let now = tx.now();
    let pending = rule_activations::table
        .filter(rule_activations::org_id.eq(tx.org()))
        .filter(rule_activations::cancelled_at.is_null())
        .filter(rule_activations::effective_from.gt(now))
        .filter(rule_activations::effective_from.ge(from));
    tx.stage(diesel::update(pending).set(rule_activations::cancelled_at.eq(Some(now))))
}

/// Whether anything was ever decided for the organization.
pub(super) async fn has_decisions(tx: &mut Tx) -> Result<bool> {
    let own = rule_decisions::table.filter(rule_decisions::org_id.eq(tx.org()));
    let one: Option<Uuid> = own
        .select(rule_decisions::id)
        .first(tx.conn()?)
        .await
        .optional()?;
    Ok(one.is_some())
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = rule_duties)]
struct DutyRow {
    org_id: OrgId,
    member_id: MemberId,
    duty: String,
    given_by: Option<MemberId>,
    given_at: Instant,
}

pub(super) async fn duties(tx: &mut Tx) -> Result<Vec<(MemberId, Duty)>> {
    let rows = rule_duties::table
        .filter(rule_duties::org_id.eq(tx.org()))
        .order((
            rule_duties::given_at,
            rule_duties::member_id,
            rule_duties::duty,
        ))
        .select(DutyRow::as_select());
    let rows: Vec<DutyRow> = rows.load(tx.conn()?).await?;
    rows.into_iter()
        .map(|row| Ok((row.member_id, named(row.duty)?)))
        .collect()
}

pub(super) fn give_duty(tx: &mut Tx, member: MemberId, duty: Duty) -> Result<()> {
    let row = DutyRow {
        org_id: tx.org(),
        member_id: member,
        duty: name(&duty)?,
        given_by: tx.viewer().member(),
        given_at: tx.now(),
    };
    let insert = diesel::insert_into(rule_duties::table).values(row);
    tx.stage(insert.on_conflict_do_nothing())
}

pub(super) fn take_duty(tx: &mut Tx, member: MemberId, duty: Duty) -> Result<()> {
    let own = rule_duties::table
        .filter(rule_duties::org_id.eq(tx.org()))
        .filter(rule_duties::member_id.eq(member))
        .filter(rule_duties::duty.eq(name(&duty)?));
    tx.stage(diesel::delete(own))
}
