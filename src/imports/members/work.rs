//! Decides: what becomes of each row, in the transaction of the whole table.

use std::collections::{BTreeMap, HashMap};

use super::model::{Draft, Failed, MemberImport, Reader, Remark, RemarkCode, remark};
use super::people::People;
use super::service::Sent;
use crate::db::tx::Tx;
use crate::identity::bulk::{self, Record};
use crate::identity::invitations;
use crate::identity::model::Member;
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{DepartmentId, MemberId};
use crate::orgs;
use crate::orgs::model::Department;

/// Why a row is not used.
type Refused = Box<Remark>;

/// What an import knows while it runs.
pub(super) struct Work<'a> {
    tx: &'a mut Tx,
    pub(super) import: MemberImport,
    people: People,
    departments: Vec<Department>,
    /// The row each member was last named by.
    seen: HashMap<MemberId, u64>,
    pub(super) sent: Vec<Sent>,
}

impl<'a> Work<'a> {
    pub(super) async fn new(tx: &'a mut Tx, import: MemberImport) -> Result<Self> {
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

    pub(super) async fn take(&mut self, rows: BTreeMap<u64, Vec<String>>) -> Result<()> {
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
