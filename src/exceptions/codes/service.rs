//! Decides: which codes may be given, and which an organization has.

use std::collections::HashSet;

use serde_json::json;

use super::model::{CodeKind, Draft, ReasonCode, check, in_use};
use super::profiles::{self, Profile};
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::tx::{Audit, Tx};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::kinds;

/// Whether a code may be given with this memo: `REASON_UNKNOWN` and `MEMO_REQUIRED` if not. Every organization has the
/// codes that ship with zamu ([`Profile::Zamu`]: `OTHER` needs a memo, `FORGOT_TO_CLOCK_OUT` does not) and what it
/// adopted or saved itself. In the caller's transaction.
pub async fn check_code_in(
    tx: &mut Tx,
    kind: CodeKind,
    code: &str,
    memo: Option<&str>,
) -> Result<()> {
    let found = find_in(tx, kind, code).await?;
    check(kind, found.as_ref(), memo)
}

/// The organization's own row of a code, or what ships.
pub(super) async fn find_in(tx: &mut Tx, kind: CodeKind, code: &str) -> Result<Option<ReasonCode>> {
    if let Some(own) = store::find(tx, kind, code).await? {
        return Ok(Some(own));
    }
    let mut built_in = profiles::codes(Profile::Zamu).into_iter();
    Ok(built_in.find(|one| one.kind == kind && one.code == code))
}

/// The codes of a kind in their order, the retired ones too if wanted. Everybody may see them: everybody gives them.
pub async fn codes(
    app: &App,
    viewer: &Viewer,
    kind: CodeKind,
    retired: bool,
) -> Result<Vec<ReasonCode>> {
    let mut tx = app.read(viewer, Action::ViewOrganization).await?;
    let mut all = in_use(store::list(&mut tx).await?);
    all.retain(|code| code.kind == kind && (retired || code.is_active));
    Ok(all)
}

/// The lists that ship.
pub fn profiles(viewer: &Viewer) -> Result<[Profile; 4]> {
    viewer.allowed(Action::ViewOrganization)?;
    Ok(Profile::ALL)
}

/// Adds a code, or changes it; a retired one is in use again.
pub async fn save(app: &App, viewer: &Viewer, draft: Draft) -> Result<ReasonCode> {
    let code = draft.read()?;
    let mut tx = app.begin(viewer, Action::ManageCodes).await?;
    store::stage(&mut tx, std::slice::from_ref(&code))?;
    commit(tx, "SAVE", std::slice::from_ref(&code)).await?;
    Ok(code)
}

/// Takes a code out of use: what it explained it still explains. Retiring again changes nothing.
pub async fn retire(app: &App, viewer: &Viewer, kind: CodeKind, code: &str) -> Result<ReasonCode> {
    let mut tx = app.begin(viewer, Action::ManageCodes).await?;
    let found = find_in(&mut tx, kind, code).await?;
    let mut code = found.ok_or_else(|| Error::not_found("code").at("code"))?;
    if !code.is_active {
        tx.settle().await?;
        return Ok(code);
    }
    code.is_active = false;
    store::stage(&mut tx, std::slice::from_ref(&code))?;
    commit(tx, "RETIRE", std::slice::from_ref(&code)).await?;
    Ok(code)
}

/// Takes over a list that ships. `only`: other codes of the kinds it has are retired, for a payer who takes no others.
pub async fn adopt(
    app: &App,
    viewer: &Viewer,
    profile: Profile,
    only: bool,
) -> Result<Vec<ReasonCode>> {
    let mut tx = app.begin(viewer, Action::ManageCodes).await?;
    let mut changed = profiles::codes(profile);
    if only {
        let kinds: HashSet<CodeKind> = changed.iter().map(|code| code.kind).collect();
        let taken: HashSet<(CodeKind, String)> = changed
            .iter()
            .map(|code| (code.kind, code.code.clone()))
            .collect();
        let others = in_use(store::list(&mut tx).await?)
            .into_iter()
            .filter(|code| {
                let is_other = !taken.contains(&(code.kind, code.code.clone()));
                code.is_active && kinds.contains(&code.kind) && is_other
            });
        let retired = others.map(|code| ReasonCode {
            is_active: false,
            ..code
        });
        changed.extend(retired);
    }
    store::stage(&mut tx, &changed)?;
    tx.flush_staged().await?;
    let mut all = in_use(store::list(&mut tx).await?);
    all.retain(|code| code.is_active);
    commit(tx, "ADOPT", &changed).await?;
    Ok(all)
}

async fn commit(tx: Tx, act: &str, codes: &[ReasonCode]) -> Result<()> {
    let named = |code: &ReasonCode| format!("{}:{}", code.kind.name(), code.code);
    let codes: Vec<String> = codes.iter().map(named).collect();
    let audit = Audit::of_many::<kinds::Exception>();
    tx.commit(audit.detail(json!({"act": act, "codes": codes})))
        .await
}
