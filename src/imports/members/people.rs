//! Finds whom a row means.

use std::collections::HashMap;

use super::model::Draft;
use crate::identity::model::Member;
use crate::kernel::id::MemberId;

/// Everybody, by what a row may call them.
#[derive(Default)]
#[expect(
    clippy::struct_field_names,
    reason = "each field is named after what it finds people by"
)]
pub(super) struct People {
    by_id: HashMap<MemberId, Member>,
    by_ref: HashMap<String, MemberId>,
    by_email: HashMap<String, Vec<MemberId>>,
    by_phone: HashMap<String, Vec<MemberId>>,
}

impl People {
    pub(super) fn new(members: Vec<Member>) -> Self {
        let mut people = Self::default();
        for member in members {
            people.put(member);
        }
        people
    }

    pub(super) fn put(&mut self, member: Member) {
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
    pub(super) fn named<'a>(&'a self, draft: &'a Draft) -> impl Iterator<Item = &'a Member> {
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
