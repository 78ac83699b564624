//! Decides: one table of people is one change, so a try-out is the same change without its end.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::json;

use super::model::{
    self, Counts, Draft, Failed, MemberImport, Options, Reader, Remark, RemarkCode, remark,
};
use super::store;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::idempotency::{self, Key};
use crate::db::tx::{Audit, Tx};
use crate::events::event::Event;
use crate::identity::bulk::{self, Record};
use crate::identity::invitations;
use crate::identity::model::{Invitation, Member};
use crate::imports::table::Sheet;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{DepartmentId, MemberId, MemberImportId};
use crate::orgs;
use crate::orgs::model::Department;

/// As much as one table may have, in bytes.
const LONGEST: usize = 1_000_000;
const WIDEST: usize = 100;

/// A table of people.
#[derive(Debug, Clone)]
pub struct NewImport {
    pub key: String,
    pub csv: String,
    /// The separator is found in the table.
    pub options: Options,
    /// Row numbers as a spreadsheet shows them; all if left out.
    pub only_rows: Option<Vec<u64>>,
    pub dry_run: bool,
}

/// Failed rows, corrected; as they were if there is no table.
#[derive(Debug, Clone)]
pub struct Resume {
    pub key: String,
    pub import: MemberImportId,
    pub csv: Option<String>,
    pub dry_run: bool,
}

/// An import, and the secrets of its invitations: told once.
pub struct Outcome {
    pub import: MemberImport,
    pub invitations: Vec<Sent>,
    /// What is said about rows of the corrected table that are not rows of the import.
    pub strays: Vec<Remark>,
}

pub struct Sent {
    pub row: u64,
    pub token: String,
    pub invitation: Invitation,
}

/// Imports members. The same key again answers with what the first use made, without the secrets.
pub async fn import(app: &App, viewer: &Viewer, new: NewImport) -> Result<Outcome> {
    let what = (&new.csv, &new.options, &new.only_rows, new.dry_run);
    let key = Key::new(&new.key, "IMPORT_MEMBERS", &what)?;
    match try_import(app, viewer, &new, &key).await {
        Err(error) if idempotency::lost_race(&error) => try_import(app, viewer, &new, &key).await,
        outcome => outcome,
    }
}

async fn try_import(app: &App, viewer: &Viewer, new: &NewImport, key: &Key) -> Result<Outcome> {
    let sheet = sheet(&new.csv)?;
    new.options.mapping.check(&sheet.header)?;
    let wanted = wanted(&sheet, new.only_rows.as_deref())?;
    let mut tx = begin(app, viewer, &new.options).await?;
    if let Some(known) = idempotency::find_in(&mut tx, key).await? {
        return repeat(tx, known).await;
    }
    let mut rows = BTreeMap::new();
    let mut remarks = Vec::new();
    let (header, places) = kept_columns(&sheet);
    for row in sheet.rows.iter().filter(|row| wanted.contains(&row.number)) {
        if row.is_open {
            let message = "a quote in this row never ends".to_owned();
            remarks.push(remark(row.number, None, RemarkCode::MalformedRow, message));
        }
        let regular = row.cells.len() == sheet.header.len();
        let cells = if regular {
            let cells = places.iter().filter_map(|at| row.cells.get(*at));
            cells.cloned().collect()
        } else {
            row.cells.clone()
        };
        rows.insert(row.number, cells);
    }
    let import = MemberImport {
        id: None,
        made_at: tx.now(),
        resumed_at: None,
        options: Options {
            separator: sheet.separator,
            ..new.options.clone()
        },
        header,
        counts: Counts {
            rows: sheet.rows.len() as u64 + sheet.blank,
            blank: sheet.blank,
            skipped: (sheet.rows.len() - rows.len()) as u64,
            ..Counts::default()
        },
        failed: Vec::new(),
        remarks,
    };
    let mut work = Work::new(&mut tx, import).await?;
    work.take(rows).await?;
    let Work {
        mut import, sent, ..
    } = work;
    if new.dry_run {
        return Ok(outcome(import, Vec::new(), Vec::new()));
    }
    let id: MemberImportId = tx.id();
    idempotency::stage(&mut tx, key, id)?;
    store::insert(&mut tx, id, &import)?;
    import.id = Some(id);
    end(tx, id, &import).await?;
    Ok(outcome(import, sent, Vec::new()))
}

