//! `/graphql` over HTTP, as the GraphQL-over-HTTP specification has it.
//!
//! Nothing here can be abused from another site: a POST needs a content type that browsers ask permission for, a
//! GET only reads, credentials are never in cookies, and no other origin may read an answer unless it is listed.

use std::sync::Arc;

use async_graphql::Request as Operations;
use async_graphql::parser::types::OperationType;
use poem::http::{Method, header};
use poem::{Endpoint, Request, Response};
use serde_json::{Map, Value as Json};

use super::accept::{self, Media};
use super::answer::{self, Answer};
use super::entry::{self, Guest};
use super::operation;
use super::server::Web;
use super::{execution, socket, stream};
use crate::graphql::limits;
use crate::kernel::error::{Code, Error, Result};
use crate::telemetry;

/// The endpoint.
pub(super) struct Graphql(pub(super) Arc<Web>);

impl Endpoint for Graphql {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let id = entry::request_id(&self.0.app, request.headers());
        let answering = Box::pin(self.answer(request));
        let mut response = telemetry::within_request(id.clone(), answering).await;
        if let Ok(id) = id.parse() {
            response.headers_mut().insert(entry::REQUEST_ID, id);
        }
        Ok(response)
    }
}

/// A request, or several in one body.
enum Asked {
    One(Operations),
    Many(Vec<Operations>),
}

impl Graphql {
    async fn answer(&self, request: Request) -> Response {
        if request.method() == Method::GET && request.header(header::UPGRADE).is_some() {
            return socket::upgrade(&self.0, request);
        }
        let Some(media) = accept::choose(request.header(header::ACCEPT)) else {
            let message = "answers are application/json, application/graphql-response+json or text/event-stream";
            return answer::refused(Media::Json, Error::refused(Code::NotAcceptable, message));
        };
        match self.handle(media, request).await {
            Ok(response) => response,
            Err(refusal) => answer::refused(media, refusal),
        }
    }

    async fn handle(&self, media: Media, mut request: Request) -> Result<Response> {
        let asked = match *request.method() {
            Method::GET => Asked::One(operation::read(parameters(&request)?)?),
            Method::POST => body(&mut request).await?,
            _ => {
                return Err(Error::refused(
                    Code::MethodNotAllowed,
                    "use POST, or GET for queries",
                ));
            }
        };
        let origin = entry::origin(&request, self.0.options.trusted_proxy);
        let authorization = entry::authorization(request.headers())?;
        let guest = entry::introduce(&self.0.app, authorization, origin).await?;
        match asked {
            Asked::One(asked) => {
                self.one(media, &guest, asked, request.method() == Method::GET)
                    .await
            }
            Asked::Many(_) if media == Media::Events => Err(Error::refused(
                Code::InvalidInput,
                "an event stream carries one operation",
            )),
            Asked::Many(all) => {
                let running = all.into_iter().map(|asked| self.execute(&guest, asked));
                let answers = futures_util::future::join_all(running).await;
                Ok(answer::executed(media, &Answer::Many(answers)))
            }
        }
    }

    async fn one(
        &self,
        media: Media,
        guest: &Guest,
        asked: Operations,
        only_reads: bool,
    ) -> Result<Response> {
        let operation = match operation::prepare(asked) {
            Ok(operation) => operation,
            Err(refusal) => return Ok(unprepared(media, refusal)),
        };
        if only_reads && operation.kind == OperationType::Mutation {
            return Err(Error::refused(
                Code::MethodNotAllowed,
                "a mutation needs POST",
            ));
        }
        if media == Media::Events {
            return Ok(stream::events(
                Arc::clone(&self.0),
                guest.clone(),
                operation,
            ));
        }
        let response = execution::once(&self.0, guest, operation).await;
        Ok(answer::executed(media, &Answer::One(response)))
    }

    async fn execute(&self, guest: &Guest, asked: Operations) -> async_graphql::Response {
        match operation::prepare(asked) {
            Ok(operation) => execution::once(&self.0, guest, operation).await,
            Err(refusal) => refusal_of(refusal),
        }
    }
}

/// A document or its variables were refused: that is GraphQL's refusal, not HTTP's.
fn unprepared(media: Media, refusal: Error) -> Response {
    let media = if media == Media::Events {
        Media::Json
    } else {
        media
    };
    answer::executed(media, &Answer::One(refusal_of(refusal)))
}

fn refusal_of(refusal: Error) -> async_graphql::Response {
    let response = crate::graphql::error::response(refusal);
    telemetry::operation_answered(
        "invalid",
        answer::status_name(&response),
        std::time::Duration::ZERO,
    );
    response
}

async fn body(request: &mut Request) -> Result<Asked> {
    let is_json = request
        .header(header::CONTENT_TYPE)
        .is_some_and(accept::is_json);
    if !is_json
        || request
            .header(header::CONTENT_ENCODING)
            .is_some_and(|coding| coding != "identity")
    {
        let message = "a POST has the content type application/json, in UTF-8 and not compressed";
        return Err(Error::refused(Code::UnsupportedMediaType, message));
    }
    let bytes = request
        .take_body()
        .into_bytes_limit(limits::BODY_BYTES)
        .await
        .map_err(unread)?;
    let json: Json = serde_json::from_slice(&bytes).map_err(|error| {
        Error::refused(Code::InvalidInput, format!("the body is not JSON: {error}"))
    })?;
    match json {
        Json::Array(all) => batch(all),
        one => operation::read(one).map(Asked::One),
    }
}

fn unread(error: poem::error::ReadBodyError) -> Error {
    match error {
        poem::error::ReadBodyError::PayloadTooLarge => {
            let message = format!("a body may have {} bytes", limits::BODY_BYTES);
            Error::refused(Code::PayloadTooLarge, message).with("limit", limits::BODY_BYTES)
        }
        error => Error::refused(
            Code::InvalidInput,
            format!("the body cannot be read: {error}"),
        ),
    }
}

fn batch(all: Vec<Json>) -> Result<Asked> {
    if all.is_empty() {
        return Err(Error::refused(
            Code::InvalidInput,
            "a batch has at least one operation",
        ));
    }
    if all.len() > limits::BATCH {
        let message = format!(
            "{} operations in one request; {} are allowed",
            all.len(),
            limits::BATCH
        );
        return Err(Error::refused(Code::BatchTooLong, message).with("limit", limits::BATCH));
    }
    all.into_iter()
        .map(operation::read)
        .collect::<Result<Vec<_>>>()
        .map(Asked::Many)
}

/// The parameters of a GET; variables and extensions are JSON in the query string.
fn parameters(request: &Request) -> Result<Json> {
    let pairs: Vec<(String, String)> = request.params().map_err(|error| {
        Error::refused(
            Code::InvalidInput,
            format!("the query string cannot be read: {error}"),
        )
    })?;
    let mut parameters = Map::new();
    for (name, value) in pairs {
        let value = match name.as_str() {
            "variables" | "extensions" if value.is_empty() => Json::Null,
            "variables" | "extensions" => serde_json::from_str(&value)
                .map_err(|error| Error::invalid(&name, format!("{name} is not JSON: {error}")))?,
            _ => Json::String(value),
        };
        if parameters.insert(name.clone(), value).is_some() {
            return Err(Error::invalid(&name, format!("{name} is given twice")));
        }
    }
    Ok(Json::Object(parameters))
}
