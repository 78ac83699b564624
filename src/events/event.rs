//! Every event on one page: past tense, ids and small values, with a version.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::db::tx::OutboxRow;
use crate::kernel::error::Result;
use crate::kernel::id::{
    ApiTokenId, DepartmentId, EventId, LoginId, MemberId, OrgId, PlaceId, SessionId,
};
use crate::kernel::time::Instant;

/// What can happen. A new field is optional or raises the version; a variant is never renamed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum Event {
    ClockedIn(SessionEvent),
    ClockedOut(SessionEvent),
    /// Closed without a clock-out: a later clock-in or an import showed that it was missed.
    SessionDisconnected(SessionEvent),
    SessionNoted(SessionEvent),
    MemberJoined {
        member: MemberId,
        department: Option<DepartmentId>,
    },
    /// Role, department, name: whoever is signed in as this member must be looked at again.
    MemberChanged {
        member: MemberId,
    },
    MemberDeactivated {
        member: MemberId,
    },
    LoginRevoked {
        login: LoginId,
    },
    ApiTokenRevoked {
        token: ApiTokenId,
    },
    DepartmentsChanged,
    PlaceChanged {
        place: PlaceId,
    },
    DataImported {
        source: String,
    },
    /// Somebody asks for a new release of the rules to be approved.
    RuleReleaseProposed {
        release: i64,
    },
    RuleReleaseApproved {
        release: i64,
    },
    RuleReleaseRejected {
        release: i64,
    },
    /// What is decided from `from` on is decided by this release; also after a rollback or a switch-off.
    RuleReleaseActivated {
        release: i64,
        from: Instant,
    },
    /// A rule failed so often that it is not asked for a while; what ships answers.
    RuleBreakerOpened {
        hook: String,
    },
}

/// What subscribers to sessions filter by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionEvent {
    pub session: SessionId,
    pub member: MemberId,
    pub department: Option<DepartmentId>,
    pub place: Option<PlaceId>,
    pub at: Instant,
}

impl Event {
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ClockedIn(_) => "CLOCKED_IN",
            Self::ClockedOut(_) => "CLOCKED_OUT",
            Self::SessionDisconnected(_) => "SESSION_DISCONNECTED",
            Self::SessionNoted(_) => "SESSION_NOTED",
            Self::MemberJoined { .. } => "MEMBER_JOINED",
            Self::MemberChanged { .. } => "MEMBER_CHANGED",
            Self::MemberDeactivated { .. } => "MEMBER_DEACTIVATED",
            Self::LoginRevoked { .. } => "LOGIN_REVOKED",
            Self::ApiTokenRevoked { .. } => "API_TOKEN_REVOKED",
            Self::DepartmentsChanged => "DEPARTMENTS_CHANGED",
            Self::PlaceChanged { .. } => "PLACE_CHANGED",
            Self::DataImported { .. } => "DATA_IMPORTED",
            Self::RuleReleaseProposed { .. } => "RULE_RELEASE_PROPOSED",
            Self::RuleReleaseApproved { .. } => "RULE_RELEASE_APPROVED",
            Self::RuleReleaseRejected { .. } => "RULE_RELEASE_REJECTED",
            Self::RuleReleaseActivated { .. } => "RULE_RELEASE_ACTIVATED",
            Self::RuleBreakerOpened { .. } => "RULE_BREAKER_OPENED",
        }
    }

    pub const fn version(&self) -> i32 {
        1
    }

    /// The session it is about, for those that are.
    pub const fn session(&self) -> Option<&SessionEvent> {
        match self {
            Self::ClockedIn(session)
            | Self::ClockedOut(session)
            | Self::SessionDisconnected(session)
            | Self::SessionNoted(session) => Some(session),
            _ => None,
        }
    }

    pub(crate) fn to_outbox(&self, id: EventId, org: OrgId, now: Instant) -> Result<OutboxRow> {
        Ok(OutboxRow {
            id: id.uuid(),
            org_id: org,
            stream: "EVENT".to_owned(),
            kind: self.kind().to_owned(),
            version: self.version(),
            payload: serde_json::to_value(self)?,
            occurred_at: now,
        })
    }
}

/// An event with its number: 1, 2, 3 … without gaps in each organization.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbered {
    pub org: OrgId,
    pub number: i64,
    pub id: Uuid,
    pub event: Event,
    pub occurred_at: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_the_tag() {
        let event = Event::DepartmentsChanged;
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["kind"], event.kind());
        assert_eq!(serde_json::from_value::<Event>(json).unwrap(), event);
    }
}