/// Hands in the failed rows of an import again. What succeeds now counts as if it had succeeded then.
pub async fn resume(app: &App, viewer: &Viewer, resume: Resume) -> Result<Outcome> {
    let what = (resume.import, &resume.csv, resume.dry_run);
    let key = Key::new(&resume.key, "RESUME_MEMBER_IMPORT", &what)?;
    match try_resume(app, viewer, &resume, &key).await {
        Err(error) if idempotency::lost_race(&error) => {
            try_resume(app, viewer, &resume, &key).await
        }
        outcome => outcome,
    }
}

async fn try_resume(app: &App, viewer: &Viewer, resume: &Resume, key: &Key) -> Result<Outcome> {
    let sheet = resume.csv.as_deref().map(sheet).transpose()?;
    let mut tx = app.begin(viewer, Action::ImportData).await?;
    if let Some(known) = idempotency::find_in(&mut tx, key).await? {
        return repeat(tx, known).await;
    }
    let id = resume.import;
    let mut import = store::lock(&mut tx, id)
        .await
        .map_err(|error| error.at("import"))?;
    let (rows, strays) = match &sheet {
        Some(sheet) => model::corrected(sheet, &import)?,
        None => (cells_of(&import), Vec::new()),
    };
    import
        .failed
        .retain(|failed| !rows.contains_key(&failed.row));
    import
        .remarks
        .retain(|remark| !rows.contains_key(&remark.row));
    import.resumed_at = Some(tx.now());
    let mut work = Work::new(&mut tx, import).await?;
    work.take(rows).await?;
    let Work { import, sent, .. } = work;
    if resume.dry_run {
        return Ok(outcome(import, Vec::new(), strays));
    }
    idempotency::stage(&mut tx, key, id)?;
    store::update(&mut tx, id, &import)?;
    end(tx, id, &import).await?;
    Ok(outcome(import, sent, strays))
}

pub async fn member_import(app: &App, viewer: &Viewer, id: MemberImportId) -> Result<MemberImport> {
    let mut tx = app.read(viewer, Action::ImportData).await?;
    store::get(&mut tx, id).await
}

fn sheet(csv: &str) -> Result<Sheet> {
    if csv.len() > LONGEST {
        let message = format!("the table has {} bytes; {LONGEST} are allowed", csv.len());
        return Err(Error::refused(Code::PayloadTooLarge, message).at("csv"));
    }
    let sheet = Sheet::parse(csv);
    let sheet = sheet.ok_or_else(|| Error::invalid("csv", "the table has no header"))?;
    if sheet.rows.len() > model::MOST_ROWS || sheet.header.len() > WIDEST {
        let message = format!(
            "a table has at most {} rows and {WIDEST} columns",
            model::MOST_ROWS
        );
        return Err(Error::invalid("csv", message));
    }
    Ok(sheet)
}

fn wanted(sheet: &Sheet, only: Option<&[u64]>) -> Result<HashSet<u64>> {
    let there: HashSet<u64> = sheet.rows.iter().map(|row| row.number).collect();
    let Some(only) = only else { return Ok(there) };
    match only.iter().find(|number| !there.contains(number)) {
        Some(number) => {
            let message = format!("the table has nothing in row {number}");
            Err(Error::invalid("onlyRows", message))
        }
        None => Ok(only.iter().copied().collect()),
    }
}

