//! Speaks while it happens: how many are there.

use async_graphql::{Context, ID, Object, Result, Subscription};
use futures_util::stream::{Stream, StreamExt as _, TryStreamExt as _};

use super::graphql::{AttendanceCounts, AttendanceEvent};
use super::record::Counts;
use super::service;
use crate::app::App;
use crate::auth::viewer::Viewer;
use crate::events::event::{Event, Numbered};
use crate::events::follow;
use crate::graphql::context::Ask;
use crate::graphql::scalars::id;
use crate::kernel::error::Error;
use crate::kernel::id::GatheringId;

/// How many are there, after something happened at an attendance event.
pub struct AttendanceCountsUpdate {
    number: i64,
    gathering: GatheringId,
    counts: Counts,
}

/// How many are there, after something happened at an attendance event.
#[Object]
impl AttendanceCountsUpdate {
    /// The number of the event behind it; of the newest before it for the first answer. Resume with `after: number`.
    async fn number(&self) -> i64 {
        self.number
    }

    /// How many of the people you may see are there now.
    async fn counts(&self) -> AttendanceCounts {
        self.counts.into()
    }

    /// The attendance event as it is now.
    async fn event(&self, ctx: &Context<'_>) -> Result<Option<AttendanceEvent>> {
        Ok(ctx.loads()?.load_one(self.gathering).await?)
    }
}

/// What can be listened to.
#[derive(Default)]
pub struct GatheringsSubscription;

#[Subscription]
impl GatheringsSubscription {
    /// How many are there: first now, then after each check-in, check-out and change. With `after`, what happened since
    /// that number, then live. Fails with `CURSOR_EXPIRED`, `CURSOR_IN_FUTURE` or `LAGGED` rather than skip silently.
    ///
    /// Requires: `READ_EVENTS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    async fn attendance_event_counts(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id")] event: ID,
        after: Option<i64>,
    ) -> Result<impl Stream<Item = Result<AttendanceCountsUpdate>> + use<>> {
        let (app, viewer) = (ctx.app().clone(), ctx.viewer()?.clone());
        let gathering: GatheringId = id("id", &event)?;
        service::gathering(&app, &viewer, gathering).await?;
        // The number first, then the counts: what happens in between is told again, which changes nothing.
        let newest = follow::newest(&app, &viewer).await?;
        let events = follow::follow(&app, &viewer, Some(after.unwrap_or(newest))).await?;
        let first = match after {
            Some(_) => None,
            None => Some(update(&app, &viewer, gathering, newest).await),
        };
        let changes = events.try_filter_map(move |event| {
            let (app, viewer) = (app.clone(), viewer.clone());
            async move {
                if is_about(&event, gathering) {
                    update(&app, &viewer, gathering, event.number)
                        .await
                        .map(Some)
                } else {
                    Ok(None)
                }
            }
        });
        let all = futures_util::stream::iter(first).chain(changes);
        Ok(all.map_err(async_graphql::Error::from))
    }
}

fn is_about(event: &Numbered, gathering: GatheringId) -> bool {
    match &event.event {
        Event::GatheringScheduled(about)
        | Event::GatheringChanged(about)
        | Event::GatheringCheckedIn(about)
        | Event::GatheringCheckedOut(about)
        | Event::GatheringClosed(about) => about.gathering == gathering,
        _ => false,
    }
}

/// Asked again for every event: permissions change while a socket is open.
async fn update(
    app: &App,
    viewer: &Viewer,
    gathering: GatheringId,
    number: i64,
) -> Result<AttendanceCountsUpdate, Error> {
    let counts = service::counts_of(app, viewer, &[gathering]).await?;
    let counts = counts.get(&gathering).copied();
    Ok(AttendanceCountsUpdate {
        number,
        gathering,
        counts: counts.ok_or_else(|| Error::not_found("attendance event"))?,
    })
}
