//! Thinks: what a phone may hold, and the difference to what it holds.
//!
//! The cursor lists what the phone was given: for each thing its id and a digest of its content, 25 bytes. So the
//! difference is exact whatever happened in between: however long ago that was, and also where a thing comes or goes
//! because the days around now moved on, which is no event.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::NaiveDate;
use chrono_tz::Tz;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::{ClientId, MemberId, PlaceId, ShiftId};
use crate::places::model::{Client, Place};
use crate::schedules::model::Shift;

/// The form of cursors; raised when what they list, or how a digest is made, means something else.
const FORM: u8 = 1;
const MARK_BYTES: usize = 25;

/// Kinds of things, as cursors name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Organization = 1,
    Settings = 2,
    Place = 3,
    Client = 4,
    Shift = 5,
    Holidays = 6,
}

impl Kind {
    const ALL: [Self; 6] = [
        Self::Organization,
        Self::Settings,
        Self::Place,
        Self::Client,
        Self::Shift,
        Self::Holidays,
    ];

    fn of(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// A thing a phone holds; the organization, the settings and the holidays are one each, under
/// the nil id.
pub type Key = (Kind, Uuid);

/// A value of a rule that people may know: a grace in minutes, a radius in metres, whether something is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    pub hook: &'static str,
    pub name: String,
    pub value: zamu_rules::Value,
}

/// The zone of the organization's days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    pub name: String,
    pub time_zone: Tz,
}

/// A client whom a planned visit may be to, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visited {
    pub client: Client,
    pub places: Vec<PlaceId>,
}

/// Everything a phone may hold for the days around now.
#[derive(Debug, Clone)]
pub struct State {
    pub days: (NaiveDate, NaiveDate),
    pub home: Home,
    pub settings: Vec<Setting>,
    pub places: Vec<Place>,
    pub clients: Vec<Visited>,
    pub shifts: Vec<Shift>,
    /// By day, for everybody.
    pub holidays: BTreeMap<NaiveDate, String>,
}

/// What of it the phone does not hold yet, and what it holds that is gone.
#[derive(Debug)]
pub struct Changes {
    pub days: (NaiveDate, NaiveDate),
    pub home: Option<Home>,
    pub settings: Option<Vec<Setting>>,
    pub places: Vec<Place>,
    pub clients: Vec<Visited>,
    pub shifts: Vec<Shift>,
    pub holidays: Option<BTreeMap<NaiveDate, String>>,
    /// Ids in their outside form.
    pub removed: Vec<String>,
}

impl State {
    /// A digest of everything in it.
    pub fn marks(&self) -> BTreeMap<Key, u64> {
        let one = [
            ((Kind::Organization, Uuid::nil()), digest(&self.home)),
            ((Kind::Settings, Uuid::nil()), digest(&self.settings)),
            ((Kind::Holidays, Uuid::nil()), digest(&self.holidays)),
        ];
        let places = self.places.iter();
        let clients = self.clients.iter();
        let shifts = self.shifts.iter();
        one.into_iter()
            .chain(places.map(|place| ((Kind::Place, place.id.uuid()), digest(place))))
            .chain(clients.map(|it| ((Kind::Client, it.client.id.uuid()), digest(it))))
            .chain(shifts.map(|shift| ((Kind::Shift, shift.id.uuid()), digest(shift))))
            .collect()
    }

    /// The difference to what a phone holds.
    pub fn since(self, held: &BTreeMap<Key, u64>) -> Changes {
        let marks = self.marks();
        let changed: BTreeSet<Key> = marks
            .iter()
            .filter(|(key, mark)| held.get(*key) != Some(*mark))
            .map(|(key, _)| *key)
            .collect();
        let is_new = |kind, id: Uuid| changed.contains(&(kind, id));
        let gone = held.keys().filter(|key| !marks.contains_key(*key));
        let Self {
            days,
            home,
            settings,
            mut places,
            mut clients,
            mut shifts,
            holidays,
        } = self;
        places.retain(|place| is_new(Kind::Place, place.id.uuid()));
        clients.retain(|it| is_new(Kind::Client, it.client.id.uuid()));
        shifts.retain(|shift| is_new(Kind::Shift, shift.id.uuid()));
        Changes {
            days,
            home: is_new(Kind::Organization, Uuid::nil()).then_some(home),
            settings: is_new(Kind::Settings, Uuid::nil()).then_some(settings),
            places,
            clients,
            shifts,
            holidays: is_new(Kind::Holidays, Uuid::nil()).then_some(holidays),
            removed: gone.filter_map(outside).collect(),
        }
    }
}

fn outside((kind, id): &Key) -> Option<String> {
    match kind {
        Kind::Organization | Kind::Settings | Kind::Holidays => None,
        Kind::Place => Some(PlaceId::from_uuid(*id).to_string()),
        Kind::Client => Some(ClientId::from_uuid(*id).to_string()),
        Kind::Shift => Some(ShiftId::from_uuid(*id).to_string()),
    }
}

/// What is printed of a value tells it from every other; another version of the server may print it differently, and
/// then a phone gets it once more.
fn digest(value: &impl Debug) -> u64 {
    let hash = Sha256::digest(format!("{value:?}"));
    hash.iter()
        .take(8)
        .fold(0, |digest, byte| (digest << 8) | u64::from(*byte))
}

/// What a phone holds: whose it is, the newest event when it was given, and the digest of each thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub member: MemberId,
    pub number: i64,
    pub marks: BTreeMap<Key, u64>,
}

