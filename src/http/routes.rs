//! Every path the server answers.

use std::sync::Arc;

use poem::endpoint::BoxEndpoint;
use poem::error::NotFoundError;
use poem::middleware::Compression;
use poem::web::CompressionAlgo;
use poem::{EndpointExt as _, Response, Route};

use super::cors::Cors;
use super::exports::Replays;
use super::graphql::Graphql;
use super::health::{Health, Question};
use super::page::{self, Asset};
use super::server::Web;

pub(super) fn all(web: &Arc<Web>) -> BoxEndpoint<'static, Response> {
    let health = |question| Health(Arc::clone(web), question);
    Route::new()
        .at(
            "/graphql",
            Cors {
                web: Arc::clone(web),
                inner: Graphql(Arc::clone(web)),
            },
        )
        .at(
            "/exports/replays/:name",
            poem::get(Replays(Arc::clone(web))),
        )
        .at("/", asset(Asset::page(web.options.demo.as_ref())))
        .at("/explorer/explorer.js", asset(Asset::script()))
        .at("/explorer/explorer.css", asset(Asset::style()))
        .at("/explorer/LICENSES.txt", asset(Asset::licenses()))
        .at("/health/live", poem::get(health(Question::Live)))
        .at("/health/ready", poem::get(health(Question::Ready)))
        .at("/metrics", poem::get(health(Question::Metrics)))
        .catch_error(|_: NotFoundError| async { page::nothing() })
        .boxed()
}

/// Only gzip: it is fast enough to be done for each request of a megabyte, and a browser asks once.
fn asset(asset: Asset) -> BoxEndpoint<'static, Response> {
    poem::get(asset.with(Compression::new().algorithms([CompressionAlgo::GZIP]))).boxed()
}
