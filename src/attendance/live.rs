//! Speaks while it happens: the numbered stream of session events, and the board of who is at work.

use async_graphql::{Context, Enum, ID, Object, Result, Subscription};
use chrono::{DateTime, Utc};
use futures_util::stream::{Stream, StreamExt as _, TryStreamExt as _};

use super::graphql::WorkSession;
use super::model;
use super::queries::SessionFilter;
use super::service::{self, Filter};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::policy::Reach;
use crate::auth::viewer::Viewer;
use crate::events::event::{Event, Numbered, SessionEvent};
use crate::events::follow;
use crate::graphql::context::Ask;
use crate::graphql::scalars::out;
use crate::kernel::error::Error;

/// What happened to a session.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum SessionEventKind {
    /// Work began.
    ClockedIn,
    /// Work ended.
    ClockedOut,
    /// Closed without a clock-out: it was missed.
    SessionDisconnected,
    /// Somebody wrote a note.
    SessionNoted,
    /// A break began.
    BreakStarted,
    /// A break ended.
    BreakEnded,
    /// Somebody pressed the panic button: the last punch or location of the session says where.
    EmergencyEnded,
    /// Closed by the server, because nobody clocked out.
    SessionAutoClosed,
    /// Its times or verdicts were worked out anew: a late punch, a correction, another shift or rule.
    SessionRecomputed,
}

impl SessionEventKind {
    fn of(event: &Event) -> Option<Self> {
        match event {
            Event::ClockedIn(_) => Some(Self::ClockedIn),
            Event::ClockedOut(_) => Some(Self::ClockedOut),
            Event::SessionDisconnected(_) => Some(Self::SessionDisconnected),
            Event::SessionNoted(_) => Some(Self::SessionNoted),
            Event::BreakStarted(_) => Some(Self::BreakStarted),
            Event::BreakEnded(_) => Some(Self::BreakEnded),
            Event::EmergencyEnded(_) => Some(Self::EmergencyEnded),
            Event::SessionAutoClosed(_) => Some(Self::SessionAutoClosed),
            Event::SessionRecomputed(_) => Some(Self::SessionRecomputed),
            _ => None,
        }
    }
}

/// One thing that happened to a session.
pub struct SessionEventItem {
    number: i64,
    kind: SessionEventKind,
    about: SessionEvent,
}

/// One thing that happened to a session, with its number.
#[Object(name = "SessionEvent")]
impl SessionEventItem {
    /// The event's number in the organization: resume with `after: number`. Numbers you may not see, or that your
    /// filter leaves out, are skipped.
    async fn number(&self) -> i64 {
        self.number
    }

    /// What happened.
    async fn kind(&self) -> SessionEventKind {
        self.kind
    }

    /// When it happened at the session: for a clock-in, when the person clocked in.
    async fn at(&self) -> DateTime<Utc> {
        self.about.at
    }

    /// To which session: `ses_…`.
    async fn session_id(&self) -> ID {
        out(self.about.session)
    }

    /// The session as it is now.
    async fn session(&self, ctx: &Context<'_>) -> Result<Option<WorkSession>> {
        Ok(ctx
            .loads()?
            .load_one(self.about.session)
            .await?
            .map(WorkSession))
    }
}

/// A change of the board of who is at work.
pub struct BoardUpdate {
    number: i64,
    snapshot: bool,
    entered: Vec<model::WorkSession>,
    left: Vec<crate::kernel::id::SessionId>,
}

/// A change of the board of who is at work: begin with the snapshot, then add and remove.
#[Object]
impl BoardUpdate {
    /// The number of the event behind it; of the newest event before it for the snapshot.
    async fn number(&self) -> i64 {
        self.number
    }

    /// Whether `entered` is the whole board, replacing what was known.
    async fn snapshot(&self) -> bool {
        self.snapshot
    }

    /// Sessions that are open now.
    async fn entered(&self) -> Vec<WorkSession> {
        self.entered.iter().cloned().map(WorkSession).collect()
    }

    /// Sessions that are no longer open.
    async fn left(&self) -> Vec<ID> {
        self.left.iter().copied().map(out).collect()
    }
}

/// What can be listened to.
#[derive(Default)]
pub struct AttendanceSubscription;

