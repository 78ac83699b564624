//! One loader type per request, made from its viewer: it batches, and it cannot mix tenants.
//!
//! Each slice implements `Loader<Key>` for [`Loads`] beside its GraphQL types.

use async_graphql::dataloader::DataLoader;

use crate::app::App;
use crate::auth::viewer::Viewer;

/// What loaders may use.
pub struct Loads {
    pub app: App,
    pub viewer: Viewer,
}

impl Loads {
    #[expect(
        clippy::disallowed_methods,
        reason = "a batch belongs to its request, shutdown need not wait for it"
    )]
    pub fn new(app: App, viewer: Viewer) -> DataLoader<Self> {
        DataLoader::new(Self { app, viewer }, tokio::spawn)
    }
}
