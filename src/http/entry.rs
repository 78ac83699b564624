//! Who is at the door: the request id, where the request came from, and whose credentials it shows.

use std::sync::Arc;

use poem::Request;
use poem::http::{HeaderMap, header};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::server::Web;
use crate::app::App;
use crate::auth::access;
use crate::auth::viewer::Viewer;
use crate::events::event::Numbered;
use crate::graphql::context::{Origin, RequestData};
use crate::identity::service::{self as identity, SignedIn};
use crate::kernel::error::{Code, Error, Result};

/// Longer ids are not taken over: they go into every log line.
const MOST_ID: usize = 64;

pub(super) const REQUEST_ID: &str = "x-request-id";

/// The client's request id if it is harmless, otherwise a new one.
pub(super) fn request_id(app: &App, headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let is_safe = |id: &&str| {
        !id.is_empty()
            && id.len() <= MOST_ID
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    given
        .filter(is_safe)
        .map_or_else(|| new_id(app), str::to_owned)
}

pub(super) fn new_id(app: &App) -> String {
    app.ids()
        .secret::<12>()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The address and the program behind a request.
pub(super) fn origin(request: &Request, trusted_proxy: bool) -> Origin {
    let direct = request
        .remote_addr()
        .as_socket_addr()
        .map(|address| address.ip().to_string());
    // The last entry is the one our own proxy added; those before it are whatever the client claims.
    let forwarded = request
        .header("x-forwarded-for")
        .and_then(|list| list.rsplit(',').next());
    let ip = match forwarded
        .map(str::trim)
        .filter(|ip| trusted_proxy && ip.parse::<std::net::IpAddr>().is_ok())
    {
        Some(ip) => Some(ip.to_owned()),
        None => direct,
    };
    let user_agent = request
        .header(header::USER_AGENT)
        .map(|agent| agent.chars().take(200).collect());
    Origin { ip, user_agent }
}

/// Somebody who was let in, perhaps as nobody.
#[derive(Clone)]
pub(super) struct Guest {
    pub(super) viewer: Option<Viewer>,
    signed_in: Option<SignedIn>,
    authorization: Option<String>,
    origin: Origin,
}

/// Checks an `Authorization` value. None is fine, for signing in; a bad one is not.
pub(super) async fn introduce(
    app: &App,
    authorization: Option<String>,
    origin: Origin,
) -> Result<Guest> {
    let (viewer, signed_in) = identity::introduce(app, authorization.as_deref()).await?;
    Ok(Guest { viewer, signed_in, authorization, origin })
}

impl Guest {
    /// What resolvers know: made anew for each operation, so that loaders see fresh rows.
    pub(super) fn data(&self, app: &App) -> RequestData {
        RequestData::new(app.clone(), self.viewer.clone(), self.signed_in, self.origin.clone())
    }

    /// Resolves when this guest may not stay: revoked, changed, or expired. Whoever is nobody stays.
    pub(super) async fn until_unwelcome(&self, web: &Web) -> Error {
        if self.authorization.is_none() {
            return std::future::pending().await;
        }
        let mut events = self.viewer.as_ref().map(|viewer| web.app.bus().subscribe(viewer.org()));
        let mut look = tokio::time::interval(web.options.deadlines.recheck);
        loop {
            tokio::select! {
                is_certain = self.concerned(&mut events) => if is_certain {
                    return changed();
                },
                _ = look.tick() => {}
            }
            if let Some(error) = self.is_refused(web).await {
                return error;
            }
        }
    }

    /// Resolves when an event is about this guest's access, with `true`, or when events were missed.
    async fn concerned(&self, events: &mut Option<Receiver<Arc<Numbered>>>) -> bool {
        let (Some(viewer), Some(receiver)) = (&self.viewer, events.as_mut()) else {
            return std::future::pending().await;
        };
        loop {
            match receiver.recv().await {
                Ok(event) if access::concerns(&event.event, viewer) => return true,
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return false,
                Err(RecvError::Closed) => {
                    *events = None;
                    return false;
                }
            }
        }
    }

    async fn is_refused(&self, web: &Web) -> Option<Error> {
        match identity::introduce(&web.app, self.authorization.as_deref()).await {
            Ok(now) if now == (self.viewer.clone(), self.signed_in) => None,
            Ok(_) => Some(changed()),
            // The database being away says nothing about anybody's access.
            Err(error) if matches!(error.code, Code::TryAgain | Code::Internal) => None,
            Err(error) => Some(error),
        }
    }
}

fn changed() -> Error {
    Error::refused(Code::TokenExpired, "your access was changed or revoked")
}

pub(super) fn authorization(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(value) => Ok(Some(value.to_owned())),
        Err(_) => Err(Error::refused(
            Code::Unauthenticated,
            "the Authorization header is not text",
        )),
    }
}
