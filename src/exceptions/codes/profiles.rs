//! The lists of codes that ship, as data, in our own words. What comes from outside says from where.

use super::model::{CodeKind, ReasonCode};
use crate::exceptions::kind::Kind;

/// A list of codes, and the numbers a payer's aggregator knows exceptions by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Profile {
    /// What every organization has without adopting anything.
    Zamu,
    /// Ohio's Department of Medicaid: the alternate data collection interface, version 4.3.
    Ohio,
    /// Connecticut's vendor specification, version 1.x.
    Connecticut,
    /// Numbers in the style of `HHAeXchange`.
    Hha,
}

impl Profile {
    pub const ALL: [Self; 4] = [Self::Zamu, Self::Ohio, Self::Connecticut, Self::Hha];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Zamu => "ZAMU",
            Self::Ohio => "OHIO",
            Self::Connecticut => "CONNECTICUT",
            Self::Hha => "HHA",
        }
    }

    /// What its aggregator numbers exceptions by, with our kind where there is one.
    pub const fn outside_ids(self) -> &'static [OutsideId] {
        match self {
            Self::Zamu | Self::Hha => &[],
            Self::Ohio => OHIO_IDS,
            Self::Connecticut => CONNECTICUT_IDS,
        }
    }

    /// The number its aggregator knows a kind by.
    pub fn outside_id(self, kind: Kind) -> Option<&'static str> {
        let mut ids = self.outside_ids().iter();
        ids.find(|outside| outside.kind == Some(kind))
            .map(|outside| outside.id)
    }
}

/// How an aggregator numbers an exception.
#[derive(Debug, Clone, Copy)]
pub struct OutsideId {
    pub id: &'static str,
    /// Nothing where zamu cannot find it yet.
    pub kind: Option<Kind>,
    pub label: &'static str,
}

const fn id(id: &'static str, kind: Option<Kind>, label: &'static str) -> OutsideId {
    OutsideId { id, kind, label }
}

const OHIO_IDS: &[OutsideId] = &[
    id("0", Some(Kind::UnknownClient), "The client is not known"),
    id("1", Some(Kind::UnknownWorker), "The worker is not known"),
    id("3", Some(Kind::MissingIn), "No call at the start"),
    id("4", Some(Kind::MissingOut), "No call at the end"),
    id("23", Some(Kind::MissingService), "No service"),
    id(
        "34",
        Some(Kind::UnauthorizedService),
        "The client may not have this service",
    ),
    id("45", None, "The client has no Medicaid number"),
];

const CONNECTICUT_IDS: &[OutsideId] = &[
    id("0", Some(Kind::UnknownClient), "The client is not known"),
    id("1", Some(Kind::UnknownWorker), "The worker is not known"),
    id("3", Some(Kind::MissingIn), "No call at the start"),
    id("4", Some(Kind::MissingOut), "No call at the end"),
    id(
        "15",
        None,
        "The call came from a telephone that is not the client's",
    ),
    id("23", Some(Kind::MissingService), "No service"),
];

/// Code, label, whether it needs a memo.
type Line = (&'static str, &'static str, bool);

const ZAMU_REASONS: &[Line] = &[
    ("FORGOT_TO_CLOCK_IN", "Forgot to clock in", false),
    ("FORGOT_TO_CLOCK_OUT", "Forgot to clock out", false),
    (
        "DEVICE_PROBLEM",
        "The device was broken, lost or not charged",
        false,
    ),
    (
        "NO_SIGNAL",
        "No signal, or the system could not be reached",
        false,
    ),
    ("WRONG_POSITION", "The device gave a wrong position", false),
    ("WORKED_ELSEWHERE", "The work was somewhere else", false),
    (
        "WRONG_CHOICE",
        "A wrong client, place or service was chosen",
        false,
    ),
    ("PLAN_CHANGED", "The plan had changed", false),
    ("CLIENT_ASKED", "The client asked for another time", false),
    ("TRANSPORT", "Weather or transport", false),
    ("EMERGENCY", "An emergency", false),
    ("ENTRY_MISTAKE", "A mistake when it was entered", false),
    ("OTHER", "Something else", true),
];

