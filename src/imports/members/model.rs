//! Thinks: what a row says about a person, and what is wrong with it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::auth::policy::Role;
use crate::identity::model as people;
use crate::imports::table::{self, Sheet};
use crate::kernel::error::{Error, Result};
use crate::kernel::id::MemberImportId;
use crate::kernel::text;
use crate::kernel::time::Instant;

/// The column of a failed row that says which row it was.
pub const ROW: &str = "zamu_row";
/// The column of a failed row that says why it failed.
pub const ERROR: &str = "error";
/// The most rows of one table.
pub const MOST_ROWS: usize = 2_000;

/// Which column says what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub role: Option<String>,
    pub department: Option<String>,
    pub title: Option<String>,
    pub external_ref: Option<String>,
    pub tags: Option<String>,
}

impl Mapping {
    fn columns(&self) -> [(&'static str, Option<&str>); 8] {
        [
            ("name", Some(self.name.as_str())),
            ("email", self.email.as_deref()),
            ("phone", self.phone.as_deref()),
            ("role", self.role.as_deref()),
            ("department", self.department.as_deref()),
            ("title", self.title.as_deref()),
            ("externalRef", self.external_ref.as_deref()),
            ("tags", self.tags.as_deref()),
        ]
    }

    /// Every column named must be in the table.
    pub fn check(&self, header: &[String]) -> Result<()> {
        for (field, name) in self.columns() {
            if let Some(name) = name.filter(|name| table::column(header, name).is_none()) {
                let message = format!("the table has no column `{name}`");
                return Err(Error::invalid(field, message).within("mapping"));
            }
        }
        Ok(())
    }
}

/// How a table is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    pub mapping: Mapping,
    /// For rows that name none.
    pub role: Role,
    pub create_departments: bool,
    pub invite: bool,
    pub separator: char,
}

/// What is said about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RemarkCode {
    MalformedRow,
    KeyMissing,
    InvalidValue,
    UnknownRole,
    NotAllowed,
    UnknownDepartment,
    AmbiguousDepartment,
    RepeatedRow,
    AmbiguousMember,
    MemberLeft,
    NotFailed,
    PhoneRewritten,
    KeptByMember,
}

impl RemarkCode {
    /// Whether the row is used all the same.
    pub const fn is_warning(self) -> bool {
        matches!(self, Self::PhoneRewritten | Self::KeptByMember)
    }
}

/// What is wrong, or worth a look, in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    pub row: u64,
    /// As the table calls it.
    pub column: Option<String>,
    pub code: RemarkCode,
    pub message: String,
}

/// A row that was not used, with its cells as they stood there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    pub row: u64,
    pub cells: Vec<String>,
}

/// What became of the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All below the header.
    pub rows: u64,
    pub blank: u64,
    /// Not among the rows that were wanted.
    pub skipped: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    /// Of those created or there before.
    pub invited: u64,
    /// Failed, and no longer kept.
    #[serde(default)]
    pub forgotten: u64,
}

/// A table and what became of it, until now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberImport {
    /// None for one that was only tried.
    pub id: Option<MemberImportId>,
    pub made_at: Instant,
    pub resumed_at: Option<Instant>,
    pub options: Options,
    pub header: Vec<String>,
    pub counts: Counts,
    pub failed: Vec<Failed>,
    pub remarks: Vec<Remark>,
}

impl MemberImport {
    /// Those that were not used, whether they are still kept or not.
    pub fn failures(&self) -> u64 {
        self.counts.forgotten + self.failed.len() as u64
    }

    /// When it was last worked on.
    pub fn touched_at(&self) -> Instant {
        self.resumed_at.unwrap_or(self.made_at)
    }

    /// Lets go of the failed rows and of what was said about their cells: names, numbers and addresses of people. How many
    /// there were stays.
    pub fn forget(&mut self) {
        self.counts.forgotten = self.failures();
        self.failed.clear();
        self.remarks.clear();
    }

    /// The failed rows as a table to correct, each with its number and why it failed.
    pub fn failed_csv(&self) -> Option<String> {
        if self.failed.is_empty() {
            return None;
        }
        let separator = self.options.separator;
        let header = self.header.iter().map(String::as_str).chain([ROW, ERROR]);
        let mut text = table::line(header, separator);
        for failed in &self.failed {
            let (row, errors) = (failed.row.to_string(), self.errors(failed.row));
            let cells = failed.cells.iter().map(String::as_str);
            // As wide as the header: a malformed row may be shorter or longer.
            let cells = cells
                .chain(std::iter::repeat(""))
                .take(self.header.len())
                .chain([row.as_str(), errors.as_str()]);
            text.push_str(&table::line(cells, separator));
        }
        Some(text)
    }