/// The columns without those that an earlier answer added, and where they stand.
fn kept_columns(sheet: &Sheet) -> (Vec<String>, Vec<usize>) {
    let kept = sheet.header.iter().cloned().zip(0..);
    kept.filter(|(name, _)| name != model::ROW && name != model::ERROR)
        .unzip()
}

/// The failed rows as they were. One that repeats another row of its table stays failed: nothing about it has changed.
fn cells_of(import: &MemberImport) -> BTreeMap<u64, Vec<String>> {
    let repeats = |row: u64| {
        let mut remarks = import.remarks.iter();
        remarks.any(|remark| remark.row == row && remark.code == RemarkCode::RepeatedRow)
    };
    let failed = import.failed.iter();
    failed
        .filter(|failed| !repeats(failed.row))
        .map(|failed| (failed.row, failed.cells.clone()))
        .collect()
}

/// Inviting asks for its own permission, and for somebody who invites.
async fn begin(app: &App, viewer: &Viewer, options: &Options) -> Result<Tx> {
    if options.invite {
        viewer.person()?;
        viewer.allowed(Action::InviteMembers)?;
    }
    app.begin(viewer, Action::ImportData).await
}

async fn repeat(mut tx: Tx, id: MemberImportId) -> Result<Outcome> {
    let import = store::get(&mut tx, id).await?;
    tx.settle().await?;
    Ok(outcome(import, Vec::new(), Vec::new()))
}

fn outcome(import: MemberImport, invitations: Vec<Sent>, strays: Vec<Remark>) -> Outcome {
    Outcome {
        import,
        invitations,
        strays,
    }
}

async fn end(mut tx: Tx, id: MemberImportId, import: &MemberImport) -> Result<()> {
    tx.emit(&Event::DataImported {
        source: "members".to_owned(),
    })?;
    let detail = json!({ "counts": import.counts, "failed": import.failed.len() });
    tx.commit(Audit::of(id).detail(detail)).await
}

/// Why a row is not used.
type Refused = Box<Remark>;

/// What an import knows while it runs.
struct Work<'a> {
    tx: &'a mut Tx,
    import: MemberImport,
    people: People,
    departments: Vec<Department>,
    /// The row each member was last named by.
    seen: HashMap<MemberId, u64>,
    sent: Vec<Sent>,
}

impl<'a> Work<'a> {
    async fn new(tx: &'a mut Tx, import: MemberImport) -> Result<Self> {
        let people = People::new(bulk::everybody_in(tx).await?);
        let departments = orgs::service::departments_in(tx).await?;
        Ok(Self {
            tx,
            import,
            people,
            departments,
            seen: HashMap::new(),
            sent: Vec::new(),
        })
    }

    async fn take(&mut self, rows: BTreeMap<u64, Vec<String>>) -> Result<()> {
        for (row, cells) in rows {
            let (draft, mut remarks) = Reader {
                options: &self.import.options,
                header: &self.import.header,
            }
            .read(row, &cells);
            let is_open = |remark: &Remark| remark.row == row && !remark.code.is_warning();
            if !remarks.iter().any(is_open) && !self.import.remarks.iter().any(is_open) {
                match self.keep(row, draft).await? {
                    Ok(more) => remarks.extend(more),
                    Err(refused) => remarks.push(*refused),
                }
            }
            self.import.remarks.extend(remarks);
            if self.import.remarks.iter().any(is_open) {
                self.import.failed.push(Failed { row, cells });
            }
        }
        self.import.failed.sort_by_key(|failed| failed.row);
        self.import.remarks.sort_by_key(|remark| remark.row);
        Ok(())
    }

