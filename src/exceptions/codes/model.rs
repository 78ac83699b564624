//! Thinks: codes, and which of them an organization has.

use std::collections::BTreeMap;

use super::profiles::{self, Profile};
use crate::kernel::error::{Code as Refused, Error, Result};
use crate::kernel::text;

/// What a code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CodeKind {
    /// Why it was so.
    Reason,
    /// What was done about it.
    Resolution,
}

impl CodeKind {
    pub const ALL: [Self; 2] = [Self::Reason, Self::Resolution];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Reason => "REASON",
            Self::Resolution => "RESOLUTION",
        }
    }

    /// The input field such a code comes in.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Reason => "reasonCode",
            Self::Resolution => "resolutionCode",
        }
    }
}

/// A code as an organization has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasonCode {
    pub kind: CodeKind,
    /// `22`, `OTHER`: unique within its kind.
    pub code: String,
    pub label: String,
    pub memo_required: bool,
    /// Retired ones still explain what they explained, and are not given any more.
    pub is_active: bool,
    /// Lists are in this order, then by code.
    pub position: i32,
    /// Where it came from; empty for one of the organization's own.
    pub profile: String,
}

/// What somebody wants a code to be.
#[derive(Debug, Clone)]
pub struct Draft {
    pub kind: CodeKind,
    pub code: String,
    pub label: String,
    pub memo_required: bool,
    pub position: i32,
}

impl Draft {
    /// An active code of the organization's own.
    pub fn read(self) -> Result<ReasonCode> {
        if !(0..=100_000).contains(&self.position) {
            let message = "a position is between 0 and 100000";
            return Err(Error::invalid("position", message));
        }
        Ok(ReasonCode {
            kind: self.kind,
            code: text::required("code", &self.code, 32)?,
            label: text::required("label", &self.label, 200)?,
            memo_required: self.memo_required,
            is_active: true,
            position: self.position,
            profile: String::new(),
        })
    }
}

/// What an organization has: what ships with zamu, with what it saved itself on top.
pub fn in_use(stored: Vec<ReasonCode>) -> Vec<ReasonCode> {
    let built_in = profiles::codes(Profile::Zamu);
    let all: BTreeMap<_, _> = built_in
        .into_iter()
        .chain(stored)
        .map(|code| ((code.kind, code.code.clone()), code))
        .collect();
    let mut all: Vec<_> = all.into_values().collect();
    all.sort_by(|a, b| (a.kind, a.position, &a.code).cmp(&(b.kind, b.position, &b.code)));
    all
}

/// Whether a code may be given with this memo: known, not retired, and explained where it says nothing by itself.
pub fn check(kind: CodeKind, found: Option<&ReasonCode>, memo: Option<&str>) -> Result<()> {
    let Some(code) = found.filter(|code| code.is_active) else {
        let message = "this code is not one of the organization's, or is retired";
        return Err(Error::refused(Refused::ReasonUnknown, message).at(kind.field()));
    };
    let says_something = memo.is_some_and(|memo| !memo.trim().is_empty());
    if code.memo_required && !says_something {
        let message = format!("the code {} needs a memo", code.code);
        return Err(Error::refused(Refused::MemoRequired, message).at("memo"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(code: &str, is_active: bool) -> ReasonCode {
        ReasonCode {
            kind: CodeKind::Reason,
            code: code.to_owned(),
            label: "Own".to_owned(),
            memo_required: false,
            is_active,
            position: 1,
            profile: String::new(),
        }
    }

    #[test]
    fn what_an_organization_saved_hides_what_ships() {
        let all = in_use(vec![own("OTHER", false), own("A1", true)]);
        let other: Vec<_> = all.iter().filter(|one| one.code == "OTHER").collect();
        assert_eq!(other.len(), 2, "one reason, one resolution");
        assert!(!other[0].is_active && other[1].is_active);
        assert!(all.iter().any(|one| one.code == "A1"));
    }

    #[test]
    fn a_code_that_says_nothing_by_itself_needs_a_memo() {
        let other = profiles::codes(Profile::Zamu)
            .into_iter()
            .find(|one| one.code == "OTHER");
        let refused =
            |memo| check(CodeKind::Reason, other.as_ref(), memo).map_err(|e| e.code.name());
        assert_eq!(refused(Some("  ")), Err("MEMO_REQUIRED".to_owned()));
        assert_eq!(refused(None), Err("MEMO_REQUIRED".to_owned()));
        assert_eq!(refused(Some("the bus burnt down")), Ok(()));
    }

    #[test]
    fn a_retired_code_is_unknown() {
        for found in [None, Some(own("A1", false))] {
            let error = check(CodeKind::Resolution, found.as_ref(), None).unwrap_err();
            assert_eq!(error.code, Refused::ReasonUnknown);
            assert_eq!(error.field.as_deref(), Some("resolutionCode"));
        }
    }
}