    fn errors(&self, row: u64) -> String {
        let errors = self
            .remarks
            .iter()
            .filter(|remark| remark.row == row && !remark.code.is_warning());
        let errors = errors.map(|remark| match &remark.column {
            Some(column) => format!("{column}: {}", remark.message),
            None => remark.message.clone(),
        });
        errors.collect::<Vec<_>>().join("; ")
    }
}

/// What a row says. An empty cell says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub role: Option<Role>,
    pub department: Option<String>,
    pub title: Option<String>,
    pub external_ref: Option<String>,
    pub tags: Option<Vec<String>>,
}

/// Reads the cells of one row, and everything that is wrong with them.
pub struct Reader<'a> {
    pub options: &'a Options,
    pub header: &'a [String],
}

impl Reader<'_> {
    pub fn read(&self, row: u64, cells: &[String]) -> (Draft, Vec<Remark>) {
        let mut remarks = Vec::new();
        if cells.len() != self.header.len() {
            let message = format!(
                "it has {} cells where the header has {}",
                cells.len(),
                self.header.len()
            );
            remarks.push(remark(row, None, RemarkCode::MalformedRow, message));
            return (Draft::default(), remarks);
        }
        let cell = |name: Option<&str>| -> Option<&str> {
            let at = table::column(self.header, name?)?;
            Some(table::meant(cells.get(at)?)).filter(|text| !text.is_empty())
        };
        let mapping = &self.options.mapping;
        let mut refuse = |column: Option<&str>, error: &Error| {
            let (code, message) = (RemarkCode::InvalidValue, error.message.clone());
            remarks.push(remark(row, column.map(str::to_owned), code, message));
        };
        let mut checked = |column: Option<&str>, check: &dyn Fn(&str) -> Result<String>| {
            cell(column).and_then(|text| check(text).map_err(|error| refuse(column, &error)).ok())
        };
        let email = checked(mapping.email.as_deref(), &|text| text::email("email", text));
        let phone = checked(mapping.phone.as_deref(), &|text| {
            people::phone("phone", text)
        });
        let title = checked(mapping.title.as_deref(), &|text| {
            text::required("title", text, 80)
        });
        let external_ref = checked(mapping.external_ref.as_deref(), &|text| {
            text::required("externalRef", text, 120)
        });
        // A name over two lines of its cell is one name.
        let name = cell(Some(&mapping.name)).unwrap_or_default();
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let name = text::required("name", &name, 120)
            .map_err(|error| refuse(Some(&mapping.name), &error))
            .unwrap_or_default();
        let tags = cell(mapping.tags.as_deref()).map(tag_list);
        let tags = tags.and_then(|tags| {
            let column = mapping.tags.as_deref();
            people::tags(&tags)
                .map_err(|error| refuse(column, &error))
                .ok()
        });
        let role = cell(mapping.role.as_deref()).and_then(|text| {
            let known = Role::parse(&text.to_uppercase()).filter(|role| role.is_personal());
            if known.is_none() {
                let message = format!("`{text}` is none of {}", personal_roles());
                let column = mapping.role.clone();
                remarks.push(remark(row, column, RemarkCode::UnknownRole, message));
            }
            known
        });
        if let (Some(phone), Some(typed)) = (&phone, cell(mapping.phone.as_deref()))
            && phone != typed
        {
            let message = format!("`{typed}` is kept as {phone}");
            let column = mapping.phone.clone();
            remarks.push(remark(row, column, RemarkCode::PhoneRewritten, message));
        }
        let draft = Draft {
            name,
            email,
            phone,
            role,
            department: cell(mapping.department.as_deref()).map(str::to_owned),
            title,
            external_ref,
            tags,
        };
        Self::check_key(row, &draft, &mut remarks);
        (draft, remarks)
    }

    /// Without anything to recognize a person by, the same table would make them again.
    fn check_key(row: u64, draft: &Draft, remarks: &mut Vec<Remark>) {
        let has_key =
            draft.external_ref.is_some() || draft.email.is_some() || draft.phone.is_some();
        let has_errors = remarks.iter().any(|remark| !remark.code.is_warning());
        if !has_key && !has_errors {
            let message = "a reference, an e-mail address or a telephone number is needed";
            let code = RemarkCode::KeyMissing;
            remarks.push(remark(row, None, code, message.to_owned()));
        }
    }
}

