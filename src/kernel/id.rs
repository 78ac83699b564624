//! Typed ids: one list for the whole system.
//!
//! Inside an id is a `UUIDv7`, so primary keys grow at their end; outside it is `ses_0190f1c2…`, so a person can see
//! what it names and a member id where a place id is wanted fails at the edge, naming both.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Mutex;

use chrono::{DateTime, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::{Builder, Uuid};
use zamu_schema::dual::{Dual, Raw};

/// What an id names: its prefix outside, its noun in messages.
pub trait Kind: 'static {
    const PREFIX: &'static str;
    const NOUN: &'static str;
}

macro_rules! ids {
    ($($name:ident = $marker:ident, $prefix:literal, $noun:literal;)*) => {
        $(
            #[doc = concat!("Names ", $noun, ": `", $prefix, "_…`.")]
            pub type $name = Id<kinds::$marker>;
        )*
        /// The markers behind the id types.
        pub mod kinds {
            $(
                #[doc = concat!("Marks ", $noun, ".")]
                #[derive(Debug)]
                pub enum $marker {}
                impl super::Kind for $marker {
                    const PREFIX: &'static str = $prefix;
                    const NOUN: &'static str = $noun;
                }
            )*
        }
        /// The noun behind each prefix, for the sentence that names both kinds.
        const NOUNS: &[(&str, &str)] = &[$(($prefix, $noun)),*];
    };
}

ids! {
    AccountId = Account, "acc", "an account";
    ApiTokenId = ApiToken, "tok", "an API token";
    AuditId = Audit, "aud", "an audit entry";
    ClientId = Client, "cli", "a client";
    ContactId = Contact, "ect", "an emergency contact";
    CorrectionId = Correction, "cor", "a correction";
    DecisionId = Decision, "dec", "a rule decision";
    DepartmentId = Department, "dep", "a department";
    DraftId = Draft, "drf", "a rule draft";
    EventId = Event, "evt", "an event";
    ExceptionId = Exception, "exc", "an exception";
    GatheringId = Gathering, "gat", "an attendance event";
    GatheringSeriesId = GatheringSeries, "ats", "an attendance series";
    AttendanceRecordId = AttendanceRecord, "atr", "an attendance record";
    HolidayId = Holiday, "hol", "a holiday";
    HoursId = Hours, "bhr", "business hours";
    InvitationId = Invitation, "inv", "an invitation";
    LeaveId = Leave, "lve", "a leave request";
    LeaveEntryId = LeaveEntry, "len", "a leave entry";
    LeaveTypeId = LeaveType, "lvt", "a leave type";
    LoginId = Login, "lgn", "a login session";
    MemberId = Member, "mbr", "a member";
    MemberImportId = MemberImport, "mim", "an import of members";
    NoteId = Note, "nte", "a note";
    OrgId = Org, "org", "an organization";
    PlaceId = Place, "plc", "a place";
    PunchEditId = PunchEdit, "ped", "a change of a punch";
    PunchId = Punch, "pun", "a punch";
    ReleaseId = Release, "rel", "a rule release";
    ReplayId = Replay, "rpl", "a replay of rules";
    RuleCaseId = RuleCase, "rcs", "a kept rule case";
    SeriesId = Series, "srs", "a series";
    SessionId = Session, "ses", "a work session";
    ShiftId = Shift, "shf", "a shift";
    ShiftTypeId = ShiftType, "sht", "a shift type";
    TimesheetId = Timesheet, "tms", "a timesheet";
}

/// A UUID that knows what it names.
#[derive(AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Uuid)]
pub struct Id<K: Kind> {
    uuid: Uuid,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Id<K> {
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self {
            uuid,
            kind: PhantomData,
        }
    }

    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
}

/// Why a text is not the id that was wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadId {
    #[error("this is the id of {found}, but the id of {wanted} is needed")]
    OtherKind {
        wanted: &'static str,
        found: &'static str,
    },
    #[error(
        "this is not the id of {wanted}: it should look like `{prefix}_` followed by 32 hexadecimal digits"
    )]
    Malformed {
        wanted: &'static str,
        prefix: &'static str,
    },
}

