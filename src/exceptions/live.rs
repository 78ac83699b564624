//! Speaks while it happens: the review queue, numbered and resumable.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, Subscription};
use futures_util::stream::{Stream, StreamExt as _};

use super::graphql::{Exception, ExceptionFilter};
use super::model;
use super::service::{self, Filter};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::policy::Reach;
use crate::auth::viewer::Viewer;
use crate::events::event::{Event, ExceptionEvent, Numbered};
use crate::events::follow;
use crate::graphql::context::Ask;
use crate::graphql::scalars::out;
use crate::kernel::error::Error;

/// What happened in the queue.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ExceptionEventKind {
    /// Something new to look at.
    Opened,
    /// It says something else, or somebody else looks after it, or it was reopened.
    Changed,
    /// It was acknowledged, or it is not so any more.
    Closed,
}

/// One thing that happened in the queue.
pub struct ExceptionEventItem {
    number: i64,
    kind: ExceptionEventKind,
    now: model::Exception,
}

/// One thing that happened in the queue, with its number.
#[Object(name = "ExceptionEvent")]
impl ExceptionEventItem {
    /// The event's number in the organization: resume with `after: number`. Numbers you may not see, or that your
    /// filter leaves out, are skipped.
    async fn number(&self) -> i64 {
        self.number
    }

    /// What happened.
    async fn kind(&self) -> ExceptionEventKind {
        self.kind
    }

    /// To which exception: `exc_…`.
    async fn exception_id(&self) -> ID {
        out(self.now.id)
    }

    /// The exception as it is now.
    async fn exception(&self) -> Exception {
        Exception(self.now.clone())
    }
}

/// What can be listened to.
#[derive(Default)]
pub struct ExceptionsSubscription;

#[Subscription]
impl ExceptionsSubscription {
    /// What happens in the queue you may see: everything after the number you saw last, then live; without `after`, from
    /// now on. No gap, no double. The filter is applied to the exception as it is now, but for its `states`: what leaves
    /// the queue is told too. Fails with `CURSOR_EXPIRED`, `CURSOR_IN_FUTURE` or `LAGGED` rather than skip silently.
    ///
    /// Requires: `VIEW_EXCEPTIONS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION), and `READ_EVENTS`.
    async fn exception_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number seen last.")] after: Option<i64>,
        #[graphql(desc = "All of them if left out.")] filter: Option<ExceptionFilter>,
    ) -> Result<impl Stream<Item = Result<ExceptionEventItem>> + use<>> {
        let (app, viewer) = (ctx.app().clone(), ctx.viewer()?.clone());
        let filter = filter.unwrap_or_default().read()?;
        let reach = reach(&app, &viewer).await?;
        let events = follow::follow(&app, &viewer, after).await?;
        let watch = Watch {
            app,
            viewer,
            reach,
            filter,
        };
        Ok(watch
            .see(events)
            .map(|item| item.map_err(async_graphql::Error::from)))
    }
}

/// Who watches, and what they may and want to see. Asked again for every event: permissions change while a socket is
/// open.
struct Watch {
    app: App,
    viewer: Viewer,
    reach: Reach,
    filter: Filter,
}

impl Watch {
    fn see(
        self,
        events: impl Stream<Item = Result<Arc<Numbered>, Error>> + Send + 'static,
    ) -> impl Stream<Item = Result<ExceptionEventItem, Error>> + Send + 'static {
        futures_util::stream::unfold(
            (self, Box::pin(events)),
            |(mut watch, mut events)| async move {
                loop {
                    let item = match events.next().await? {
                        Ok(event) => watch.look(&event).await.transpose(),
                        Err(error) => Some(Err(error)),
                    };
                    if let Some(item) = item {
                        return Some((item, (watch, events)));
                    }
                }
            },
        )
    }

    async fn look(&mut self, event: &Numbered) -> Result<Option<ExceptionEventItem>, Error> {
        if event.event == Event::DepartmentsChanged {
            self.reach = reach(&self.app, &self.viewer).await?;
        }
        let Some((kind, about)) = queued(&event.event) else {
            return Ok(None);
        };
        if !self.reach.covers(about.member, about.department) {
            return Ok(None);
        }
        // Within reach a moment ago; the store looks again.
        let now = service::by_ids(&self.app, &self.viewer, &[about.exception]).await?;
        let wanted = now.into_iter().next().filter(|now| self.filter.takes(now));
        Ok(wanted.map(|now| ExceptionEventItem {
            number: event.number,
            kind,
            now,
        }))
    }
}

const fn queued(event: &Event) -> Option<(ExceptionEventKind, &ExceptionEvent)> {
    match event {
        Event::ExceptionOpened(about) => Some((ExceptionEventKind::Opened, about)),
        Event::ExceptionChanged(about) => Some((ExceptionEventKind::Changed, about)),
        Event::ExceptionClosed(about) => Some((ExceptionEventKind::Closed, about)),
        _ => None,
    }
}

async fn reach(app: &App, viewer: &Viewer) -> Result<Reach, Error> {
    let tx = app.read(viewer, Action::ViewExceptions).await?;
    Ok(tx.reach().clone())
}
