//! The API: the roots of all slices merged, and what they share.

pub mod context;
pub mod error;
pub mod limits;
pub mod loaders;
pub mod node;
pub mod page;
pub mod scalars;

use async_graphql::{MergedObject, MergedSubscription, Schema, SchemaBuilder};

use crate::{attendance, audit, identity, orgs, places, rules, schedules};

/// Everything that can be asked. Merged in groups: a flat merge of many overflows the compiler's recursion limit.
#[derive(MergedObject, Default)]
pub struct Query(
    PeopleQuery,
    WorkQuery,
    RightingQuery,
    JudgingQuery,
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
    attendance::graphql::AttendanceQuery,
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

/// Time put right by people, and handed in.
#[derive(MergedObject, Default)]
pub struct RightingQuery(
    attendance::corrections::graphql::CorrectionsQuery,
    attendance::timesheets::graphql::TimesheetsQuery,
);

/// Everything that can be done.
#[derive(MergedObject, Default)]
pub struct Mutation(
    PeopleMutation,
    WorkMutation,
    RightingMutation,
    JudgingMutation,
);

/// Time put right by people, and handed in.
#[derive(MergedObject, Default)]
pub struct RightingMutation(
    attendance::corrections::mutations::CorrectionsMutation,
    attendance::timesheets::graphql::TimesheetsMutation,
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
    attendance::mutations::AttendanceMutation,
    rules::releases::mutations::RulesMutation,
    rules::releases::packs::PacksMutation,
    rules::editor::graphql::EditorMutation,
);

/// Everything that can be listened to.
#[derive(MergedSubscription, Default)]
pub struct Subscription(
    attendance::live::AttendanceSubscription,
    rules::replays::live::ReplaysSubscription,
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