    /// Keeps one row, or says why not; then nothing of it was written.
    async fn keep(&mut self, row: u64, draft: Draft) -> Result<Result<Vec<Remark>, Refused>> {
        let known = match self.whom(row, &draft) {
            Ok(known) => known,
            Err(refused) => return Ok(Err(refused)),
        };
        if self.import.options.invite && !can_be_invited(&draft, known.as_ref()) {
            let message = "to be invited, an e-mail address or a telephone number is needed";
            let missing = remark(row, None, RemarkCode::KeyMissing, message.to_owned());
            return Ok(Err(Box::new(missing)));
        }
        let role = draft.role.unwrap_or(self.import.options.role);
        let viewer = self.tx.viewer().role();
        if let Err(refusal) = crate::identity::model::may_touch_owner(viewer, &[role]) {
            return Ok(Err(self.refused(row, refusal.into())));
        }
        let department = match self.department(row, draft.department.as_deref()).await? {
            Ok(department) => department,
            Err(refused) => return Ok(Err(refused)),
        };
        let record = record(draft, department);
        let mut remarks = Vec::new();
        let member = match known {
            None => {
                self.import.counts.created += 1;
                bulk::record_in(self.tx, record, self.import.options.role).await?
            }
            Some(before) => match bulk::change_in(self.tx, &before, record).await {
                Ok(changed) => {
                    self.import.counts.updated += u64::from(changed.is_changed);
                    self.import.counts.unchanged += u64::from(!changed.is_changed);
                    remarks.extend(changed.kept.into_iter().map(|field| kept(row, field)));
                    changed.member
                }
                Err(error) if matches!(error.code, Code::LastOwner | Code::Forbidden) => {
                    return Ok(Err(self.refused(row, error)));
                }
                Err(error) => return Err(error),
            },
        };
        self.seen.insert(member.id, row);
        self.invite(row, &member).await?;
        self.people.put(member);
        Ok(Ok(remarks))
    }

    #[expect(
        clippy::unnecessary_box_returns,
        reason = "the error of a row's result, which is boxed because it is large"
    )]
    fn refused(&self, row: u64, error: Error) -> Refused {
        let column = self.import.options.mapping.role.clone();
        Box::new(remark(row, column, RemarkCode::NotAllowed, error.message))
    }

    /// The member a row means, if there is one.
    fn whom(&self, row: u64, draft: &Draft) -> Result<Option<Member>, Refused> {
        let refuse = |code, message: &str| Box::new(remark(row, None, code, message.to_owned()));
        let mut found = self.people.named(draft);
        let Some(first) = found.next() else {
            return Ok(None);
        };
        let other_ref = draft.external_ref.is_some()
            && first.external_ref.is_some()
            && draft.external_ref != first.external_ref;
        if other_ref || found.any(|other| other.id != first.id) {
            let message = "its reference, address and number belong to different members";
            return Err(refuse(RemarkCode::AmbiguousMember, message));
        }
        if let Some(before) = self.seen.get(&first.id) {
            let message = format!("row {before} is about the same person");
            return Err(refuse(RemarkCode::RepeatedRow, &message));
        }
        if !first.is_active() {
            let message = "this person has left: reactivate them first";
            return Err(refuse(RemarkCode::MemberLeft, message));
        }
        Ok(Some(first.clone()))
    }

    /// The department a row means: by its name if there is one of that name, or by its path from the top.
    async fn department(
        &mut self,
        row: u64,
        typed: Option<&str>,
    ) -> Result<Result<Option<DepartmentId>, Refused>> {
        let Some(typed) = typed else {
            return Ok(Ok(None));
        };
        let column = self.import.options.mapping.department.clone();
        let refuse =
            |code, message: String| Ok(Err(Box::new(remark(row, column.clone(), code, message))));
        let same = |department: &&Department, name: &str| {
            department.name.to_lowercase() == name.to_lowercase()
        };
        let by_name: Vec<&Department> = self
            .departments
            .iter()
            .filter(|department| same(department, typed))
            .collect();
        match by_name.as_slice() {
            [] => {}
            [one] => return Ok(Ok(Some(one.id))),
            several => {
                let message = format!("{} departments have this name: say its path", several.len());
                return refuse(RemarkCode::AmbiguousDepartment, message);
            }
        }
        let path: Vec<&str> = typed.split(['/', '>']).map(str::trim).collect();
        if let Some(name) = path
            .iter()
            .find(|name| name.is_empty() || name.chars().count() > 80)
        {
            let message = format!("`{name}` is no name of a department");
            return refuse(RemarkCode::InvalidValue, message);
        }
        let mut parent = None;
        for name in path {
            let child = self
                .departments
                .iter()
                .filter(|department| department.parent_id == parent)
                .find(|department| same(department, name));
            parent = Some(match child {
                Some(child) => child.id,
                None if self.import.options.create_departments => {
                    let made = orgs::service::create_department_in(self.tx, name, parent).await?;
                    self.departments.push(made.clone());
                    made.id
                }
                None => {
                    let message = format!("there is no department `{name}` there");
                    return refuse(RemarkCode::UnknownDepartment, message);
                }
            });
        }
        Ok(Ok(parent))
    }

    async fn invite(&mut self, row: u64, member: &Member) -> Result<()> {
        if !self.import.options.invite {
            return Ok(());
        }
        let invited = invitations::invite_recorded_in(self.tx, member).await?;
        if let Some((token, invitation)) = invited {
            self.import.counts.invited += 1;
            self.sent.push(Sent {
                row,
                token,
                invitation,
            });
        }
        Ok(())
    }
}

