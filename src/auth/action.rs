//! Everything a viewer can do, in the words of the API. A transaction is begun for one of these.

use serde::{Deserialize, Serialize};

/// One line per permission. Adding one asks [`super::policy`] for its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Action {
    ViewOrganization,
    ManageOrganization,
    ManageDepartments,
    ViewMembers,
    ViewContacts,
    InviteMembers,
    ManageMembers,
    UpdateOwnProfile,
    ManageApiTokens,
    ViewPlaces,
    ManagePlaces,
    ViewClients,
    ManageClients,
    ViewShifts,
    PlanShifts,
    ClockIn,
    ClockOut,
    ViewSessions,
    AddSessionNote,
    RecordLocation,
    ViewRules,
    EditRules,
    ReviewRules,
    ReleaseRules,
    ReplayRules,
    ReadEvents,
    ViewAudit,
    ImportData,
}

impl Action {
    /// In the order of the enum.
    pub const ALL: &'static [Self] = &[
        Self::ViewOrganization,
        Self::ManageOrganization,
        Self::ManageDepartments,
        Self::ViewMembers,
        Self::ViewContacts,
        Self::InviteMembers,
        Self::ManageMembers,
        Self::UpdateOwnProfile,
        Self::ManageApiTokens,
        Self::ViewPlaces,
        Self::ManagePlaces,
        Self::ViewClients,
        Self::ManageClients,
        Self::ViewShifts,
        Self::PlanShifts,
        Self::ClockIn,
        Self::ClockOut,
        Self::ViewSessions,
        Self::AddSessionNote,
        Self::RecordLocation,
        Self::ViewRules,
        Self::EditRules,
        Self::ReviewRules,
        Self::ReleaseRules,
        Self::ReplayRules,
        Self::ReadEvents,
        Self::ViewAudit,
        Self::ImportData,
    ];

    /// `CLOCK_IN`: in the audit log, in token scopes and in "Requires:" lines.
    pub fn name(self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(name)) => name,
            _ => format!("{self:?}"),
        }
    }
}
