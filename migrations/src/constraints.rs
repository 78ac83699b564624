//! Which constraint an error is about, by the name PostgreSQL gives it, on both engines.
//!
//! PostgreSQL says the name. SQLite says the name of a broken `CHECK` and of a unique index over an
//! expression, but for other unique constraints it lists columns; [`UNIQUE`] turns those into names.
//! A broken foreign key has no name on SQLite: there, go by the kind of the error.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};

/// One constraint of uniqueness: its table, its columns in order, its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unique {
    /// The table.
    pub table: &'static str,
    /// The columns, in the order of the constraint.
    pub columns: &'static [&'static str],
    /// The name of the constraint or index.
    pub name: &'static str,
}

const fn unique(
    table: &'static str,
    columns: &'static [&'static str],
    name: &'static str,
) -> Unique {
    Unique {
        table,
        columns,
        name,
    }
}

/// Every unique constraint and unique index over plain columns, primary keys included.
pub const UNIQUE: &[Unique] = &[
    unique("organizations", &["id"], "organizations_pkey"),
    unique("organizations", &["slug"], "one_organization_per_slug"),
    unique("departments", &["org_id", "id"], "departments_pkey"),
    unique("accounts", &["id"], "accounts_pkey"),
    unique("accounts", &["phone"], "one_account_per_phone"),
    unique("accounts", &["email"], "one_account_per_email"),
    unique("members", &["org_id", "id"], "members_pkey"),
    unique(
        "members",
        &["org_id", "account_id"],
        "one_membership_per_account",
    ),
    unique(
        "members",
        &["org_id", "external_ref"],
        "one_member_per_external_ref",
    ),
    unique(
        "emergency_contacts",
        &["org_id", "id"],
        "emergency_contacts_pkey",
    ),
    unique("invitations", &["token_hash"], "one_invitation_per_token"),
    unique("invitations", &["org_id", "id"], "invitations_pkey"),
    unique("login_sessions", &["id"], "login_sessions_pkey"),
    unique("refresh_tokens", &["token_hash"], "refresh_tokens_pkey"),
    unique("sign_in_attempts", &["key"], "sign_in_attempts_pkey"),
    unique("api_tokens", &["token_hash"], "one_api_token_per_hash"),
    unique("api_tokens", &["org_id", "id"], "api_tokens_pkey"),
    unique("places", &["org_id", "id"], "places_pkey"),
    unique(
        "places",
        &["org_id", "external_ref"],
        "one_place_per_external_ref",
    ),
    unique("clients", &["org_id", "id"], "clients_pkey"),
    unique(
        "client_places",
        &["org_id", "client_id", "place_id"],
        "client_places_pkey",
    ),
    unique("shifts", &["org_id", "id"], "shifts_pkey"),
    unique(
        "shifts",
        &["org_id", "external_ref"],
        "one_shift_per_external_ref",
    ),
    unique("work_sessions", &["org_id", "id"], "work_sessions_pkey"),
    unique(
        "work_sessions",
        &["org_id", "member_id"],
        "one_open_session_per_member",
    ),
    unique("punches", &["org_id", "id"], "punches_pkey"),
    unique(
        "punches",
        &["org_id", "external_ref"],
        "one_punch_per_external_ref",
    ),
    unique("session_notes", &["org_id", "id"], "session_notes_pkey"),
    unique(
        "location_pings",
        &["org_id", "session_id", "captured_at"],
        "location_pings_pkey",
    ),
    unique("rule_decisions", &["org_id", "id"], "rule_decisions_pkey"),
    unique(
        "rule_snapshots",
        &["org_id", "digest"],
        "rule_snapshots_pkey",
    ),
    unique(
        "rule_snapshot_parts",
        &["org_id", "digest"],
        "rule_snapshot_parts_pkey",
    ),
    unique("rule_retention", &["org_id"], "rule_retention_pkey"),
    unique("rule_cases", &["org_id", "id"], "rule_cases_pkey"),
    unique(
        "rule_cases",
        &["org_id", "hook", "name"],
        "one_rule_case_per_name",
    ),
    unique("rule_replays", &["org_id", "id"], "rule_replays_pkey"),
    unique(
        "rule_replays",
        &["org_id"],
        "one_running_replay_per_organization",
    ),
    unique(
        "rule_replay_changes",
        &["org_id", "replay_id", "event_at", "decision_id"],
        "rule_replay_changes_pkey",
    ),
    unique("holidays", &["org_id", "id"], "holidays_pkey"),
    unique(
        "holidays",
        &["org_id", "day", "scope_id", "name"],
        "one_holiday_per_day_and_name",
    ),
    unique("business_hours", &["org_id", "id"], "business_hours_pkey"),
    unique("shift_types", &["org_id", "id"], "shift_types_pkey"),
    unique(
        "shift_types",
        &["org_id", "name"],
        "one_shift_type_per_name",
    ),
    unique("shift_series", &["org_id", "id"], "shift_series_pkey"),
    unique(
        "shift_series_changes",
        &["org_id", "series_id", "day"],
        "shift_series_changes_pkey",
    ),
    unique("leave_types", &["org_id", "id"], "leave_types_pkey"),
    unique(
        "leave_types",
        &["org_id", "name"],
        "one_leave_type_per_name",
    ),
    unique("leave_requests", &["org_id", "id"], "leave_requests_pkey"),
    unique(
        "leave_requests",
        &["org_id", "external_ref"],
        "one_leave_per_external_ref",
    ),
    unique("leave_entries", &["org_id", "id"], "leave_entries_pkey"),
    unique("outbox", &["id"], "outbox_pkey"),
    unique("events", &["position"], "one_event_per_position"),
    unique("events", &["id"], "one_event_per_id"),
    unique("events", &["org_id", "number"], "events_pkey"),
    unique("heads", &["org_id"], "heads_pkey"),
    unique(
        "idempotency_keys",
        &["org_id", "actor_id", "key"],
        "one_effect_per_idempotency_key",
    ),
    unique("audit_entries", &["org_id", "number"], "audit_entries_pkey"),
    unique("audit_entries", &["org_id", "id"], "one_audit_entry_per_id"),
    unique("rule_drafts", &["org_id", "id"], "rule_drafts_pkey"),
    unique(
        "rule_drafts",
        &["org_id", "topic"],
        "one_rule_draft_per_topic",
    ),
    unique("rule_releases", &["org_id", "number"], "rule_releases_pkey"),
    unique(
        "rule_releases",
        &["org_id", "id"],
        "one_rule_release_per_id",
    ),
    unique(
        "rule_releases",
        &["org_id", "number", "author_id"],
        "one_author_per_rule_release",
    ),
    unique(
        "rule_reviews",
        &["org_id", "number", "member_id"],
        "rule_reviews_pkey",
    ),
    unique(
        "rule_activations",
        &["org_id", "id"],
        "rule_activations_pkey",
    ),
    unique(
        "rule_activations",
        &["org_id", "parent"],
        "one_rule_release_after_another",
    ),
    unique(
        "rule_duties",
        &["org_id", "member_id", "duty"],
        "rule_duties_pkey",
    ),
    unique("rule_nodes", &["node"], "rule_nodes_pkey"),
    unique(
        "rule_node_releases",
        &["org_id", "node"],
        "rule_node_releases_pkey",
    ),
    unique(
        "punches",
        &["org_id", "member_id", "client_ref"],
        "one_punch_per_client_ref",
    ),
    unique("punch_edits", &["org_id", "id"], "punch_edits_pkey"),
    unique(
        "session_versions",
        &["org_id", "session_id", "number"],
        "session_versions_pkey",
    ),
    unique(
        "work_days",
        &["org_id", "member_id", "work_date"],
        "work_days_pkey",
    ),
    unique(
        "day_parts",
        &[
            "org_id",
            "member_id",
            "work_date",
            "department_id",
            "place_id",
        ],
        "day_parts_pkey",
    ),
    unique(
        "group_days",
        &["org_id", "work_date", "department_id", "place_id"],
        "group_days_pkey",
    ),
    unique("exceptions", &["org_id", "id"], "exceptions_pkey"),
    unique(
        "exceptions",
        &["org_id", "subject", "kind", "code"],
        "one_open_exception_per_kind",
    ),
    unique(
        "exception_changes",
        &["org_id", "exception_id", "number"],
        "exception_changes_pkey",
    ),
    unique(
        "member_departments",
        &["org_id", "member_id", "effective_from"],
        "member_departments_pkey",
    ),
    unique("member_imports", &["org_id", "id"], "member_imports_pkey"),
    unique("client_contacts", &["org_id", "id"], "client_contacts_pkey"),
    unique(
        "exception_codes",
        &["org_id", "kind", "code"],
        "exception_codes_pkey",
    ),
    unique("reactions", &["name"], "reactions_pkey"),
    unique(
        "group_months",
        &["org_id", "month", "department_id", "place_id"],
        "group_months_pkey",
    ),
    unique("day_closings", &["org_id"], "day_closings_pkey"),
    unique("gatherings", &["org_id", "id"], "gatherings_pkey"),
    unique(
        "gatherings",
        &["org_id", "series_id", "series_day"],
        "one_gathering_per_series_and_day",
    ),
    unique(
        "gathering_series",
        &["org_id", "id"],
        "gathering_series_pkey",
    ),
    unique(
        "gathering_series_changes",
        &["org_id", "series_id", "day"],
        "gathering_series_changes_pkey",
    ),
    unique(
        "gathering_members",
        &["org_id", "gathering_id", "member_id"],
        "gathering_members_pkey",
    ),
    unique(
        "attendance_records",
        &["org_id", "id"],
        "attendance_records_pkey",
    ),
    unique(
        "attendance_records",
        &["org_id", "gathering_id", "member_id"],
        "one_record_per_gathering_and_member",
    ),
    unique(
        "gathering_guesses",
        &["org_id", "gathering_id", "member_id"],
        "gathering_guesses_pkey",
    ),
    unique("corrections", &["org_id", "id"], "corrections_pkey"),
    unique("timesheets", &["org_id", "id"], "timesheets_pkey"),
    unique(
        "timesheets",
        &["org_id", "member_id", "starts_on"],
        "one_timesheet_per_period",
    ),
    unique("timesheet_policies", &["org_id"], "timesheet_policies_pkey"),
];