impl Cursor {
    pub fn encode(&self) -> String {
        let mut bytes = vec![FORM];
        bytes.extend_from_slice(self.member.uuid().as_bytes());
        bytes.extend_from_slice(&self.number.to_be_bytes());
        for ((kind, id), mark) in &self.marks {
            bytes.push(*kind as u8);
            bytes.extend_from_slice(id.as_bytes());
            bytes.extend_from_slice(&mark.to_be_bytes());
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor given to this member, while the log was not longer than now.
    pub fn decode(text: &str, member: MemberId, newest: i64) -> Result<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
        match bytes.split_first() {
            Some((&FORM, rest)) => {
                let cursor = Self::read(rest).filter(|cursor| cursor.member == member);
                let cursor = cursor.ok_or_else(|| {
                    let message = "this cursor is not one of your changesSince";
                    Error::refused(Code::InvalidCursor, message).at("cursor")
                })?;
                cursor.not_ahead(newest)
            }
            Some((form, _)) if *form < FORM && *form > 0 => {
                let message = "this cursor is of an older version; ask again without one";
                Err(Error::refused(Code::CursorExpired, message).at("cursor"))
            }
            _ => {
                let message = "this cursor did not come from changesSince";
                Err(Error::refused(Code::InvalidCursor, message).at("cursor"))
            }
        }
    }

    fn not_ahead(self, newest: i64) -> Result<Self> {
        if self.number <= newest {
            return Ok(self);
        }
        let message = "this cursor is from after what the server knows; ask again without one";
        Err(Error::refused(Code::CursorInFuture, message)
            .at("cursor")
            .with("newest", newest))
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (member, rest) = bytes.split_at_checked(16)?;
        let (number, rest) = rest.split_at_checked(8)?;
        let marks = rest.chunks(MARK_BYTES).map(|mark| {
            let (kind, rest) = mark.split_first()?;
            let (id, digest) = rest.split_at_checked(16)?;
            let key = (Kind::of(*kind)?, Uuid::from_slice(id).ok()?);
            Some((key, u64::from_be_bytes(digest.try_into().ok()?)))
        });
        Some(Self {
            member: MemberId::from_uuid(Uuid::from_slice(member).ok()?),
            number: i64::from_be_bytes(number.try_into().ok()?),
            marks: marks.collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::Instant;
    use proptest::prelude::*;

    fn place(id: u128, name: &str) -> Place {
        Place {
            id: PlaceId::from_uuid(Uuid::from_u128(id)),
            name: name.to_owned(),
            address: None,
            position: None,
            radius_m: None,
            polygon: None,
            time_zone: chrono_tz::Africa::Nairobi,
            external_ref: None,
            created_at: Instant::UNIX_EPOCH,
            archived_at: None,
        }
    }

    fn state(places: &BTreeMap<u128, String>, zone: Tz) -> State {
        let day = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
        State {
            days: (day, day),
            home: Home {
                name: "acme".to_owned(),
                time_zone: zone,
            },
            settings: vec![],
            places: places.iter().map(|(id, name)| place(*id, name)).collect(),
            clients: vec![],
            shifts: vec![],
            holidays: BTreeMap::new(),
        }
    }

    fn mine() -> MemberId {
        MemberId::from_uuid(Uuid::from_u128(9))
    }

    /// A phone that does as it is told.
    #[derive(Default)]
    struct Phone {
        home: Option<Home>,
        places: BTreeMap<String, Place>,
    }

    impl Phone {
        fn take(&mut self, changes: Changes) {
            self.home = changes.home.or(self.home.take());
            for id in changes.removed {
                self.places.remove(&id);
            }
            for place in changes.places {
                self.places.insert(place.id.to_string(), place);
            }
        }
    }

    proptest! {
        #[test]
        fn a_phone_that_follows_holds_what_a_fresh_one_is_given(
            steps in prop::collection::vec((prop::collection::btree_map(0..6_u128, "[ab]", 0..5), any::<bool>()), 1..8)
        ) {
            let mut follower = Phone::default();
            let mut held = BTreeMap::new();
            for (places, moved) in steps {
                let zone = if moved { chrono_tz::Africa::Lagos } else { chrono_tz::Africa::Nairobi };
                let now = state(&places, zone);
                let cursor = Cursor { member: mine(), number: 3, marks: now.marks() };
                follower.take(now.clone().since(&held));
                held = Cursor::decode(&cursor.encode(), mine(), 3).unwrap().marks;
                let mut fresh = Phone::default();
                fresh.take(now.clone().since(&BTreeMap::new()));
                prop_assert_eq!(&follower.home, &fresh.home);
                prop_assert_eq!(&follower.places, &fresh.places);
                let nothing = now.since(&held);
                prop_assert!(nothing.places.is_empty() && nothing.home.is_none() && nothing.removed.is_empty());
            }
        }

        #[test]
        fn any_other_text_is_refused_or_a_cursor(text: String) {
            if let Err(error) = Cursor::decode(&text, mine(), 0) {
                prop_assert!(matches!(error.code, Code::InvalidCursor | Code::CursorInFuture));
            }
        }
    }

    #[test]
    fn a_cursor_belongs_to_a_member_and_a_log() {
        let cursor = Cursor {
            member: mine(),
            number: 7,
            marks: BTreeMap::new(),
        };
        let code = |member, newest| {
            Cursor::decode(&cursor.encode(), member, newest)
                .unwrap_err()
                .code
        };
        let other = MemberId::from_uuid(Uuid::from_u128(1));
        assert_eq!(code(other, 7), Code::InvalidCursor);
        assert_eq!(code(mine(), 6), Code::CursorInFuture);
        assert_eq!(Cursor::decode(&cursor.encode(), mine(), 7).unwrap(), cursor);
    }
}
