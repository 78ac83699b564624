//! What a resolver knows about the request it answers.

use async_graphql::Context;
use async_graphql::dataloader::DataLoader;

use super::loaders::Loads;
use crate::app::App;
use crate::auth::viewer::Viewer;
use crate::identity::service::SignedIn;
use crate::kernel::error::{Code, Error, Result};

/// Where a request came from.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    pub ip: Option<String>,
    pub user_agent: Option<String>,
}

/// One request: put into the GraphQL context by the transport, HTTP or WebSocket.
pub struct RequestData {
    pub app: App,
    /// Nobody, for signing in and for accepting an invitation.
    pub viewer: Option<Viewer>,
    /// The account behind the request, for what concerns no organization: its login sessions, switching.
    pub signed_in: Option<SignedIn>,
    pub origin: Origin,
    /// One set of loaders per request, made from its viewer, so that it cannot mix tenants.
    pub loads: Option<DataLoader<Loads>>,
}

impl RequestData {
    /// With what `identity::service::introduce` says about the request's header.
    pub fn new(app: App, viewer: Option<Viewer>, signed_in: Option<SignedIn>, origin: Origin) -> Self {
        let loads = viewer.as_ref().map(|viewer| Loads::new(app.clone(), viewer.clone()));
        Self { app, viewer, signed_in, origin, loads }
    }
}

/// Shorthands on async-graphql's context.
pub trait Ask {
    fn app(&self) -> &App;
    fn viewer(&self) -> Result<&Viewer>;
    fn signed_in(&self) -> Result<SignedIn>;
    fn loads(&self) -> Result<&DataLoader<Loads>>;
    fn origin(&self) -> &Origin;
}

impl Ask for Context<'_> {
    fn app(&self) -> &App {
        &self.data_unchecked::<RequestData>().app
    }

    fn viewer(&self) -> Result<&Viewer> {
        self.data_unchecked::<RequestData>().viewer.as_ref().ok_or_else(unauthenticated)
    }

    fn signed_in(&self) -> Result<SignedIn> {
        self.data_unchecked::<RequestData>().signed_in.ok_or_else(unauthenticated)
    }

    fn loads(&self) -> Result<&DataLoader<Loads>> {
        self.data_unchecked::<RequestData>().loads.as_ref().ok_or_else(unauthenticated)
    }

    fn origin(&self) -> &Origin {
        &self.data_unchecked::<RequestData>().origin
    }
}

fn unauthenticated() -> Error {
    Error::refused(Code::Unauthenticated, "sign in first")
}