pub fn remark(row: u64, column: Option<String>, code: RemarkCode, message: String) -> Remark {
    Remark {
        row,
        column,
        code,
        message,
    }
}

fn personal_roles() -> String {
    let names = Role::ALL.iter().filter(|role| role.is_personal());
    names.map(|role| role.name()).collect::<Vec<_>>().join(", ")
}

fn tag_list(text: &str) -> Vec<String> {
    text.split([',', ';', '|'])
        .map(|tag| tag.trim().to_owned())
        .filter(|tag| !tag.is_empty())
        .collect()
}

/// Corrected rows by the number of the row each was, and what is to be said about the rest.
pub type Corrected = (BTreeMap<u64, Vec<String>>, Vec<Remark>);

/// The rows of a corrected table, in the columns of the first one: which row each was, and its cells. What names no
/// failed row is said.
pub fn corrected(sheet: &Sheet, import: &MemberImport) -> Result<Corrected> {
    let at = sheet.column(ROW).ok_or_else(|| {
        let message = format!("the column `{ROW}` of failedCsv says which row is corrected");
        Error::invalid("csv", message)
    })?;
    let places: Vec<Option<usize>> = import
        .header
        .iter()
        .map(|name| sheet.column(name))
        .collect();
    let mut rows = BTreeMap::new();
    let mut remarks = Vec::new();
    for row in &sheet.rows {
        let named = row.cells.get(at).map_or("", |cell| table::meant(cell));
        let number = named.parse().ok().filter(|number| {
            let failed = import.failed.iter().any(|failed| failed.row == *number);
            failed && !rows.contains_key(number)
        });
        let Some(number) = number else {
            let message = format!("`{named}` is not a failed row, or stands here twice");
            let column = Some(ROW.to_owned());
            remarks.push(remark(row.number, column, RemarkCode::NotFailed, message));
            continue;
        };
        let cells = places.iter().map(|place| {
            let cell = place.and_then(|place| row.cells.get(place));
            cell.cloned().unwrap_or_default()
        });
        rows.insert(number, cells.collect());
    }
    Ok((rows, remarks))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        let column = |name: &str| Some(name.to_owned());
        Options {
            mapping: Mapping {
                name: "Name".to_owned(),
                email: column("Mail"),
                phone: column("Phone"),
                role: column("Role"),
                tags: column("Tags"),
                ..Mapping::default()
            },
            role: Role::Worker,
            create_departments: false,
            invite: false,
            separator: ',',
        }
    }

    fn read(cells: &[&str]) -> (Draft, Vec<(RemarkCode, Option<String>)>) {
        let header: Vec<String> = ["Name", "Mail", "Phone", "Role", "Tags"]
            .map(str::to_owned)
            .to_vec();
        let cells: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
        let options = options();
        let reader = Reader {
            options: &options,
            header: &header,
        };
        let (draft, remarks) = reader.read(7, &cells);
        let shown = remarks.into_iter().map(|one| (one.code, one.column));
        (draft, shown.collect())
    }

    #[test]
    fn a_row_says_everything_that_is_wrong_with_it() {
        let (_, remarks) = read(&["", "ada", "12", "CHIEF", ""]);
        let column = |name: &str| Some(name.to_owned());
        let expected = [
            (RemarkCode::InvalidValue, column("Mail")),
            (RemarkCode::InvalidValue, column("Phone")),
            (RemarkCode::InvalidValue, column("Name")),
            (RemarkCode::UnknownRole, column("Role")),
        ];
        assert_eq!(remarks, expected);
        assert_eq!(
            read(&["Ada", "", "", "", ""]).1,
            [(RemarkCode::KeyMissing, None)]
        );
        assert_eq!(read(&["Ada"]).1, [(RemarkCode::MalformedRow, None)]);
    }

    #[test]
    fn a_number_is_kept_in_one_form_and_says_so() {
        let (draft, remarks) = read(&["Ada", "", "0712 345 678", "worker", "night, icu"]);
        assert_eq!(draft.phone.as_deref(), Some("+254712345678"));
        assert_eq!(draft.role, Some(Role::Worker));
        assert_eq!(draft.tags.unwrap(), ["night", "icu"]);
        assert_eq!(
            remarks,
            [(RemarkCode::PhoneRewritten, Some("Phone".to_owned()))]
        );
        assert!(read(&["Ada", "", "'+254712345678", "", ""]).1.is_empty());
    }
}
