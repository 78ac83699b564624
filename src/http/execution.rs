//! Running operations within a deadline, whatever transport brought them.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use async_graphql::Response;
use async_graphql::parser::types::OperationType;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, Stream, StreamExt as _};

use super::answer;
use super::entry::Guest;
use super::operation::Operation;
use super::server::Web;
use crate::graphql::error;
use crate::kernel::error::Error;
use crate::telemetry::{self, Open, WithinRequest};

/// Executes a query or a mutation.
pub(super) async fn once(web: &Web, guest: &Guest, operation: Operation) -> Response {
    let Operation { request, name, .. } = operation;
    let begun = Instant::now();
    let running = web.schema.execute(request.data(guest.data(&web.app)));
    // A resolver that panics is our fault and one request's misfortune.
    let running = Box::pin(AssertUnwindSafe(running).catch_unwind());
    let response = match tokio::time::timeout(web.options.deadlines.execution, running).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => error::response(Error::internal("a resolver panicked")),
        Err(_) => error::response(too_slow()),
    };
    count(&name, &response, begun);
    response
}

fn too_slow() -> Error {
    Error::try_again(
        "this took too long and was given up; ask for less, or retry with the same idempotency key",
        1,
    )
}

/// Executes anything as a stream of answers: one for a query or a mutation, many for a subscription.
pub(super) fn stream(
    web: &Web,
    guest: &Guest,
    operation: Operation,
    id: String,
) -> BoxStream<'static, Response> {
    let Operation {
        request,
        kind,
        name,
    } = operation;
    let begun = Instant::now();
    let answers = web
        .schema
        .execute_stream(request.data(guest.data(&web.app)));
    let answers = WithinRequest::new(id, answers);
    if kind == OperationType::Subscription {
        let open = Open::one("zamu_subscriptions_open");
        let mut is_first = true;
        let counted = answers.inspect(move |response| {
            let _ = &open;
            if std::mem::take(&mut is_first) {
                count(&name, response, begun);
            }
        });
        return counted.boxed();
    }
    within(answers, web.options.deadlines.execution, name, begun).boxed()
}

fn within(
    mut answers: impl Stream<Item = Response> + Send + Unpin + 'static,
    deadline: std::time::Duration,
    name: String,
    begun: Instant,
) -> impl Stream<Item = Response> + Send + 'static {
    futures_util::stream::once(async move {
        let first = tokio::time::timeout(deadline, answers.next()).await;
        let response = match first {
            Ok(Some(response)) => response,
            Ok(None) => error::response(Error::internal("an operation had no answer")),
            Err(_) => error::response(too_slow()),
        };
        count(&name, &response, begun);
        response
    })
}

/// A name is believed only when the schema knew it, so that a client cannot invent metrics.
fn count(name: &str, response: &Response, begun: Instant) {
    let name = if answer::is_refusal(response) {
        "invalid"
    } else {
        name
    };
    telemetry::operation_answered(name, answer::status_name(response), begun.elapsed());
}
