//! Kept cases: decisions somebody wants to stay as they are, without the person they were about.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value as Json, json};
use zamu_rules::testing::Case;
use zamu_rules::{Book, Decision};
use zamu_schema::tables::rule_cases;

use super::explain;
use super::model::is_hook;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{DecisionId, OrgId, RuleCaseId};
use crate::kernel::text;
use crate::kernel::time::Instant;

/// So many cases one hook may have: every draft is tried on each.
const MOST: i64 = 1_000;

/// One kept case.
#[derive(Debug, Clone, PartialEq, Insertable, Queryable, Selectable)]
#[diesel(table_name = rule_cases)]
pub struct RuleCase {
    org_id: OrgId,
    pub id: RuleCaseId,
    pub hook: String,
    pub name: String,
    /// An entry of a `*.cases.json` file.
    pub body: Json,
    pub decision_id: DecisionId,
    pub created_at: Instant,
}

/// Keeps a stored decision as a test, anonymised.
pub async fn keep(app: &App, viewer: &Viewer, id: DecisionId, name: &str) -> Result<RuleCase> {
    let mut tx = app.begin(viewer, Action::EditRules).await?;
    let name = text::required("name", name, 200)?;
    let (given, said) = explain::given_in(&mut tx, id).await?;
    let book = explain::book_in(&mut tx, &given).await?;
    let again = given.clone().decide(&book);
    let again = again.filter(|again| said.is_what(again));
    let again = again.ok_or_else(|| {
        let message = "taken again, this decision comes to something else, so it proves nothing";
        Error::refused(Code::DecisionNotRepeatable, message)
    })?;
    let body = anonymised(&name, &again, &book)?;
    if count(&mut tx, &given.hook).await? >= MOST {
        let message = format!("a hook keeps at most {MOST} cases; remove some first");
        return Err(Error::refused(Code::CaseRefused, message));
    }
    let kept = RuleCase {
        org_id: tx.org(),
        id: tx.id(),
        hook: given.hook,
        name,
        body,
        decision_id: id,
        created_at: tx.now(),
    };
    insert(&mut tx, kept.clone()).await?;
    tx.commit(Audit::of(kept.id)).await?;
    Ok(kept)
}

/// Refused by an index where the hook has a case of this name.
async fn insert(tx: &mut Tx, case: RuleCase) -> Result<()> {
    tx.execute(diesel::insert_into(rule_cases::table).values(case))
        .await?;
    Ok(())
}

fn anonymised(name: &str, decision: &Decision, book: &Book) -> Result<Json> {
    let case = Case::from_decision(name, decision, book).map_err(|problem| {
        let hint = problem.hint.map(|hint| format!(": {hint}"));
        let message = format!("{}{}", problem.message, hint.unwrap_or_default());
        Error::refused(Code::CaseRefused, message)
    })?;
    Ok(json!(case))
}

fn own(tx: &Tx) -> rule_cases::BoxedQuery<'static, zamu_schema::dual::Dual> {
    rule_cases::table
        .filter(rule_cases::org_id.eq(tx.org()))
        .into_boxed()
}

async fn count(tx: &mut Tx, hook: &str) -> Result<i64> {
    let query = own(tx).filter(rule_cases::hook.eq(hook.to_owned()));
    Ok(query.count().get_result(tx.conn()?).await?)
}

/// The kept cases of a hook, the oldest first.
pub async fn list(app: &App, viewer: &Viewer, hook: &str) -> Result<Vec<RuleCase>> {
    let mut tx = app.read(viewer, Action::ViewRules).await?;
    if !is_hook(hook) {
        return Err(Error::invalid(
            "hook",
            format!("no hook is called `{hook}`"),
        ));
    }
    let query = own(&tx)
        .filter(rule_cases::hook.eq(hook.to_owned()))
        .order((rule_cases::created_at, rule_cases::id))
        .select(RuleCase::as_select());
    Ok(query.load(tx.conn()?).await?)
}

/// The kept cases of a hook as the engine runs them: for checking a draft.
pub async fn of_hook_in(tx: &mut Tx, hook: &str) -> Result<Vec<Case>> {
    let query = own(tx)
        .filter(rule_cases::hook.eq(hook.to_owned()))
        .order((rule_cases::created_at, rule_cases::id));
    let bodies: Vec<Json> = query.select(rule_cases::body).load(tx.conn()?).await?;
    let cases = bodies.into_iter().map(serde_json::from_value);
    Ok(cases.collect::<Result<_, _>>()?)
}

/// Keeps a case no longer; answers what it was.
pub async fn remove(app: &App, viewer: &Viewer, id: RuleCaseId) -> Result<RuleCase> {
    let mut tx = app.begin(viewer, Action::EditRules).await?;
    let query = own(&tx).filter(rule_cases::id.eq(id));
    let found: Option<RuleCase> = query
        .select(RuleCase::as_select())
        .first(tx.conn()?)
        .await
        .optional()?;
    let case = found.ok_or_else(|| Error::not_found("kept rule case"))?;
    let gone = rule_cases::table
        .filter(rule_cases::org_id.eq(tx.org()))
        .filter(rule_cases::id.eq(id));
    tx.stage(diesel::delete(gone))?;
    tx.commit(Audit::of(id)).await?;
    Ok(case)
}
