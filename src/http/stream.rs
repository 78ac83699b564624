//! Server-sent events: graphql-sse in its "distinct connections" mode, one operation for each request.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use poem::http::header;
use poem::{Body, Response};

use super::accept::Media;
use super::answer;
use super::entry::Guest;
use super::execution;
use super::operation::Operation;
use super::server::Web;
use crate::graphql::error;
use crate::kernel::error::Error;
use crate::telemetry;

/// Between two comments that keep proxies from closing a quiet stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

const COMPLETE: &str = "event: complete\ndata:\n\n";

/// Answers an operation as a stream of `next` events and one `complete`.
pub(super) fn events(web: Arc<Web>, guest: Guest, operation: Operation) -> Response {
    let answers = execution::stream(&web, &guest, operation, telemetry::request_id());
    let end = Box::pin(async move {
        tokio::select! {
            error = guest.until_unwelcome(&web) => Some(error),
            () = web.stopping.cancelled() => None,
        }
    });
    let text = stream::unfold(
        Sending {
            answers,
            end,
            is_over: false,
        },
        |mut sending| async move {
            sending
                .next()
                .await
                .map(|text| (Ok::<_, std::io::Error>(text), sending))
        },
    );
    Response::builder()
        .content_type(Media::Events.content_type())
        .header(header::CACHE_CONTROL, "no-store")
        .header("X-Accel-Buffering", "no")
        .body(Body::from_bytes_stream(text))
}

struct Sending {
    answers: BoxStream<'static, async_graphql::Response>,
    /// Resolves when the client may not stay, with the reason, or when the server stops.
    end: BoxFuture<'static, Option<Error>>,
    is_over: bool,
}

impl Sending {
    async fn next(&mut self) -> Option<String> {
        if self.is_over {
            return None;
        }
        let last = tokio::select! {
            answer = self.answers.next() => match answer {
                Some(answer) => return Some(event(&answer)),
                None => None,
            },
            reason = &mut self.end => reason.map(error::response),
            () = tokio::time::sleep(KEEP_ALIVE) => return Some(":\n\n".to_owned()),
        };
        self.is_over = true;
        Some(last.as_ref().map(event).unwrap_or_default() + COMPLETE)
    }
}

fn event(response: &async_graphql::Response) -> String {
    let body = serde_json::to_string(&answer::Body::of(response)).unwrap_or_default();
    format!("event: next\ndata: {body}\n\n")
}