/// The name of the constraint an error is about, if it is about one and the engine tells which.
///
/// ```
/// use zamu_schema::constraints::constraint_name;
/// assert_eq!(constraint_name(&diesel::result::Error::NotFound), None);
/// ```
pub fn constraint_name(error: &Error) -> Option<String> {
    match error {
        Error::DatabaseError(kind, information) => named(*kind, information.as_ref()),
        _ => None,
    }
}

/// The same for the two parts of a database error.
pub fn named(
    kind: DatabaseErrorKind,
    information: &(dyn DatabaseErrorInformation + Send + Sync),
) -> Option<String> {
    if let Some(name) = information.constraint_name() {
        return Some(name.to_owned());
    }
    match kind {
        DatabaseErrorKind::UniqueViolation => from_unique_message(information.message()),
        DatabaseErrorKind::CheckViolation => information
            .message()
            .strip_prefix("CHECK constraint failed: ")
            .map(str::to_owned),
        _ => None,
    }
}

/// Reads `UNIQUE constraint failed: members.org_id, members.id` or `… failed: index 'name'`.
fn from_unique_message(message: &str) -> Option<String> {
    let broken = message.strip_prefix("UNIQUE constraint failed: ")?;
    if let Some(index) = broken.strip_prefix("index '") {
        return index.strip_suffix('\'').map(str::to_owned);
    }
    UNIQUE
        .iter()
        .find(|unique| {
            let mut columns = unique.columns.iter();
            broken.split(", ").all(|column| {
                column.split_once('.').is_some_and(|(table, column)| {
                    table == unique.table && columns.next() == Some(&column)
                })
            }) && columns.next().is_none()
        })
        .map(|unique| unique.name.to_owned())
}
