//! The API: the roots of all slices merged, and what they share.

pub mod context;
pub mod error;
pub mod limits;
pub mod loaders;
pub mod node;
pub mod page;
pub mod scalars;

use async_graphql::{MergedObject, MergedSubscription, Schema, SchemaBuilder};

use crate::{
    attendance, audit, exceptions, gatherings, identity, imports, leave, orgs, places, reports,
    rules, schedules,
};

/// Everything that can be asked. Merged in groups: a flat merge of many overflows the compiler's recursion limit.
#[derive(MergedObject, Default)]
pub struct Query(
    PeopleQuery,
    WorkQuery,
    CalendarQuery,
    JudgingQuery,
    ReportingQuery,
    ReviewQuery,
    attendance::presence::graphql::PresenceQuery,
    GatheringQuery,
    StaffingQuery,
    RightingQuery,
    node::NodeQuery,
);

/// The organization and its people.
#[derive(MergedObject, Default)]
pub struct PeopleQuery(
    orgs::graphql::OrgsQuery,
    identity::graphql::IdentityQuery,
    audit::graphql::AuditQuery,
);

/// Places, shifts, sessions and the rules that judge them.
#[derive(MergedObject, Default)]
pub struct WorkQuery(
    places::graphql::PlacesQuery,
    schedules::graphql::SchedulesQuery,
    ClockQuery,
    rules::releases::graphql::RulesQuery,
    rules::releases::packs::PacksQuery,
    rules::editor::graphql::EditorQuery,
);

/// What the rules decided, and what others would have decided.
#[derive(MergedObject, Default)]
pub struct JudgingQuery(
    rules::decisions::graphql::DecisionsQuery,
    rules::replays::graphql::ReplaysQuery,
);

/// The calendar and leave.
#[derive(MergedObject, Default)]
pub struct CalendarQuery(
    schedules::hours::graphql::HoursQuery,
    schedules::holidays::graphql::HolidaysQuery,
    schedules::types::graphql::ShiftTypesQuery,
    schedules::series::graphql::SeriesQuery,
    leave::graphql::LeaveQuery,
    leave::types::graphql::LeaveTypesQuery,
);

/// The calendar and leave.
#[derive(MergedObject, Default)]
pub struct CalendarMutation(
    schedules::hours::graphql::HoursMutation,
    schedules::holidays::graphql::HolidaysMutation,
    schedules::types::graphql::ShiftTypesMutation,
    schedules::roster::graphql::RosterMutation,
    schedules::series::graphql::SeriesMutation,
    leave::graphql::LeaveMutation,
    leave::types::graphql::LeaveTypesMutation,
);

/// What the work comes to.
#[derive(MergedObject, Default)]
pub struct ReportingQuery(
    attendance::days::graphql::DaysQuery,
    reports::graphql::ReportsQuery,
    reports::compliance::graphql::ComplianceQuery,
);

/// What people look at, and with which codes they explain it.
#[derive(MergedObject, Default)]
pub struct ReviewQuery(
    exceptions::graphql::ExceptionsQuery,
    exceptions::mutations::ExceptionsPreviewQuery,
    exceptions::codes::graphql::CodesQuery,
);

/// What people look at, and with which codes they explain it.
#[derive(MergedObject, Default)]
pub struct ReviewMutation(
    exceptions::mutations::ExceptionsMutation,
    exceptions::codes::graphql::CodesMutation,
);

/// Classes, meetings, shift calls.
#[derive(MergedObject, Default)]
pub struct GatheringQuery(
    gatherings::queries::GatheringsQuery,
    gatherings::series::graphql::GatheringSeriesQuery,
);

/// Classes, meetings, shift calls.
#[derive(MergedObject, Default)]
pub struct GatheringMutation(
    gatherings::mutations::GatheringsMutation,
    gatherings::series::graphql::GatheringSeriesMutation,
);

/// Many people at once.
#[derive(MergedObject, Default)]
pub struct StaffingQuery(
    imports::members::graphql::MemberImportsQuery,
    imports::inactive::graphql::InactiveQuery,
);

/// Many people at once, where they belong, and whom to call.
#[derive(MergedObject, Default)]
pub struct StaffingMutation(
    identity::moves::graphql::MovesMutation,
    places::contacts::graphql::ClientContactsMutation,
    imports::members::graphql::MemberImportsMutation,
    imports::inactive::graphql::InactiveMutation,
);

/// Time put right by people, and handed in.
#[derive(MergedObject, Default)]
pub struct RightingQuery(
    attendance::corrections::queries::CorrectionsQuery,
    attendance::timesheets::graphql::TimesheetsQuery,
);

/// Time put right by people, and handed in.
#[derive(MergedObject, Default)]
pub struct RightingMutation(
    attendance::corrections::mutations::CorrectionsMutation,
    attendance::timesheets::mutations::TimesheetsMutation,
);

/// Everything that can be done.
#[derive(MergedObject, Default)]
pub struct Mutation(
    PeopleMutation,
    WorkMutation,
    CalendarMutation,
    JudgingMutation,
    ReviewMutation,
    GatheringMutation,
    StaffingMutation,
    RightingMutation,
);

/// What the rules decided, and what others would have decided.
#[derive(MergedObject, Default)]
pub struct JudgingMutation(
    rules::decisions::mutations::DecisionsMutation,
    rules::replays::mutations::ReplaysMutation,
);

/// The organization and its people.
#[derive(MergedObject, Default)]
pub struct PeopleMutation(
    orgs::graphql::OrgsMutation,
    identity::mutations::IdentityMutation,
);

/// Places, shifts, sessions and the rules that judge them.
#[derive(MergedObject, Default)]
pub struct WorkMutation(
    places::graphql::PlacesMutation,
    schedules::graphql::SchedulesMutation,
    ClockMutation,
    rules::releases::mutations::RulesMutation,
    rules::releases::packs::PacksMutation,
    rules::editor::graphql::EditorMutation,
);

/// Clocking, and what phones need for it.
#[derive(MergedObject, Default)]
pub struct ClockQuery(
    attendance::queries::AttendanceQuery,
    attendance::changes::graphql::ChangesQuery,
);

/// Clocking, at once and later.
#[derive(MergedObject, Default)]
pub struct ClockMutation(
    attendance::mutations::AttendanceMutation,
    attendance::breaks::mutations::BreaksMutation,
    attendance::sync::graphql::SyncMutation,
);

/// Everything that can be listened to.
#[derive(MergedSubscription, Default)]
pub struct Subscription(
    attendance::live::AttendanceSubscription,
    rules::replays::live::ReplaysSubscription,
    exceptions::live::ExceptionsSubscription,
    gatherings::live::GatheringsSubscription,
);

pub type ZamuSchema = Schema<Query, Mutation, Subscription>;

/// The schema with its limits and error codes; who asks comes with each request.
pub fn schema() -> ZamuSchema {
    builder().finish()
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(
        Query::default(),
        Mutation::default(),
        Subscription::default(),
    )
    // Codes travel in `extensions`, which no type describes: published all the same.
    .register_output_type::<error::ErrorCode>()
    .limit_depth(limits::DEPTH)
    .limit_complexity(limits::COMPLEXITY)
    .limit_directives(limits::DIRECTIVES)
    .extension(limits::Limits)
    .extension(limits::Cost)
    .extension(error::Errors)
}

/// The contract as text, as `graphql/schema.graphql` has it.
pub fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new()
        .sorted_fields()
        .sorted_enum_items()
        .sorted_arguments();
    schema().sdl_with_options(options)
}
