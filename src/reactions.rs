//! What the server does because something happened: facts flow down by call and up by event, so attendance learns here
//! that shifts, leave, holidays or rules changed under time that was already worked, and that a device went from hand to
//! hand.

use std::time::Duration;

use crate::app::App;
use crate::attendance::days::again as days;
use crate::attendance::devices;
use crate::auth::viewer::Viewer;
use crate::events::event::Event;
use crate::events::reactions::{Reader, Waiting};
use crate::exceptions::model::Kind;
use crate::kernel::error::{Code, Result};
use crate::leave::recount;

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

/// Looks at everybody who used a device that is found to be shared.
const DEVICES: Reader = Reader {
    name: "devices",
    kinds: &["EXCEPTION_OPENED", "EXCEPTION_CHANGED"],
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
    let mut moved = 0;
    for reader in [PLANNING, DEVICES] {
        moved += read(app, reader).await?;
    }
    Ok(moved)
}

async fn read(app: &App, reader: Reader) -> Result<usize> {
    let waiting = reader.waiting(app).await?;
    let mut skipped = None;
    for one in &waiting {
        let reacted = react(app, one).await;
        // What a stop or a database that is away left half done is met again.
        if app.tasks().is_stopping() {
            return Ok(0);
        }
        skipped = match reacted {
            Ok(false) => Some(one.position),
            Ok(true) => None,
            Err(error) if error.code == Code::TryAgain => return Err(error),
            Err(error) => {
                tracing::error!(error = ?error, event = one.event.event.kind(), "an event was not reacted to");
                None
            }
        };
        if skipped.is_none() {
            reader.read(app, one.position).await?;
        }
    }
    if let Some(position) = skipped {
        reader.read(app, position).await?;
    }
    Ok(waiting.len())
}

/// Whether there was anything to do.
async fn react(app: &App, waiting: &Waiting) -> Result<bool> {
    let viewer = Viewer::job(waiting.event.org, "REACTIONS");
    match &waiting.event.event {
        Event::ShiftsChanged(plan) | Event::LeaveDecided(plan) => {
            days::work_out_again(app, &viewer, plan.member, (plan.from, plan.to)).await?;
        }
        Event::CalendarChanged {
            from: Some(from),
            to,
        } => {
            let recounted = recount::count_again(app, &viewer, (*from, *to)).await;
            let today = app.now().date_naive().succ_opt();
            let to = to.or(today).unwrap_or(*from);
            days::work_everybody_out_again(app, &viewer, (*from, to)).await?;
            recounted?;
        }
        // A release that holds from an instant in the past judges what happened since.
        Event::RuleReleaseActivated { from, .. } if *from < waiting.event.occurred_at => {
            let today = app.now().date_naive().succ_opt();
            let from = from.date_naive().pred_opt().unwrap_or(from.date_naive());
            days::work_everybody_out_again(app, &viewer, (from, today.unwrap_or(from))).await?;
        }
        Event::ExceptionOpened(found) | Event::ExceptionChanged(found)
            if found.what.as_deref() == Some(Kind::SharedDevice.name()) =>
        {
            devices::look_at_others(app, &viewer, found.exception).await?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}
