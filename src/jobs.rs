//! The timetable: what the server does without being asked. Safe on several nodes at once: doing it twice changes
//! nothing.

use std::time::Duration;

use crate::app::App;
use crate::attendance::locations::service as locations;
use crate::attendance::{automatic, days};
use crate::gatherings;
use crate::identity::attempts;
use crate::identity::moves::service as moves;
use crate::imports::members::retention as imports;
use crate::kernel::error::Result;
use crate::rules::decisions::retention;
use crate::rules::replays::service as replays;
use crate::schedules::series::extending;

/// How often the house is swept.
const SWEEP: Duration = Duration::from_hours(1);
/// How often what is over is closed.
const TEND: Duration = Duration::from_mins(2);

/// Runs until the server stops.
pub async fn run(app: App) {
    tokio::join!(every(&app, SWEEP, sweep), every(&app, TEND, tend));
}

async fn every(app: &App, pause: Duration, work: impl AsyncFn(&App)) {
    loop {
        tokio::select! {
            () = app.tasks().stopping() => return,
            () = tokio::time::sleep(pause) => {}
        }
        work(app).await;
    }
}

/// What is past its time.
async fn tend(app: &App) {
    note(
        "moves between departments could not be carried out",
        moves::apply_moves(app).await,
    );
    note(
        "open sessions could not be looked at",
        automatic::run(app).await,
    );
    note("days could not be closed", days::close::close(app).await);
    note(
        "attendance events could not be closed",
        gatherings::closing::close_due(app).await,
    );
}

/// What is needed some weeks from now, and what nobody needs any more.
async fn sweep(app: &App) {
    note(
        "series could not be planned further",
        extending::extend(app).await,
    );
    note(
        "series of attendance events could not be planned further",
        gatherings::series::extending::extend(app).await,
    );
    note(
        "old sign-in attempts could not be removed",
        attempts::purge(app).await,
    );
    note(
        "old facts of decisions could not be removed",
        retention::purge(app).await,
    );
    note(
        "old positions could not be removed",
        locations::purge(app).await,
    );
    note(
        "old replays could not be removed",
        replays::purge(app).await,
    );
    note(
        "rows of old imports could not be removed",
        imports::purge(app).await,
    );
}

/// One job that fails does not keep the next from its work.
fn note<T>(what: &'static str, done: Result<T>) {
    if let Err(error) = done {
        tracing::error!(error = ?error, "{what}");
    }
}
