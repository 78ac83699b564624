//! GraphQL answers as HTTP: the status code, and no `data` where nothing was executed.

use async_graphql::{Response, ServerError, Value};
use poem::http::{StatusCode, header};
use serde::Serialize;
use serde::ser::{SerializeSeq as _, Serializer};

use super::accept::Media;
use crate::graphql::error;
use crate::kernel::error::{Code, Error};

/// Whether an answer refuses the whole request: nothing was executed, so there is no `data` at all.
pub(super) fn is_refusal(response: &Response) -> bool {
    !response.errors.is_empty()
        && response.data == Value::Null
        && response.errors.iter().all(|error| error.path.is_empty())
}

/// `OK`, or the code of the first error.
pub(super) fn status_name(response: &Response) -> String {
    let Some(error) = response.errors.first() else {
        return "OK".to_owned();
    };
    match error
        .extensions
        .as_ref()
        .and_then(|extensions| extensions.get("code"))
    {
        Some(Value::String(code)) => code.clone(),
        _ => Code::Internal.name(),
    }
}

/// One or several answers.
pub(super) enum Answer {
    One(Response),
    Many(Vec<Response>),
}

/// What the executor answered. `application/json` means 200 for whatever was well-formed GraphQL over HTTP.
pub(super) fn executed(media: Media, answer: &Answer) -> poem::Response {
    let status = match answer {
        Answer::One(response) if media == Media::Graphql && is_refusal(response) => {
            status_of(&status_name(response))
        }
        _ => StatusCode::OK,
    };
    send(status, media, answer)
}

/// A refusal before anything reached the schema: the status says so in both media types.
pub(super) fn refused(media: Media, refusal: Error) -> poem::Response {
    let status = status_of(&refusal.code.name());
    let retry = refusal
        .details
        .get("retryAfterSeconds")
        .map(ToString::to_string);
    let media = if media == Media::Events {
        Media::Json
    } else {
        media
    };
    let mut response = send(status, media, &Answer::One(error::response(refusal)));
    let mut say = |name: header::HeaderName, value: &str| {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    };
    match status {
        StatusCode::UNAUTHORIZED => say(header::WWW_AUTHENTICATE, "Bearer"),
        StatusCode::METHOD_NOT_ALLOWED => say(header::ALLOW, "POST"),
        _ => {}
    }
    if let Some(seconds) = retry {
        say(header::RETRY_AFTER, &seconds);
    }
    response
}

/// By name, because the executor's errors carry only that.
fn status_of(code: &str) -> StatusCode {
    match code {
        "UNAUTHENTICATED" | "TOKEN_EXPIRED" | "MEMBER_DEACTIVATED" => StatusCode::UNAUTHORIZED,
        "METHOD_NOT_ALLOWED" => StatusCode::METHOD_NOT_ALLOWED,
        "NOT_ACCEPTABLE" => StatusCode::NOT_ACCEPTABLE,
        "PAYLOAD_TOO_LARGE" => StatusCode::PAYLOAD_TOO_LARGE,
        "UNSUPPORTED_MEDIA_TYPE" => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "TRY_AGAIN" => StatusCode::SERVICE_UNAVAILABLE,
        "INTERNAL" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn send(status: StatusCode, media: Media, answer: &Answer) -> poem::Response {
    match serde_json::to_vec(answer) {
        Ok(body) => poem::Response::builder()
            .status(status)
            .content_type(media.content_type())
            .header(header::CACHE_CONTROL, "no-store")
            .body(body),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written as JSON");
            poem::Response::builder()
                .status(StatusCode::INTERNAL_SERVER_ERROR)
                .finish()
        }
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(response) => Body::of(response).serialize(serializer),
            Self::Many(responses) => {
                let mut list = serializer.serialize_seq(Some(responses.len()))?;
                for response in responses {
                    list.serialize_element(&Body::of(response))?;
                }
                list.end()
            }
        }
    }
}

/// A response in the order of the specification: errors first, so that nobody overlooks them.
#[derive(Serialize)]
pub(super) struct Body<'a> {
    #[serde(skip_serializing_if = "<[ServerError]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    extensions: &'a std::collections::BTreeMap<String, Value>,
}

impl<'a> Body<'a> {
    pub(super) fn of(response: &'a Response) -> Self {
        let data = (!is_refusal(response)).then_some(&response.data);
        Self {
            errors: &response.errors,
            data,
            extensions: &response.extensions,
        }
    }
}
