//! Speaks: members from a table, and what became of its rows.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};

use super::model::{self, Mapping, Options};
use super::service::{self, NewImport, Outcome, Resume};
use crate::graphql::context::Ask;
use crate::graphql::scalars;
use crate::identity::graphql::{Invitation, Role};

/// What is said about a row.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "model::RemarkCode")]
pub enum MemberImportCode {
    /// It has more or fewer cells than the header, or a quote that never ends.
    MalformedRow,
    /// It has neither reference, address nor number: the same table again would make the person again.
    KeyMissing,
    /// A cell cannot be what its column is for.
    InvalidValue,
    /// The role is none that a person can have.
    UnknownRole,
    /// You may not give this role or take it: owners are for owners only, and one always stays.
    NotAllowed,
    /// There is no such department, and none is to be created.
    UnknownDepartment,
    /// Several departments have this name: its path from the top tells them apart, as in `Field / Night`.
    AmbiguousDepartment,
    /// An earlier row is about the same person.
    RepeatedRow,
    /// Its reference, address and number belong to different members.
    AmbiguousMember,
    /// The person has left.
    MemberLeft,
    /// The corrected table names a row that did not fail.
    NotFailed,
    /// A warning: the number is kept in another form than it was typed in.
    PhoneRewritten,
    /// A warning: somebody with an account says their own name, number and address; those stay.
    KeptByMember,
}

/// What is wrong, or worth a look, in a row.
pub struct MemberImportRemark(model::Remark);

/// What is wrong, or worth a look, in a row.
#[Object]
impl MemberImportRemark {
    /// As a spreadsheet shows it: the header is row 1.
    async fn row(&self) -> u64 {
        self.0.row
    }

    /// As the table calls it; null where it is about the whole row.
    async fn column(&self) -> Option<&str> {
        self.0.column.as_deref()
    }

    /// For programs.
    async fn code(&self) -> MemberImportCode {
        self.0.code.into()
    }

    /// For people.
    async fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether the row is used all the same.
    async fn is_warning(&self) -> bool {
        self.0.code.is_warning()
    }
}

/// A table of people and what became of its rows. `rows` is always the sum of `blank`, `skipped`, `created`, `updated`,
/// `unchanged` and `failed`.
pub struct MemberImport(model::MemberImport);

/// A table of people and what became of its rows. `rows` is always the sum of `blank`, `skipped`, `created`, `updated`,
/// `unchanged` and `failed`.
#[Object]
impl MemberImport {
    /// `mim_…`; null for one that was only tried.
    async fn id(&self) -> Option<ID> {
        self.0.id.map(scalars::out)
    }

    /// When it was made.
    async fn made_at(&self) -> DateTime<Utc> {
        self.0.made_at
    }

    /// When failed rows were last handed in again; null if never.
    async fn resumed_at(&self) -> Option<DateTime<Utc>> {
        self.0.resumed_at
    }

    /// The rows below the header.
    async fn rows(&self) -> u64 {
        self.0.counts.rows
    }

    /// Those with nothing in them.
    async fn blank(&self) -> u64 {
        self.0.counts.blank
    }

    /// Those that were not wanted.
    async fn skipped(&self) -> u64 {
        self.0.counts.skipped
    }

    /// Those that made a member.
    async fn created(&self) -> u64 {
        self.0.counts.created
    }

    /// Those that changed a member.
    async fn updated(&self) -> u64 {
        self.0.counts.updated
    }

    /// Those whose member was so already.
    async fn unchanged(&self) -> u64 {
        self.0.counts.unchanged
    }

    /// Those that wait to be corrected, or waited until they were removed.
    async fn failed(&self) -> u64 {
        self.0.failures()
    }

    /// Of those that failed, the ones that are no longer kept: 30 days after the table was handed in, or the rows of it
    /// that failed handed in again, they are removed with everything that was said about them.
    async fn forgotten(&self) -> u64 {
        self.0.counts.forgotten
    }

    /// How many were invited.
    async fn invited(&self) -> u64 {
        self.0.counts.invited
    }

    /// Everything that is wrong, or worth a look, row by row.
    #[graphql(complexity = "100 * child_complexity")]
    async fn remarks(&self) -> Vec<MemberImportRemark> {
        let remarks = self.0.remarks.iter().cloned();
        remarks.map(MemberImportRemark).collect()
    }

    /// The failed rows as a table to correct and hand in with `resumeMemberImport`: the columns of the first table, then
    /// `zamu_row` with the row's number and `error` with what is wrong. Nothing in it runs as a formula. Null if none
    /// failed.
    async fn failed_csv(&self) -> Option<String> {
        self.0.failed_csv()
    }
}

/// An invitation that an import made.
pub struct SentInvitation(service::Sent);

/// An invitation that an import made.
#[Object]
impl SentInvitation {
    /// The row of the person.
    async fn row(&self) -> u64 {
        self.0.row
    }

    /// Shown once: give it to the person, who accepts with it and becomes the member of the row.
    async fn token(&self) -> &str {
        &self.0.token
    }

    /// The invitation.
    async fn invitation(&self) -> Invitation {
        Invitation(self.0.invitation.clone())
    }
}

/// What an import did.
#[derive(SimpleObject)]
pub struct MemberImportPayload {
    /// The import, with what was done before if it was resumed.
    import: MemberImport,
    /// Invitations made just now. A repeated request shows none: their texts are kept nowhere.
    #[graphql(complexity = "100 * child_complexity")]
    invitations: Vec<SentInvitation>,
    /// Rows of a corrected table that are not failed rows of the import; their numbers are those of that table.
    #[graphql(complexity = "20 * child_complexity")]
    strays: Vec<MemberImportRemark>,
}

