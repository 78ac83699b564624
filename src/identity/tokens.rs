//! API tokens: keys for programs, limited to some permissions, shown once.
//!
//! A token is `zamu_<prefix>_<secret>`: the prefix finds it and tells tokens apart in a list, the secret is kept as a
//! SHA-256 only.

use chrono::TimeDelta;
use uuid::Uuid;

use super::model::ApiToken;
use super::{service, store};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::policy::{self, Role};
use crate::auth::token;
use crate::auth::viewer::Viewer;
use crate::db::tx::Audit;
use crate::events::event::Event;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{ApiTokenId, OrgId};
use crate::kernel::text;

/// How every API token begins; a signed access token never does.
pub(super) const START: &str = "zamu_";
const LONGEST_DAYS: i32 = 365;

/// A token that is made.
#[derive(Debug, Clone)]
pub struct NewToken {
    pub name: String,
    pub scopes: Vec<Action>,
    pub expires_in_days: i32,
}

/// Makes a token. The text is not kept: whoever loses it makes another.
pub async fn create(app: &App, viewer: &Viewer, input: NewToken) -> Result<(String, ApiToken)> {
    let created_by = viewer.person()?;
    let name = text::required("name", &input.name, 80)?;
    let scopes = scopes(&input.scopes)?;
    if !(1..=LONGEST_DAYS).contains(&input.expires_in_days) {
        return Err(Error::invalid(
            "expiresInDays",
            format!("a token lives 1 to {LONGEST_DAYS} days"),
        ));
    }
    let mut tx = app.begin(viewer, Action::ManageApiTokens).await?;
    let prefix = format!("{:08x}", u32::from_be_bytes(app.ids().secret()));
    let text = format!("{START}{prefix}_{}", token::random(app.ids()));
    let made = ApiToken {
        org_id: tx.org(),
        id: tx.id(),
        name,
        prefix,
        token_hash: token::digest(&text),
        scopes,
        created_by,
        created_at: tx.now(),
        expires_at: tx.now() + TimeDelta::days(i64::from(input.expires_in_days)),
        last_used_at: None,
        revoked_at: None,
    };
    store::insert_token(&mut tx, &made)?;
    tx.commit(Audit::of(made.id)).await?;
    Ok((text, made))
}

/// Only what the matrix lets a program do at all.
fn scopes(wanted: &[Action]) -> Result<Vec<Action>> {
    let mut scopes = wanted.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(Error::invalid(
            "scopes",
            "a token without a permission is of no use: name at least one",
        ));
    }
    match scopes
        .iter()
        .find(|action| policy::grant(Role::Integration, **action).is_none())
    {
        Some(action) => Err(Error::invalid(
            "scopes",
            format!("{} cannot be given to a program", action.name()),
        )),
        None => Ok(scopes),
    }
}

/// Those in use, the newest first.
pub async fn list(app: &App, viewer: &Viewer) -> Result<Vec<ApiToken>> {
    let mut tx = app.read(viewer, Action::ManageApiTokens).await?;
    store::list_tokens(&mut tx).await
}

pub async fn revoke(app: &App, viewer: &Viewer, id: ApiTokenId) -> Result<ApiToken> {
    let mut tx = app.begin(viewer, Action::ManageApiTokens).await?;
    let mut token = store::get_token(&mut tx, id).await?;
    if token.revoked_at.is_some() {
        return Ok(token);
    }
    token.revoked_at = Some(tx.now());
    store::revoke_token(&mut tx, id)?;
    let (org, event) = (tx.org(), Event::ApiTokenRevoked { token: id });
    tx.emit(&event)?;
    tx.commit(Audit::of(id)).await?;
    service::tell_now(app, org, &event);
    Ok(token)
}

/// The token of this text, if there is one: found by its prefix, compared in constant time.
pub(super) async fn find(app: &App, text: &str) -> Result<Option<ApiToken>> {
    let Some((prefix, _secret)) = text
        .strip_prefix(START)
        .and_then(|rest| rest.split_once('_'))
    else {
        return Ok(None);
    };
    let hash = token::digest(text);
    let candidates = store::tokens_by_prefix(&mut app.lobby().await?, prefix).await?;
    Ok(candidates
        .into_iter()
        .find(|candidate| token::same(&candidate.token_hash, &hash)))
}

/// Nobody is turned away because this could not be written down.
pub(super) async fn used(app: &App, org: OrgId, id: ApiTokenId) {
    let written = async {
        let mut lobby = app.lobby_change().await?;
        store::touch_token(&mut lobby, org, id)?;
        lobby.commit().await
    };
    if let Err(error) = written.await {
        tracing::warn!(%error, token = %id, "could not note when an API token was used");
    }
}

/// Under what a checked token is remembered: half of its digest, for its id is not known before it is found.
pub(super) fn memory_key(digest: &str) -> Uuid {
    digest
        .get(..32)
        .and_then(|half| Uuid::try_parse(half).ok())
        .unwrap_or_default()
}
