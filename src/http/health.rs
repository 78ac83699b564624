//! Whether the server lives, whether it can work, and what it counted.

use std::sync::Arc;
use std::time::Duration;

use metrics::gauge;
use poem::http::{StatusCode, header};
use poem::{Endpoint, Request, Response};

use super::server::Web;
use crate::app::App;
use crate::events::store;
use crate::kernel::error::Result;
use crate::telemetry;

/// The dispatcher goes round four times a second; longer silence means that events reach nobody.
const SILENCE: Duration = Duration::from_secs(10);
/// A database that takes longer than this to count a small table is as good as away.
const PATIENCE: Duration = Duration::from_secs(2);

/// What can be asked about the server itself.
#[derive(Clone, Copy)]
pub(super) enum Question {
    Live,
    Ready,
    Metrics,
}

/// The endpoint for one of them.
pub(super) struct Health(pub(super) Arc<Web>, pub(super) Question);

impl Endpoint for Health {
    type Output = Response;

    async fn call(&self, _request: Request) -> poem::Result<Response> {
        Ok(match self.1 {
            Question::Live => text(StatusCode::OK, "alive\n".to_owned()),
            Question::Ready => match reasons(&self.0).await {
                none if none.is_empty() => text(StatusCode::OK, "ready\n".to_owned()),
                reasons => text(StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n"),
            },
            Question::Metrics => text(StatusCode::OK, metrics(&self.0.app).await),
        })
    }
}

fn text(status: StatusCode, text: String) -> Response {
    Response::builder()
        .status(status)
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-store")
        .body(text)
}

/// Why this server should get no requests now, in words for a person. Migrations need no question of their own: no
/// server starts before they are done.
async fn reasons(web: &Web) -> Vec<String> {
    let mut reasons = Vec::new();
    if web.stopping.is_cancelled() {
        reasons.push("the server is stopping".to_owned());
    }
    if let Err(reason) = backlog(&web.app).await {
        reasons.push(reason);
    }
    match web.app.bus().silence() {
        None => reasons.push("the dispatcher has not finished its first round yet".to_owned()),
        Some(silence) if silence > SILENCE => {
            reasons.push(format!(
                "the dispatcher has been silent for {} seconds",
                silence.as_secs()
            ));
        }
        Some(_) => {}
    }
    reasons
}

async fn backlog(app: &App) -> Result<i64, String> {
    let counted = async { store::backlog(&mut app.lobby().await?).await };
    let counted: Result<Result<i64>, _> = tokio::time::timeout(PATIENCE, counted).await;
    match counted {
        Ok(Ok(count)) => Ok(count),
        Ok(Err(_)) => Err("the database does not answer".to_owned()),
        Err(_) => Err(format!(
            "the database did not answer within {} seconds",
            PATIENCE.as_secs()
        )),
    }
}

async fn metrics(app: &App) -> String {
    if let Ok(count) = backlog(app).await {
        gauge!("zamu_outbox_backlog").set(i32::try_from(count).map_or(f64::MAX, f64::from));
    }
    if let Some(silence) = app.bus().silence() {
        gauge!("zamu_dispatcher_last_round_age_seconds").set(silence.as_secs_f64());
    }
    telemetry::metrics_text()
}
