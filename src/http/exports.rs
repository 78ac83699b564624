//! Tables to take home: what a replay found, as CSV.

use std::sync::Arc;

use poem::http::{StatusCode, header};
use poem::{Endpoint, Request, Response};

use super::accept::Media;
use super::server::Web;
use super::{answer, entry};
use crate::kernel::error::{Code, Error, Result};
use crate::kernel::id::ReplayId;
use crate::rules::replays::csv;
use crate::telemetry;

/// The endpoint `/exports/replays/<id>.csv`: a GET with the same credentials as any other request.
pub(super) struct Replays(pub(super) Arc<Web>);

impl Endpoint for Replays {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let id = entry::request_id(&self.0.app, request.headers());
        let answering = Box::pin(self.table(&request));
        Ok(match telemetry::within_request(id, answering).await {
            Ok((name, table)) => Response::builder()
                .status(StatusCode::OK)
                .content_type("text/csv; charset=utf-8; header=present")
                .header(header::CACHE_CONTROL, "no-store")
                .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
                .header(
                    header::CONTENT_DISPOSITION,
                    format!("attachment; filename=\"{name}\""),
                )
                .body(table),
            Err(error) => answer::refused(Media::Json, error),
        })
    }
}

impl Replays {
    async fn table(&self, request: &Request) -> Result<(String, Vec<u8>)> {
        let origin = entry::origin(request, self.0.options.trusted_proxy);
        let authorization = entry::authorization(request.headers())?;
        let guest = entry::introduce(&self.0.app, authorization, origin).await?;
        let viewer = guest.viewer.as_ref();
        let viewer =
            viewer.ok_or_else(|| Error::refused(Code::Unauthenticated, "sign in first"))?;
        let name = request
            .raw_path_param("name")
            .unwrap_or_default()
            .to_owned();
        let id: Option<ReplayId> = name.strip_suffix(".csv").and_then(|id| id.parse().ok());
        let id = id.ok_or_else(|| Error::not_found("replay of rules"))?;
        let table = csv::export(&self.0.app, viewer, id).await?;
        Ok((name, table))
    }
}