#[Subscription]
impl AttendanceSubscription {
    /// What happens to sessions you may see: everything after the number you saw last, then live; without `after`, from
    /// now on. No gap, no double. Fails with `CURSOR_EXPIRED`, `CURSOR_IN_FUTURE` or `LAGGED` rather than skip silently.
    ///
    /// Requires: `READ_EVENTS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    async fn session_events(
        &self,
        ctx: &Context<'_>,
        after: Option<i64>,
        filter: Option<SessionFilter>,
    ) -> Result<impl Stream<Item = Result<SessionEventItem>> + use<>> {
        let watch = Watch::begin(ctx, filter).await?;
        let events = follow::follow(&watch.app, &watch.viewer, after).await?;
        let seen = watch
            .see(events)
            .map_ok(|(number, kind, about)| SessionEventItem {
                number,
                kind,
                about,
            });
        Ok(seen.map_err(async_graphql::Error::from))
    }

    /// The board of who is at work: first everybody, then each change.
    ///
    /// Requires: `READ_EVENTS` (OWNER, ADMIN, SUPERVISOR, WORKER, TECHNICIAN, INTEGRATION).
    async fn active_sessions(
        &self,
        ctx: &Context<'_>,
        filter: Option<SessionFilter>,
    ) -> Result<impl Stream<Item = Result<BoardUpdate>> + use<>> {
        let watch = Watch::begin(ctx, filter).await?;
        let (app, viewer, filter) = (
            watch.app.clone(),
            watch.viewer.clone(),
            watch.filter.clone(),
        );
        // The number first, then the board: what happens in between is told again, which changes nothing.
        let newest = follow::newest(&app, &viewer).await?;
        let events = follow::follow(&app, &viewer, Some(newest)).await?;
        let entered = service::active_sessions(&app, &viewer, &filter).await?;
        let first = BoardUpdate {
            number: newest,
            snapshot: true,
            entered,
            left: Vec::new(),
        };
        let changes = watch
            .see(events)
            .try_filter_map(move |(number, kind, about)| {
                let (app, viewer) = (app.clone(), viewer.clone());
                async move { change(&app, &viewer, number, kind, &about).await }
            });
        let board = futures_util::stream::once(async { Ok(first) }).chain(changes);
        Ok(board.map_err(async_graphql::Error::from))
    }
}

async fn change(
    app: &App,
    viewer: &Viewer,
    number: i64,
    kind: SessionEventKind,
    about: &SessionEvent,
) -> Result<Option<BoardUpdate>, Error> {
    let (mut entered, mut left) = (Vec::new(), Vec::new());
    match kind {
        SessionEventKind::ClockedIn
        | SessionEventKind::BreakStarted
        | SessionEventKind::BreakEnded => {
            let session = service::session(app, viewer, about.session).await?;
            // It may have ended since: then the event that says so is on its way.
            if session.status == model::Status::Active {
                entered.push(session);
            }
        }
        SessionEventKind::SessionRecomputed => {
            let session = service::session(app, viewer, about.session).await?;
            match session.status {
                model::Status::Active => entered.push(session),
                _ => left.push(about.session),
            }
        }
        SessionEventKind::ClockedOut
        | SessionEventKind::SessionDisconnected
        | SessionEventKind::EmergencyEnded
        | SessionEventKind::SessionAutoClosed => left.push(about.session),
        SessionEventKind::SessionNoted => return Ok(None),
    }
    Ok(Some(BoardUpdate {
        number,
        snapshot: false,
        entered,
        left,
    }))
}

/// Who watches, and what they may and want to see. Asked again for every event: permissions change while a socket
/// is open.
struct Watch {
    app: App,
    viewer: Viewer,
    reach: Reach,
    filter: Filter,
}

impl Watch {
    async fn begin(ctx: &Context<'_>, filter: Option<SessionFilter>) -> Result<Self, Error> {
        let (app, viewer) = (ctx.app().clone(), ctx.viewer()?.clone());
        let filter = filter.unwrap_or_default().read()?;
        let reach = reach(&app, &viewer).await?;
        Ok(Self {
            app,
            viewer,
            reach,
            filter,
        })
    }

    fn see(
        self,
        events: impl Stream<Item = Result<std::sync::Arc<Numbered>, Error>> + Send + 'static,
    ) -> impl Stream<Item = Result<(i64, SessionEventKind, SessionEvent), Error>> + Send + 'static
    {
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

    async fn look(
        &mut self,
        event: &Numbered,
    ) -> Result<Option<(i64, SessionEventKind, SessionEvent)>, Error> {
        if event.event == Event::DepartmentsChanged {
            self.reach = reach(&self.app, &self.viewer).await?;
        }
        let (Some(about), Some(kind)) = (event.event.session(), SessionEventKind::of(&event.event))
        else {
            return Ok(None);
        };
        let wanted = self
            .filter
            .member
            .is_none_or(|member| member == about.member)
            && self
                .filter
                .place
                .is_none_or(|place| Some(place) == about.place)
            && self
                .filter
                .department
                .is_none_or(|department| Some(department) == about.department);
        let visible = self.reach.covers(about.member, about.department);
        Ok((wanted && visible).then(|| (event.number, kind, about.clone())))
    }
}

async fn reach(app: &App, viewer: &Viewer) -> Result<Reach, Error> {
    Ok(app.read(viewer, Action::ReadEvents).await?.reach().clone())
}
