//! Who must say yes before a release may hold. Pure.

use serde::{Deserialize, Serialize};

use super::model::Class;
use crate::auth::policy::Role;
use crate::kernel::id::MemberId;
use crate::kernel::time::Instant;

/// What a member may approve beside what their role lets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Duty {
    /// Changes to pay and money.
    Finance,
    /// Changes to clinical and safety rules.
    ClinicalLead,
}

/// What a reviewer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    Approve,
    Reject,
}

/// One review of a release.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    pub member: MemberId,
    pub verdict: Verdict,
    pub note: Option<String>,
    /// Digest of the content that was reviewed.
    pub digest: String,
    pub at: Instant,
}

/// An active member who may have a say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub member: MemberId,
    pub role: Role,
    pub duties: Vec<Duty>,
}

impl Person {
    fn leads(&self) -> bool {
        matches!(self.role, Role::Owner | Role::Admin)
    }
}

/// What stands between a release and its activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Somebody of these must approve: `who`, in words.
    Approval { who: &'static str },
    /// Nobody but the author could ever approve: the author may take it upon themselves.
    Alone,
    /// Nobody but the author could ever approve, and this is too serious for one.
    NobodyElse { who: &'static str },
}

/// Who may approve a change of this class, while these people are there.
pub fn may_approve(class: Class, person: &Person, people: &[Person]) -> bool {
    match duty_for(class) {
        Some(duty) if anybody_has(duty, people) => person.duties.contains(&duty),
        _ => person.leads(),
    }
}

fn duty_for(class: Class) -> Option<Duty> {
    match class {
        Class::A | Class::B => None,
        Class::C => Some(Duty::Finance),
        Class::D => Some(Duty::ClinicalLead),
    }
}

/// What is still missing; nothing when the release may be activated. `approvers` approved exactly this content.
pub fn missing(
    class: Class,
    author: MemberId,
    approvers: &[MemberId],
    people: &[Person],
) -> Option<Missing> {
    if class == Class::A {
        return None;
    }
    let others = || people.iter().filter(|person| person.member != author);
    let able = || others().filter(|person| may_approve(class, person, people));
    let approved: Vec<&Person> = able()
        .filter(|person| approvers.contains(&person.member))
        .collect();
    let who = who(class, people);
    if able().next().is_none() {
        let alone = class == Class::B;
        return Some(if alone {
            Missing::Alone
        } else {
            Missing::NobodyElse { who }
        });
    }
    let is_owner = |id: MemberId| {
        let mut owners = people.iter().filter(|person| person.role == Role::Owner);
        owners.any(|person| person.member == id)
    };
    // Without a clinical lead two leaders answer for a clinical rule, and one of them owns the organization.
    let needs_owner = class == Class::D && !anybody_has(Duty::ClinicalLead, people);
    let owner = || is_owner(author) || approved.iter().any(|person| is_owner(person.member));
    let enough = !approved.is_empty() && (!needs_owner || owner());
    (!enough).then_some(Missing::Approval { who })
}

fn anybody_has(duty: Duty, people: &[Person]) -> bool {
    people.iter().any(|person| person.duties.contains(&duty))
}

fn who(class: Class, people: &[Person]) -> &'static str {
    match class {
        Class::C if anybody_has(Duty::Finance, people) => "a second person with the duty FINANCE",
        Class::D if anybody_has(Duty::ClinicalLead, people) => {
            "a second person with the duty CLINICAL_LEAD"
        }
        Class::D => "a second admin, an owner being one of the two",
        Class::A | Class::B | Class::C => "a second owner or admin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id(number: u128) -> MemberId {
        MemberId::from_uuid(Uuid::from_u128(number))
    }

    fn person(number: u128, role: Role, duties: &[Duty]) -> Person {
        Person {
            member: id(number),
            role,
            duties: duties.to_vec(),
        }
    }

    fn asks(class: Class, approvers: &[u128], people: &[Person]) -> Option<Missing> {
        let approvers: Vec<MemberId> = approvers.iter().copied().map(id).collect();
        missing(class, id(1), &approvers, people)
    }

    #[test]
    fn a_needs_nobody_and_b_a_second_leader() {
        let people = [
            person(1, Role::Admin, &[]),
            person(2, Role::Owner, &[]),
            person(3, Role::Supervisor, &[]),
        ];
        assert_eq!(asks(Class::A, &[], &people), None);
        let missing = Some(Missing::Approval {
            who: "a second owner or admin",
        });
        assert_eq!(asks(Class::B, &[], &people), missing);
        assert_eq!(
            asks(Class::B, &[1], &people),
            missing,
            "the author does not count"
        );
        assert_eq!(
            asks(Class::B, &[3], &people),
            missing,
            "a supervisor does not count"
        );
        assert_eq!(
            asks(Class::B, &[9], &people),
            missing,
            "who left does not count"
        );
        assert_eq!(asks(Class::B, &[2], &people), None);
    }

    #[test]
    fn pay_is_for_finance_once_somebody_has_the_duty() {
        let mut people = vec![person(1, Role::Admin, &[]), person(2, Role::Owner, &[])];
        assert_eq!(asks(Class::C, &[2], &people), None);
        people.push(person(3, Role::Supervisor, &[Duty::Finance]));
        assert!(asks(Class::C, &[2], &people).is_some());
        assert_eq!(asks(Class::C, &[3], &people), None);
        // The duty of the author themselves lets nobody else in.
        let only = [
            person(1, Role::Admin, &[Duty::Finance]),
            person(2, Role::Owner, &[]),
        ];
        let who = "a second person with the duty FINANCE";
        assert_eq!(
            asks(Class::C, &[2], &only),
            Some(Missing::NobodyElse { who })
        );
    }

    #[test]
    fn a_clinical_rule_needs_its_lead_or_an_owner_and_an_admin() {
        let admins = [person(1, Role::Admin, &[]), person(2, Role::Admin, &[])];
        assert!(
            asks(Class::D, &[2], &admins).is_some(),
            "no owner among them"
        );
        let with_owner = [
            person(1, Role::Admin, &[]),
            person(2, Role::Admin, &[]),
            person(3, Role::Owner, &[]),
        ];
        assert!(asks(Class::D, &[2], &with_owner).is_some());
        assert_eq!(asks(Class::D, &[3], &with_owner), None);
        let owner_writes = [person(1, Role::Owner, &[]), person(2, Role::Admin, &[])];
        assert_eq!(asks(Class::D, &[2], &owner_writes), None);
        let lead = [
            person(1, Role::Owner, &[]),
            person(2, Role::Admin, &[]),
            person(3, Role::Supervisor, &[Duty::ClinicalLead]),
        ];
        assert!(asks(Class::D, &[2], &lead).is_some());
        assert_eq!(asks(Class::D, &[3], &lead), None);
    }

    #[test]
    fn one_person_alone_answers_for_attendance_but_not_for_pay() {
        let alone = [person(1, Role::Owner, &[])];
        assert_eq!(asks(Class::B, &[], &alone), Some(Missing::Alone));
        for class in [Class::C, Class::D] {
            let missing = asks(class, &[], &alone);
            assert!(
                matches!(missing, Some(Missing::NobodyElse { .. })),
                "{class:?}"
            );
        }
    }
}