/// Whether there is something to sign in with: in the row, or known of the member it means.
fn can_be_invited(draft: &Draft, known: Option<&Member>) -> bool {
    let in_row = draft.email.is_some() || draft.phone.is_some();
    in_row || known.is_some_and(|member| member.email.is_some() || member.phone.is_some())
}

fn kept(row: u64, field: &str) -> Remark {
    let message = format!("they have an account and say their own {field}: it stays");
    remark(
        row,
        Some(field.to_owned()),
        RemarkCode::KeptByMember,
        message,
    )
}

fn record(draft: Draft, department: Option<DepartmentId>) -> Record {
    let Draft {
        name,
        email,
        phone,
        role,
        title,
        external_ref,
        tags,
        ..
    } = draft;
    Record {
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

/// Everybody, by what a row may call them.
#[derive(Default)]
#[expect(
    clippy::struct_field_names,
    reason = "each field is named after what it finds people by"
)]
struct People {
    by_id: HashMap<MemberId, Member>,
    by_ref: HashMap<String, MemberId>,
    by_email: HashMap<String, Vec<MemberId>>,
    by_phone: HashMap<String, Vec<MemberId>>,
}

impl People {
    fn new(members: Vec<Member>) -> Self {
        let mut people = Self::default();
        for member in members {
            people.put(member);
        }
        people
    }

    fn put(&mut self, member: Member) {
        let id = member.id;
        if let Some(known) = &member.external_ref {
            self.by_ref.insert(known.clone(), id);
        }
        let keys = [
            (&mut self.by_email, &member.email),
            (&mut self.by_phone, &member.phone),
        ];
        for (by, key) in keys {
            if let Some(key) = key {
                let ids = by.entry(key.clone()).or_default();
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
        self.by_id.insert(id, member);
    }

    /// Everybody a row may mean, by its reference first. Two who share a number are told apart by what else it says.
    fn named<'a>(&'a self, draft: &'a Draft) -> impl Iterator<Item = &'a Member> {
        let by_ref = draft
            .external_ref
            .as_ref()
            .and_then(|key| self.by_ref.get(key));
        let all = |by: &'a HashMap<String, Vec<MemberId>>, key: &Option<String>| {
            let ids = key.as_ref().and_then(|key| by.get(key));
            ids.map(Vec::as_slice).unwrap_or_default()
        };
        let by_email = all(&self.by_email, &draft.email);
        let by_phone = all(&self.by_phone, &draft.phone);
        by_ref
            .into_iter()
            .chain(by_email)
            .chain(by_phone)
            .filter_map(|id| self.by_id.get(id))
    }
}
