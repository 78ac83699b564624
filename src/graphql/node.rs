//! Anything with an id, by its id: Relay's `node` and `nodes`.

use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, ID, Interface, Object, Result};

use super::context::Ask;
use super::loaders::Loads;
use super::scalars::id;
use crate::attendance::corrections::graphql::Correction;
use crate::attendance::graphql::WorkSession;
use crate::attendance::punches::graphql::Punch;
use crate::exceptions::graphql::Exception;
use crate::gatherings::graphql::{AttendanceEvent, AttendanceRecord};
use crate::gatherings::series::graphql::AttendanceSeries;
use crate::identity::graphql::Member;
use crate::kernel::error::Error;
use crate::kernel::id::{Id, Kind, kinds};
use crate::leave::graphql::LeaveRequest;
use crate::leave::types::graphql::LeaveType;
use crate::orgs::graphql::Department;
use crate::places::graphql::{Client, Place};
use crate::schedules::graphql::Shift;
use crate::schedules::holidays::graphql::Holiday;
use crate::schedules::series::graphql::ShiftSeries;
use crate::schedules::types::graphql::ShiftType;

/// The most things `nodes` answers at once.
const MOST_NODES: usize = 100;

/// Something with a global id.
#[derive(Interface)]
#[graphql(field(
    name = "id",
    ty = "ID",
    desc = "Unique in the whole system; its prefix says what it names."
))]
pub enum Node {
    Member(Member),
    Department(Department),
    Place(Place),
    Client(Client),
    Shift(Shift),
    ShiftSeries(ShiftSeries),
    ShiftType(ShiftType),
    Holiday(Holiday),
    LeaveRequest(LeaveRequest),
    LeaveType(LeaveType),
    WorkSession(WorkSession),
    Punch(Punch),
    Correction(Correction),
    Exception(Exception),
    AttendanceEvent(AttendanceEvent),
    AttendanceRecord(AttendanceRecord),
    AttendanceSeries(AttendanceSeries),
}

/// `node` and `nodes`.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// Something by its id: a member, department, place, client, shift, series of shifts, shift type, holiday, leave
    /// request, leave type, work session, punch, correction, exception, attendance event, attendance record or series of
    /// attendance events. Nothing for what you may not see.
    ///
    /// Requires: the permission to view the kind of thing the id names.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] node: ID,
    ) -> Result<Option<Node>> {
        find(ctx, "id", &node).await
    }

    /// Several things by their ids, in the same order; 1–100.
    ///
    /// Requires: the permission to view the kinds of things the ids name.
    #[graphql(complexity = "ids.len() * child_complexity")]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–100 ids of any kinds.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        if ids.len() > MOST_NODES {
            let message = format!("{} ids at once; {MOST_NODES} are allowed", ids.len());
            return Err(Error::invalid("ids", message).into());
        }
        let found = ids
            .iter()
            .enumerate()
            .map(|(index, node)| async move { find(ctx, &format!("ids.{index}"), node).await });
        futures_util::future::try_join_all(found).await
    }
}

/// The thing of this kind, if it is there and the viewer may see it.
async fn load<K: Kind, T>(
    ctx: &Context<'_>,
    (field, node): (&str, &ID),
    wrap: impl FnOnce(T) -> Node,
) -> Result<Option<Node>>
where
    Loads: Loader<Id<K>, Value = T, Error = Arc<Error>>,
{
    let id: Id<K> = id(field, node)?;
    Ok(ctx.loads()?.load_one(id).await?.map(wrap))
}

async fn find(ctx: &Context<'_>, field: &str, node: &ID) -> Result<Option<Node>> {
    let prefix = node.split('_').next().unwrap_or_default();
    let at = (field, node);
    match prefix {
        kinds::Member::PREFIX => load::<kinds::Member, _>(ctx, at, Node::Member).await,
        kinds::Department::PREFIX => load::<kinds::Department, _>(ctx, at, Node::Department).await,
        kinds::Place::PREFIX => load::<kinds::Place, _>(ctx, at, Node::Place).await,
        kinds::Client::PREFIX => load::<kinds::Client, _>(ctx, at, Node::Client).await,
        kinds::Shift::PREFIX => load::<kinds::Shift, _>(ctx, at, Node::Shift).await,
        kinds::Series::PREFIX => load::<kinds::Series, _>(ctx, at, Node::ShiftSeries).await,
        kinds::ShiftType::PREFIX => load::<kinds::ShiftType, _>(ctx, at, Node::ShiftType).await,
        kinds::Holiday::PREFIX => load::<kinds::Holiday, _>(ctx, at, Node::Holiday).await,
        kinds::Leave::PREFIX => load::<kinds::Leave, _>(ctx, at, Node::LeaveRequest).await,
        kinds::LeaveType::PREFIX => load::<kinds::LeaveType, _>(ctx, at, Node::LeaveType).await,
        kinds::Session::PREFIX => {
            let wrap = |session| Node::WorkSession(WorkSession(session));
            load::<kinds::Session, _>(ctx, at, wrap).await
        }
        kinds::Punch::PREFIX => load::<kinds::Punch, _>(ctx, at, Node::Punch).await,
        kinds::Correction::PREFIX => load::<kinds::Correction, _>(ctx, at, Node::Correction).await,
        kinds::Exception::PREFIX => {
            load::<kinds::Exception, _>(ctx, at, |found| Node::Exception(Exception(found))).await
        }
        kinds::Gathering::PREFIX => {
            load::<kinds::Gathering, _>(ctx, at, Node::AttendanceEvent).await
        }
        kinds::AttendanceRecord::PREFIX => {
            load::<kinds::AttendanceRecord, _>(ctx, at, Node::AttendanceRecord).await
        }
        kinds::GatheringSeries::PREFIX => {
            load::<kinds::GatheringSeries, _>(ctx, at, Node::AttendanceSeries).await
        }
        _ => {
            let message = "this is not the id of anything that can be looked up by its id alone";
            Err(Error::invalid(field, message).into())
        }
    }
}
