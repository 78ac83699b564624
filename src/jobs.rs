//! The timetable: what the server does without being asked.

use std::time::Duration;

use crate::app::App;
use crate::attendance::{automatic, days};
use crate::identity::attempts;
use crate::rules::decisions::retention;
use crate::rules::replays::service as replays;

/// How often the house is swept.
const SWEEP: Duration = Duration::from_hours(1);
/// How often days whose shifts are over are settled.
const CLOSE: Duration = Duration::from_mins(2);

/// How often sessions that nobody closed are looked at.
const AUTO_CLOCK_OUT: Duration = Duration::from_mins(5);

/// Runs until the server stops. Safe on several nodes at once: doing it twice changes nothing.
pub async fn run(app: App) {
    tokio::join!(sweep(&app), close(&app), clock_out(&app));
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

/// Closes by rule what nobody closed.
async fn clock_out(app: &App) {
    loop {
        tokio::select! {
            () = app.tasks().stopping() => return,
            () = tokio::time::sleep(AUTO_CLOCK_OUT) => {}
        }
        if let Err(error) = automatic::run(app).await {
            tracing::error!(error = ?error, "open sessions could not be looked at");
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