impl<K: Kind> FromStr for Id<K> {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let malformed = BadId::Malformed {
            wanted: K::NOUN,
            prefix: K::PREFIX,
        };
        let (prefix, hex) = text.split_once('_').ok_or(malformed.clone())?;
        if prefix != K::PREFIX {
            let found = NOUNS.iter().find(|(known, _)| *known == prefix);
            return Err(match found {
                Some((_, found)) => BadId::OtherKind {
                    wanted: K::NOUN,
                    found,
                },
                None => malformed,
            });
        }
        match Uuid::try_parse(hex) {
            Ok(uuid) if hex.len() == 32 => Ok(Self::from_uuid(uuid)),
            _ => Err(malformed),
        }
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", K::PREFIX, self.uuid.simple())
    }
}

impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// Derives would ask the marker for these too.
impl<K: Kind> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K: Kind> Copy for Id<K> {}
impl<K: Kind> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<K: Kind> Eq for Id<K> {}
impl<K: Kind> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K: Kind> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<K: Kind> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl<K: Kind> ToSql<sql_types::Uuid, Dual> for Id<K> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Dual>) -> serialize::Result {
        <Uuid as ToSql<sql_types::Uuid, Dual>>::to_sql(&self.uuid, out)
    }
}
impl<K: Kind> FromSql<sql_types::Uuid, Dual> for Id<K> {
    fn from_sql(raw: Raw<'_>) -> deserialize::Result<Self> {
        <Uuid as FromSql<sql_types::Uuid, Dual>>::from_sql(raw).map(Self::from_uuid)
    }
}

/// The one source of ids and of secrets. Ids of one source never decrease, even within a millisecond: the outbox is
/// ordered by them.
pub struct Source {
    state: Mutex<State>,
}

struct State {
    rng: StdRng,
    /// Milliseconds since 1970 shifted left by twelve, plus a counter.
    last: u64,
}

impl Source {
    /// Randomness from the operating system.
    pub fn random() -> Self {
        Self::with(StdRng::from_os_rng())
    }

    /// The same ids in the same order every time: for tests.
    pub fn seeded(seed: u64) -> Self {
        Self::with(StdRng::seed_from_u64(seed))
    }

    fn with(rng: StdRng) -> Self {
        Self {
            state: Mutex::new(State { rng, last: 0 }),
        }
    }

    pub fn id<K: Kind>(&self, now: DateTime<Utc>) -> Id<K> {
        let mut state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        state.last = state.last.saturating_add(1).max(millis << 12);
        let mut tail = [0_u8; 10];
        state.rng.fill_bytes(&mut tail);
        let [.., high, low] = (state.last & 0xfff).to_be_bytes();
        let [first, second, ..] = &mut tail;
        (*first, *second) = (high, low);
        Id::from_uuid(Builder::from_unix_timestamp_millis(state.last >> 12, &tail).into_uuid())
    }

    /// Bytes nobody can guess: tokens, salts, signing keys.
    pub fn secret<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        let mut state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        state.rng.fill_bytes(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_kind_is_refused_naming_both() {
        let source = Source::seeded(1);
        let member: MemberId = source.id(DateTime::UNIX_EPOCH);
        let error = member.to_string().parse::<PlaceId>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "this is the id of a member, but the id of a place is needed"
        );
        assert_eq!(member.to_string().parse::<MemberId>(), Ok(member));
    }

    #[test]
    fn malformed_ids_say_what_they_should_look_like() {
        for text in [
            "",
            "plc",
            "plc_",
            "plc_12",
            "xyz_0190f1c2",
            "plc_0190f1c2-0000-7000-8000-000000000000",
        ] {
            let error = text.parse::<PlaceId>().unwrap_err().to_string();
            assert!(error.contains("`plc_`"), "{text}: {error}");
        }
    }

    #[test]
    fn ids_of_one_source_never_decrease() {
        let source = Source::random();
        let now = DateTime::from_timestamp_millis(1_700_000_000_000).unwrap();
        let ids: Vec<EventId> = (0..10_000).map(|_| source.id(now)).collect();
        assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
