//! The explorer: a page, a script and a style sheet inside the binary.

use poem::http::{StatusCode, header};
use poem::{Request, Response};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

const PAGE: &str = include_str!("explorer/index.html");
const SCRIPT: &str = include_str!("explorer/explorer.js");
const STYLE: &str = include_str!("explorer/explorer.css");
const LICENSES: &str = include_str!("explorer/LICENSES.txt");

/// Nothing from elsewhere, and no inline script. Sockets may go anywhere, because `'self'` does not name `ws:` in
/// every browser.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Credentials the explorer fills into its sign-in bar.
#[derive(Debug, Clone, Serialize)]
pub struct Demo {
    pub identifier: String,
    pub password: String,
}

/// The page, with the demo's credentials if there are any.
pub(super) fn page(demo: Option<&Demo>) -> String {
    let Some(json) = demo.and_then(|demo| serde_json::to_string(demo).ok()) else {
        return PAGE.to_owned();
    };
    let json = json.replace('<', "\\u003c");
    PAGE.replace(
        "</body>",
        &format!("<script id=\"zamu-demo\" type=\"application/json\">{json}</script>\n</body>"),
    )
}

/// Something embedded, with the digest by which a browser knows it again.
pub(super) struct Asset {
    content_type: &'static str,
    text: String,
    tag: String,
}

impl Asset {
    fn new(content_type: &'static str, text: String) -> Self {
        let digest: String = Sha256::digest(text.as_bytes())
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        // Weak, because a compressed answer is not the same bytes.
        Self {
            content_type,
            text,
            tag: format!("W/\"{digest}\""),
        }
    }

    pub(super) fn page(demo: Option<&Demo>) -> Self {
        Self::new("text/html; charset=utf-8", page(demo))
    }

    pub(super) fn script() -> Self {
        Self::new("text/javascript; charset=utf-8", SCRIPT.to_owned())
    }

    pub(super) fn style() -> Self {
        Self::new("text/css; charset=utf-8", STYLE.to_owned())
    }

    pub(super) fn licenses() -> Self {
        Self::new("text/plain; charset=utf-8", LICENSES.to_owned())
    }
}

impl poem::Endpoint for Asset {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let known = request.header(header::IF_NONE_MATCH).unwrap_or_default();
        let is_known = known.split(',').any(|tag| tag.trim() == self.tag);
        let response = Response::builder()
            .header(header::ETAG, &self.tag)
            .header(header::CACHE_CONTROL, "no-cache")
            .header(header::CONTENT_SECURITY_POLICY, POLICY)
            .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
            .header(header::REFERRER_POLICY, "no-referrer");
        if is_known {
            return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
        }
        Ok(response
            .content_type(self.content_type)
            .body(self.text.clone()))
    }
}

/// Whatever is not here.
pub(super) fn nothing() -> Response {
    Response::builder()
        .status(StatusCode::NOT_FOUND)
        .content_type("text/plain; charset=utf-8")
        .body("There is nothing here. The API is at /graphql, its explorer at /.\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_cannot_close_its_own_script() {
        let demo = Demo {
            identifier: "</script><b>".to_owned(),
            password: "p".to_owned(),
        };
        let page = page(Some(&demo));
        assert!(page.contains(r#"{"identifier":"\u003c/script>\u003cb>","password":"p"}"#));
        assert!(!super::page(None).contains("zamu-demo"));
    }
}
