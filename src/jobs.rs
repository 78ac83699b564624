//! The timetable: what the server does without being asked.

use std::time::Duration;

use crate::app::App;
use crate::attendance::days;
use crate::identity::attempts;
use crate::rules::decisions::retention;
use crate::rules::replays::service as replays;

/// How often the house is swept.
const SWEEP: Duration = Duration::from_hours(1);
/// How often days whose shifts are over are settled.
const CLOSE: Duration = Duration::from_mins(2);

/// Runs until the server stops. Safe on several nodes at once: doing it twice changes nothing.
pub async fn run(app: App) {
    tokio::join!(sweep(&app), close(&app));
}

async fn close(app: &App) {
    loop {
        tokio::select! {
            () = app.tasks().stopping() => return,
            () = tokio::time::sleep(CLOSE) => {}
        }
        if let Err(error) = days::close::close(app).await {
            tracing::error!(error = ?error, "days could not be closed");
        }
    }
}

async fn sweep(app: &App) {
    loop {
        tokio::select! {
            () = app.tasks().stopping() => return,
            () = tokio::time::sleep(SWEEP) => {}
        }
        if let Err(error) = attempts::purge(app).await {
            tracing::error!(error = ?error, "old sign-in attempts could not be removed");
        }
        if let Err(error) = retention::purge(app).await {
            tracing::error!(error = ?error, "old facts of decisions could not be removed");
        }
        if let Err(error) = replays::purge(app).await {
            tracing::error!(error = ?error, "old replays could not be removed");
        }
    }
}
