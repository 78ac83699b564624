//! Anything with an id, by its id: Relay's `node` and `nodes`.

use async_graphql::{Context, ID, Interface, Object, Result};

use super::context::Ask;
use super::scalars::id;
use crate::attendance::graphql::WorkSession;
use crate::identity::graphql::Member;
use crate::kernel::error::Error;
use crate::kernel::id::{ClientId, Kind, MemberId, PlaceId, SessionId, ShiftId, kinds};
use crate::places::graphql::{Client, Place};
use crate::schedules::graphql::Shift;

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
    Place(Place),
    Client(Client),
    Shift(Shift),
    WorkSession(WorkSession),
}

/// `node` and `nodes`.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// A member, place, client, shift or work session by its id; nothing for what you may not see.
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

async fn find(ctx: &Context<'_>, field: &str, node: &ID) -> Result<Option<Node>> {
    let loads = ctx.loads()?;
    let prefix = node.split('_').next().unwrap_or_default();
    Ok(match prefix {
        kinds::Member::PREFIX => loads
            .load_one(id::<kinds::Member>(field, node)? as MemberId)
            .await?
            .map(Node::Member),
        kinds::Place::PREFIX => loads
            .load_one(id::<kinds::Place>(field, node)? as PlaceId)
            .await?
            .map(Node::Place),
        kinds::Client::PREFIX => loads
            .load_one(id::<kinds::Client>(field, node)? as ClientId)
            .await?
            .map(Node::Client),
        kinds::Shift::PREFIX => loads
            .load_one(id::<kinds::Shift>(field, node)? as ShiftId)
            .await?
            .map(Node::Shift),
        kinds::Session::PREFIX => {
            let session: SessionId = id(field, node)?;
            loads
                .load_one(session)
                .await?
                .map(|session| Node::WorkSession(WorkSession(session)))
        }
        _ => {
            let message = "this is not the id of a member, place, client, shift or work session";
            return Err(Error::invalid(field, message).into());
        }
    })
}