impl From<Outcome> for MemberImportPayload {
    fn from(outcome: Outcome) -> Self {
        let strays = outcome.strays.into_iter().map(MemberImportRemark);
        Self {
            import: MemberImport(outcome.import),
            invitations: outcome
                .invitations
                .into_iter()
                .map(SentInvitation)
                .collect(),
            strays: strays.collect(),
        }
    }
}

/// Which column says what, by its name in the header; upper and lower case do not matter.
#[derive(InputObject)]
pub struct MemberColumnsInput {
    /// What people are called; the one column every table must have.
    name: String,
    /// E-mail addresses.
    email: Option<String>,
    /// Telephone numbers in any usual form.
    phone: Option<String>,
    /// `WORKER`, `SUPERVISOR` …
    role: Option<String>,
    /// A department's name, or its path from the top as in `Field / Night`.
    department: Option<String>,
    /// What they are called at work.
    title: Option<String>,
    /// Their key in the system the table comes from.
    external_ref: Option<String>,
    /// Labels, separated by `,`, `;` or `|`.
    tags: Option<String>,
}

/// A table of people.
#[derive(InputObject)]
pub struct ImportMembersInput {
    /// 1–100 characters of your own: the same key again has no second effect.
    idempotency_key: String,
    /// The table as text: at most 1,000,000 bytes and 2,000 rows below its header, separated by `,`, `;` or tabs.
    #[graphql(secret)]
    csv: String,
    /// Which column says what.
    mapping: MemberColumnsInput,
    /// What those are whose row names no role.
    #[graphql(default_with = "Role::Worker")]
    role: Role,
    /// Make departments that are not there.
    #[graphql(default)]
    create_departments: bool,
    /// Invite those who have no account: takes `INVITE_MEMBERS` too.
    #[graphql(default)]
    invite: bool,
    /// Only these rows, numbered as a spreadsheet shows them.
    only_rows: Option<Vec<u64>>,
    /// Only say what would happen.
    #[graphql(default)]
    dry_run: bool,
}

/// Failed rows, handed in again.
#[derive(InputObject)]
pub struct ResumeMemberImportInput {
    /// 1–100 characters of your own: the same key again has no second effect.
    idempotency_key: String,
    /// `mim_…`.
    import: ID,
    /// `failedCsv`, corrected; rows may be left out. Null hands all of them in again as they were.
    #[graphql(secret)]
    csv: Option<String>,
    /// Only say what would happen.
    #[graphql(default)]
    dry_run: bool,
}

/// What can be asked about imports of members.
#[derive(Default)]
pub struct MemberImportsQuery;

#[Object]
impl MemberImportsQuery {
    /// An import of members, with the rows that still wait.
    ///
    /// Requires: `IMPORT_DATA` (OWNER, ADMIN, OPERATOR).
    async fn member_import(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`mim_…`.")] id: ID,
    ) -> Result<MemberImport> {
        let id = scalars::id("id", &id)?;
        Ok(MemberImport(
            service::member_import(ctx.app(), ctx.viewer()?, id).await?,
        ))
    }
}

/// What can be done with tables of people.
#[derive(Default)]
pub struct MemberImportsMutation;

#[Object]
impl MemberImportsMutation {
    /// Records members from a table, and changes those it recognizes by reference, address or number. An empty cell says
    /// nothing. Rows that fail do not stop the others: correct them with `resumeMemberImport`.
    ///
    /// Requires: `IMPORT_DATA` (OWNER, ADMIN, OPERATOR); with `invite`, `INVITE_MEMBERS` (OWNER, ADMIN, OPERATOR), as a person.
    async fn import_members(
        &self,
        ctx: &Context<'_>,
        input: ImportMembersInput,
    ) -> Result<MemberImportPayload> {
        let new = NewImport {
            key: input.idempotency_key,
            csv: input.csv,
            options: Options {
                mapping: input.mapping.into_mapping(),
                role: input.role.into(),
                create_departments: input.create_departments,
                invite: input.invite,
                separator: ',',
            },
            only_rows: input.only_rows,
            dry_run: input.dry_run,
        };
        let role = new.options.role;
        crate::identity::model::personal(role)?;
        Ok(service::import(ctx.app(), ctx.viewer()?, new).await?.into())
    }

    /// Hands in the failed rows of an import again, corrected or as they were.
    ///
    /// Requires: `IMPORT_DATA` (OWNER, ADMIN, OPERATOR); with `invite`, `INVITE_MEMBERS` (OWNER, ADMIN, OPERATOR), as a person.
    async fn resume_member_import(
        &self,
        ctx: &Context<'_>,
        input: ResumeMemberImportInput,
    ) -> Result<MemberImportPayload> {
        let resume = Resume {
            key: input.idempotency_key,
            import: scalars::id("import", &input.import)?,
            csv: input.csv,
            dry_run: input.dry_run,
        };
        Ok(service::resume(ctx.app(), ctx.viewer()?, resume)
            .await?
            .into())
    }
}

impl MemberColumnsInput {
    fn into_mapping(self) -> Mapping {
        let Self {
            name,
            email,
            phone,
            role,
            department,
            title,
            external_ref,
            tags,
        } = self;
        Mapping {
            name,
            email,
            phone,
            role,
            department,
            title,
            external_ref,
            tags,
        }
    }
}
