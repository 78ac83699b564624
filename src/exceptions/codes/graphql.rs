//! Speaks: the codes an organization explains its time with.

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};

use super::model::{self, Draft};
use super::{profiles, service};
use crate::exceptions::graphql::ExceptionKind;
use crate::graphql::context::Ask;

/// What a code says.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::CodeKind")]
pub enum CodeKind {
    /// Why it was so.
    Reason,
    /// What was done about it.
    Resolution,
}

/// A list of codes that ships with zamu.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "profiles::Profile")]
pub enum CodeProfile {
    /// What every organization has without adopting anything.
    Zamu,
    /// Ohio's Department of Medicaid.
    Ohio,
    /// Connecticut's Department of Social Services.
    Connecticut,
    /// Numbers in the style of `HHAeXchange`.
    Hha,
}

/// A code with which time is explained.
#[derive(SimpleObject)]
pub struct ExceptionCode {
    /// What it says: why, or what was done.
    kind: CodeKind,
    /// `OTHER`, `22`: unique within its kind.
    code: String,
    /// What it means.
    label: String,
    /// Whether it says nothing without a memo.
    memo_required: bool,
    /// Whether it can be given; a retired one still explains what it explained.
    is_active: bool,
    /// Lists are in this order.
    position: i32,
    /// The list it came with; null for one of the organization's own.
    profile: Option<CodeProfile>,
}

impl From<model::ReasonCode> for ExceptionCode {
    fn from(code: model::ReasonCode) -> Self {
        let profile = profiles::Profile::ALL
            .into_iter()
            .find(|profile| profile.name() == code.profile);
        Self {
            kind: code.kind.into(),
            code: code.code,
            label: code.label,
            memo_required: code.memo_required,
            is_active: code.is_active,
            position: code.position,
            profile: profile.map(Into::into),
        }
    }
}

/// A list of codes that can be adopted.
#[derive(SimpleObject)]
pub struct CodeProfileContent {
    /// Which.
    profile: CodeProfile,
    /// Its codes, in order.
    codes: Vec<ExceptionCode>,
    /// What its aggregator numbers exceptions by.
    outside_ids: Vec<OutsideExceptionId>,
}

/// How an aggregator numbers an exception.
#[derive(SimpleObject)]
pub struct OutsideExceptionId {
    /// Its number.
    id: &'static str,
    /// What it means.
    label: &'static str,
    /// Our kind; null where there is none yet.
    kind: Option<ExceptionKind>,
}

/// What can be asked about codes.
#[derive(Default)]
pub struct CodesQuery;

#[Object]
impl CodesQuery {
    /// The codes of a kind, in their order: for whoever explains something.
    ///
    /// Requires: `VIEW_ORGANIZATION` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, PATIENT, INTEGRATION, OPERATOR).
    #[graphql(complexity = "25 * child_complexity")]
    async fn codes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Reasons or resolutions.")] kind: CodeKind,
        #[graphql(desc = "Show the retired ones too.", default)] retired: bool,
    ) -> Result<Vec<ExceptionCode>> {
        let found = service::codes(ctx.app(), ctx.viewer()?, kind.into(), retired).await?;
        Ok(found.into_iter().map(Into::into).collect())
    }

    /// The lists of codes that ship, with the numbers their aggregators know exceptions by.
    ///
    /// Requires: `VIEW_ORGANIZATION` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, PATIENT, INTEGRATION, OPERATOR).
    #[graphql(complexity = "100 + child_complexity")]
    #[expect(clippy::unused_async, reason = "the API asks for async functions")]
    async fn code_profiles(&self, ctx: &Context<'_>) -> Result<Vec<CodeProfileContent>> {
        let shipped = service::profiles(ctx.viewer()?)?;
        Ok(shipped.into_iter().map(content).collect())
    }
}

fn content(profile: profiles::Profile) -> CodeProfileContent {
    let outside = |outside: &profiles::OutsideId| OutsideExceptionId {
        id: outside.id,
        label: outside.label,
        kind: outside.kind.map(Into::into),
    };
    CodeProfileContent {
        profile: profile.into(),
        codes: profiles::codes(profile)
            .into_iter()
            .map(Into::into)
            .collect(),
        outside_ids: profile.outside_ids().iter().map(outside).collect(),
    }
}

/// A code to be added or changed.
#[derive(InputObject)]
pub struct SaveCodeInput {
    /// What it says.
    kind: CodeKind,
    /// At most 32 characters; an existing one of the same kind is changed, a retired one is in use again.
    code: String,
    /// What it means, at most 200 characters.
    label: String,
    /// Whether it says nothing without a memo.
    #[graphql(default)]
    memo_required: bool,
    /// Where in the list it stands, 0–100000.
    #[graphql(default = 1000)]
    position: i32,
}

/// A code to be taken out of use.
#[derive(InputObject)]
pub struct RetireCodeInput {
    /// What it says.
    kind: CodeKind,
    /// The code.
    code: String,
}

/// A list of codes to be taken over.
#[derive(InputObject)]
pub struct AdoptCodesInput {
    /// Which.
    profile: CodeProfile,
    /// Retire all other codes of the kinds it has, for a payer who takes no others.
    #[graphql(default)]
    only: bool,
}

/// What can be done about codes.
#[derive(Default)]
pub struct CodesMutation;

#[Object]
impl CodesMutation {
    /// Adds a code, or changes it. What was explained with it keeps it.
    ///
    /// Requires: `MANAGE_CODES` (OWNER, ADMIN, OPERATOR).
    async fn save_code(&self, ctx: &Context<'_>, input: SaveCodeInput) -> Result<ExceptionCode> {
        let draft = Draft {
            kind: input.kind.into(),
            code: input.code,
            label: input.label,
            memo_required: input.memo_required,
            position: input.position,
        };
        let saved = service::save(ctx.app(), ctx.viewer()?, draft).await?;
        Ok(saved.into())
    }

    /// Takes a code out of use; retiring again changes nothing.
    ///
    /// Requires: `MANAGE_CODES` (OWNER, ADMIN, OPERATOR).
    async fn retire_code(
        &self,
        ctx: &Context<'_>,
        input: RetireCodeInput,
    ) -> Result<ExceptionCode> {
        let kind = input.kind.into();
        let retired = service::retire(ctx.app(), ctx.viewer()?, kind, &input.code).await?;
        Ok(retired.into())
    }

    /// Takes over a list that ships; answers with every code that can be given now.
    ///
    /// Requires: `MANAGE_CODES` (OWNER, ADMIN, OPERATOR).
    #[graphql(complexity = "25 * child_complexity")]
    async fn adopt_codes(
        &self,
        ctx: &Context<'_>,
        input: AdoptCodesInput,
    ) -> Result<Vec<ExceptionCode>> {
        let profile = input.profile.into();
        let adopted = service::adopt(ctx.app(), ctx.viewer()?, profile, input.only).await?;
        Ok(adopted.into_iter().map(Into::into).collect())
    }
}
