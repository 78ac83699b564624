//! The messages of graphql-transport-ws, and the codes a socket is closed with.

use async_graphql::{Response, ServerError};
use poem::web::websocket::Message;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::answer::Body;
use crate::kernel::error::{Code, Error};

/// The name of the sub-protocol.
pub(super) const NAME: &str = "graphql-transport-ws";

/// Ids come back in every message, so they are short.
const MOST_ID: usize = 256;

/// What a client says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Heard {
    ConnectionInit {
        #[serde(default)]
        payload: Option<Map<String, Json>>,
    },
    Ping {
        #[serde(default)]
        payload: Option<Map<String, Json>>,
    },
    Pong {},
    Subscribe {
        id: String,
        payload: Json,
    },
    Complete {
        id: String,
    },
}

/// What the server says.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Said<'a> {
    ConnectionAck {},
    Ping {},
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Map<String, Json>>,
    },
    Next {
        id: &'a str,
        payload: Body<'a>,
    },
    Error {
        id: &'a str,
        payload: &'a [ServerError],
    },
    Complete {
        id: &'a str,
    },
}

impl Said<'_> {
    pub(super) fn message(&self) -> Message {
        Message::text(serde_json::to_string(self).unwrap_or_default())
    }

    pub(super) fn next(id: &str, response: &Response) -> Message {
        Said::Next {
            id,
            payload: Body::of(response),
        }
        .message()
    }

    pub(super) fn error(id: &str, response: &Response) -> Message {
        Said::Error {
            id,
            payload: &response.errors,
        }
        .message()
    }
}

/// Reads a message.
pub(super) fn hear(text: &str) -> Result<Heard, Farewell> {
    let heard = serde_json::from_str(text).map_err(|error| Farewell::bad(&error.to_string()))?;
    if let Heard::Subscribe { id, .. } | Heard::Complete { id } = &heard
        && (id.is_empty() || id.len() > MOST_ID)
    {
        return Err(Farewell::bad(&format!("an id has 1 to {MOST_ID} bytes")));
    }
    Ok(heard)
}

/// Why a socket is closed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Farewell {
    pub(super) code: u16,
    pub(super) reason: String,
}

impl Farewell {
    fn new(code: u16, reason: impl Into<String>) -> Self {
        let mut reason: String = reason.into();
        // A close frame carries 123 bytes.
        while reason.len() > 123 {
            reason.pop();
        }
        Self { code, reason }
    }

    pub(super) fn done() -> Self {
        Self::new(1000, "")
    }

    pub(super) fn going_away() -> Self {
        Self::new(
            1001,
            "the server stops; connect again and resume after your last number",
        )
    }

    pub(super) fn too_long(most: usize) -> Self {
        Self::new(1009, format!("a message may have {most} bytes"))
    }

    pub(super) fn bad(what: &str) -> Self {
        Self::new(4400, format!("Bad message: {what}"))
    }

    pub(super) fn not_acknowledged() -> Self {
        Self::new(4401, "Unauthorized: connection_init comes first")
    }

    /// With the code of the refusal: `TOKEN_EXPIRED` means that a fresh token helps.
    pub(super) fn forbidden(error: &Error) -> Self {
        match error.code {
            Code::TryAgain | Code::Internal => Self::new(1013, "try again"),
            code => Self::new(4403, format!("Forbidden: {}", code.name())),
        }
    }

    pub(super) fn wrong_protocol() -> Self {
        Self::new(4406, format!("Subprotocol not acceptable: use {NAME}"))
    }

    pub(super) fn init_too_late() -> Self {
        Self::new(4408, "Connection initialisation timeout")
    }

    pub(super) fn duplicate(id: &str) -> Self {
        Self::new(4409, format!("Subscriber for {id} already exists"))
    }

    pub(super) fn second_init() -> Self {
        Self::new(4429, "Too many initialisation requests")
    }

    pub(super) fn silent() -> Self {
        Self::new(1001, "no answer to two pings")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_strictly() {
        assert!(matches!(
            hear(r#"{"type":"connection_init"}"#),
            Ok(Heard::ConnectionInit { payload: None })
        ));
        assert!(matches!(
            hear(r#"{"type":"pong","payload":{}}"#),
            Ok(Heard::Pong {})
        ));
        for bad in [
            "",
            "[]",
            r#"{"type":"start"}"#,
            r#"{"type":"subscribe","id":1,"payload":{}}"#,
            r#"{"type":"complete","id":""}"#,
        ] {
            assert_eq!(hear(bad).unwrap_err().code, 4400, "{bad}");
        }
    }

    #[test]
    fn a_reason_fits_into_its_frame() {
        assert!(Farewell::bad(&"é".repeat(200)).reason.len() <= 123);
    }
}
