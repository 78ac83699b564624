//! Which other sites may call the API from a browser: those in the settings, and none by default.

use std::sync::Arc;

use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, Request, Response};

use super::entry;
use super::server::Web;

/// Lets listed origins in. Others are answered without the headers a browser needs, which is a refusal that leaves
/// callers outside a browser, and the explorer on the same origin, alone.
pub(super) struct Cors<E> {
    pub(super) web: Arc<Web>,
    pub(super) inner: E,
}

impl<E: Endpoint<Output = Response>> Endpoint for Cors<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let origin = request.headers().get(header::ORIGIN).cloned();
        let allowed = origin.filter(|origin| self.is_allowed(origin));
        let is_preflight = request.method() == Method::OPTIONS;
        let mut response = if is_preflight {
            Response::builder()
                .status(StatusCode::NO_CONTENT)
                .header(header::ALLOW, "GET, POST, OPTIONS")
                .finish()
        } else {
            self.inner.call(request).await?
        };
        let headers = response.headers_mut();
        headers.append(header::VARY, HeaderValue::from_static("Origin, Accept"));
        if let Some(origin) = allowed {
            welcome(headers, origin, is_preflight);
        }
        Ok(response)
    }
}

impl<E> Cors<E> {
    fn is_allowed(&self, origin: &HeaderValue) -> bool {
        self.web
            .options
            .allowed_origins
            .iter()
            .any(|allowed| allowed.as_bytes() == origin.as_bytes())
    }
}

fn welcome(headers: &mut HeaderMap, origin: HeaderValue, is_preflight: bool) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(entry::REQUEST_ID),
    );
    if is_preflight {
        let methods = HeaderValue::from_static("GET, POST");
        let allowed = HeaderValue::from_static("authorization, content-type, x-request-id");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        headers.insert(
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderValue::from_static("7200"),
        );
    }
}
