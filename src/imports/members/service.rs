//! Decides: one table of people is one change, so a try-out is the same change without its end.

use std::collections::{BTreeMap, HashSet};

use serde_json::json;

use super::model::{self, Counts, MemberImport, Options, Remark, RemarkCode, remark};
use super::store;
use super::work::Work;
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::viewer::Viewer;
use crate::db::idempotency::{self, Key};
use crate::db::tx::{Audit, Tx};
use crate::events::event::Event;
use crate::identity::model::Invitation;
use crate::imports::table::Sheet;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::MemberImportId;

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
    if import.counts.forgotten > 0 {
        let message = "its failed rows were removed after 30 days: import them as a new table";
        return Err(Error::invalid("import", message));
    }
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
