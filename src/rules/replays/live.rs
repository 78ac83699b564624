//! Speaks while it happens: how far a replay is. It may run on another node, so the database is asked.

use std::time::Duration;

use async_graphql::{Context, ID, Result, Subscription};
use futures_util::stream::{self, Stream};

use super::graphql::RuleReplay;
use super::model::{Job, State};
use super::service;
use crate::app::App;
use crate::auth::viewer::Viewer;
use crate::graphql::context::Ask;
use crate::graphql::scalars::id;
use crate::kernel::error::Error;
use crate::kernel::id::ReplayId;

/// Between two looks; a running replay writes down how far it is twice a second.
const LOOK: Duration = Duration::from_millis(250);

/// What can be listened to.
#[derive(Default)]
pub struct ReplaysSubscription;

#[Subscription]
impl ReplaysSubscription {
    /// How far a replay is: at once, then whenever it got further, and last how it ended. Asking again goes on from
    /// where it is.
    ///
    /// Requires: `REPLAY_RULES` (OWNER, ADMIN, OPERATOR).
    async fn rule_replay_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one: `rpl_…`.")] replay: ID,
    ) -> Result<impl Stream<Item = Result<RuleReplay>> + use<>> {
        let (app, viewer) = (ctx.app().clone(), ctx.viewer()?.clone());
        let id = id("replay", &replay)?;
        // Whoever may not see it hears so at once.
        service::replay(&app, &viewer, id).await?;
        let watch = Watch {
            app,
            viewer,
            id,
            told: None,
            ended: false,
        };
        Ok(stream::unfold(watch, |mut watch| async move {
            let next = watch.next().await?;
            Some((next.map(RuleReplay).map_err(Into::into), watch))
        }))
    }
}

struct Watch {
    app: App,
    viewer: Viewer,
    id: ReplayId,
    told: Option<(State, i64)>,
    ended: bool,
}

impl Watch {
    async fn next(&mut self) -> Option<Result<Job, Error>> {
        while !self.ended {
            if self.told.is_some() {
                tokio::time::sleep(LOOK).await;
            }
            let job = match service::replay(&self.app, &self.viewer, self.id).await {
                Ok(job) => job,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            };
            self.ended = job.state != State::Running;
            let news = (job.state, job.done);
            if self.told.replace(news) != Some(news) {
                return Some(Ok(job));
            }
        }
        None
    }
}