const ZAMU_RESOLUTIONS: &[Line] = &[
    ("CONFIRMED", "Checked, and right as it is", false),
    ("CORRECTED", "Corrected", false),
    ("DOCUMENTED", "Documentation is on file", false),
    ("DISCUSSED", "Talked about with the worker", false),
    (
        "PLAN_UPDATED",
        "The plan was changed to what was worked",
        false,
    ),
    ("NOTHING_TO_DO", "Nothing to do", false),
    ("OTHER", "Something else", true),
];

/// Ohio takes one reason only.
const OHIO_REASONS: &[Line] = &[("99", "Documentation is on file", false)];

/// Of 01–30 and 71, those whose meaning we know.
const CONNECTICUT_REASONS: &[Line] = &[
    ("01", "The client asked for another time", false),
    ("03", "No calls", false),
    ("04", "No call at the end", false),
    ("05", "A mistake in the schedule", false),
    ("06", "No call at the start", false),
    ("08", "The client asked for another worker", false),
    ("09", "The telephone was in use", false),
    ("11", "The client had an emergency", false),
    ("12", "The worker was late", false),
    ("15", "Another worker came", false),
    ("16", "A problem with transport", false),
    ("19", "The worker was early", false),
    ("20", "Weather", false),
    ("22", "Something else", true),
    ("24", "Checking in did not work", false),
    ("25", "Checking out did not work", false),
    ("26", "Tasks were updated", false),
    ("28", "The schedule changed", false),
    ("29", "The shift was extended", false),
    ("71", "The visit was virtual", false),
];

/// Of 200–222, those whose meaning we know.
const HHA_REASONS: &[Line] = &[
    ("204", "The service was given outside the home", false),
    ("207", "The position did not match the address", false),
    ("208", "Did not call at the start", false),
    ("209", "Did not call at the end", false),
    ("210", "Did not call at either end", false),
    ("211", "Called early or late", false),
    ("217", "Cannot use the mobile device", false),
    ("218", "No internet, or the system was down", false),
    ("219", "A mistake when it was entered", false),
    ("221", "A timesheet was received", false),
    ("222", "Something else", true),
];

/// Of the actions taken 11–20, those whose meaning we know.
const HHA_RESOLUTIONS: &[Line] = &[
    ("13", "Another worker was sent", false),
    ("14", "Another time was agreed", false),
    ("16", "The address was updated", false),
    ("19", "There is a signed timesheet", false),
];

/// The codes of a profile, in order.
pub fn codes(profile: Profile) -> Vec<ReasonCode> {
    let (reasons, resolutions): (&[Line], &[Line]) = match profile {
        Profile::Zamu => (ZAMU_REASONS, ZAMU_RESOLUTIONS),
        Profile::Ohio => (OHIO_REASONS, &[]),
        Profile::Connecticut => (CONNECTICUT_REASONS, &[]),
        Profile::Hha => (HHA_REASONS, HHA_RESOLUTIONS),
    };
    let of = |kind, lines: &[Line]| -> Vec<ReasonCode> {
        let places = (10..).step_by(10);
        let all = lines.iter().zip(places);
        all.map(|((code, label, memo_required), position)| ReasonCode {
            kind,
            code: (*code).to_owned(),
            label: (*label).to_owned(),
            memo_required: *memo_required,
            is_active: true,
            position,
            profile: profile.name().to_owned(),
        })
        .collect()
    };
    let mut all = of(CodeKind::Reason, reasons);
    all.extend(of(CodeKind::Resolution, resolutions));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_profile_names_a_code_twice() {
        for profile in Profile::ALL {
            let all = codes(profile);
            let keys: BTreeSet<_> = all.iter().map(|one| (one.kind, &one.code)).collect();
            assert_eq!(keys.len(), all.len(), "{}", profile.name());
            assert!(!all.is_empty());
        }
    }

    #[test]
    fn the_numbers_of_the_payers() {
        assert_eq!(
            Profile::Ohio.outside_id(Kind::UnauthorizedService),
            Some("34")
        );
        assert_eq!(
            Profile::Connecticut.outside_id(Kind::UnauthorizedService),
            None
        );
        assert_eq!(Profile::Connecticut.outside_id(Kind::MissingOut), Some("4"));
        assert_eq!(Profile::Zamu.outside_id(Kind::MissingOut), None);
    }
}
