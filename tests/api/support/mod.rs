//! A whole application for one test: a fresh database, a clock that is moved by hand, the same ids every time.
//!
//! `TestApp::start().await` opens it, `app.organization("acme").await` founds an organization with people in it, and
//! each of them is a [`Caller`] that runs operation files:
//!
//! ```ignore
//! let app = TestApp::start().await;
//! let acme = app.organization("acme").await;
//! let answer = acme.worker.run("attendance/clock_in", json!({"input": {"idempotencyKey": "a"}})).await;
//! assert_eq!(answer.data("/clockIn/status"), "ACTIVE");
//! ```
//!
//! The database is a SQLite file; with `ZAMU_TEST_DATABASE_URL` it is a new PostgreSQL database beside that one.

#![expect(
    unreachable_pub,
    reason = "nobody is outside a test binary; `pub` says what tests may use"
)]

pub mod database;
pub mod people;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_graphql::{Request, Variables};
use futures_util::stream::{BoxStream, StreamExt as _};
use serde_json::{Value, json};
use zamu::app::{App, Parts};
use zamu::auth::token::Keys;
use zamu::graphql::context::{Origin, RequestData};
use zamu::graphql::{ZamuSchema, schema};
use zamu::identity::attempts::Hashing;
use zamu::kernel::id::Source;
use zamu::kernel::time::{Clock as _, Instant, ManualClock, SystemClock};
use zamu_rules::Rulebook;
use zamu_schema::migrate::Target;

use database::TestDatabase;

/// Monday, eight in the morning in Nairobi.
pub const START: &str = "2026-03-02T05:00:00Z";
pub const PASSWORD: &str = "copper kettle morning";

/// What the application of a test signs tokens with.
pub const SECRET: &str = "a secret for tests only, long enough";

pub struct TestApp {
    pub app: App,
    pub clock: Arc<ManualClock>,
    schema: ZamuSchema,
    /// Dropped last: the application has let go of it by then.
    database: TestDatabase,
}

impl TestApp {
    pub async fn start() -> Self {
        let database = TestDatabase::create().await;
        let clock = Arc::new(ManualClock::at(START.parse().unwrap()));
        let app = Self::open(&database, &clock).await;
        Self {
            app,
            clock,
            schema: schema(),
            database,
        }
    }

    async fn open(database: &TestDatabase, clock: &Arc<ManualClock>) -> App {
        let parts = Parts {
            clock: Arc::<ManualClock>::clone(clock),
            ids: Source::seeded(1),
            keys: Keys::new(SECRET),
            hashing: Hashing::weak_for_tests(),
            rules: Rulebook::embedded(),
        };
        App::open(&database.target, 4, parts).await.unwrap()
    }

    pub fn now(&self) -> Instant {
        self.app.now()
    }

    /// Sets the clock to the machine's, for tokens that another process shall believe.
    pub fn catch_up(&self) {
        self.clock.set(SystemClock.now());
    }

    /// Where the database is, for another process or another application on it.
    pub fn target(&self) -> &Target {
        &self.database.target
    }

    /// Another application on the same database, as another node or another process would be.
    pub async fn another(&self, seed: u64) -> App {
        let parts = Parts {
            clock: Arc::<ManualClock>::clone(&self.clock),
            ids: Source::seeded(seed),
            keys: Keys::new(SECRET),
            hashing: Hashing::weak_for_tests(),
            rules: Rulebook::embedded(),
        };
        App::open(self.target(), 4, parts).await.unwrap()
    }

    /// Gives every committed event its number and publishes it.
    pub async fn drain(&self) {
        self.app.drain().await.unwrap();
    }

    /// Somebody without a token, at a given address.
    pub fn stranger(&self, ip: &str) -> Caller {
        let origin = Origin {
            ip: Some(ip.to_owned()),
            user_agent: Some("test".to_owned()),
        };
        Caller {
            app: self.app.clone(),
            schema: self.schema.clone(),
            origin,
            access: Access::Nobody,
        }
    }

    /// Somebody with this bearer token.
    pub fn with_token(&self, token: &str) -> Caller {
        Caller {
            access: Access::Token(token.to_owned()),
            ..self.stranger("192.0.2.1")
        }
    }
}

/// How a caller shows who they are.
#[derive(Clone)]
enum Access {
    Nobody,
    Token(String),
    /// Signs in again when the token has expired: tests move the clock by days.
    Renewed(Arc<Mutex<Session>>),
}

struct Session {
    identifier: String,
    organization: String,
    token: String,
    good_until: Instant,
}

/// Somebody who calls the API.
#[derive(Clone)]
pub struct Caller {
    app: App,
    schema: ZamuSchema,
    origin: Origin,
    access: Access,
}

impl Caller {
    /// The same person at another application on the same database.
    pub fn at(&self, app: &App) -> Self {
        Self {
            app: app.clone(),
            ..self.clone()
        }
    }

    /// Runs `graphql/operations/<path>.graphql`.
    pub async fn run(&self, path: &str, variables: Value) -> Answer {
        self.send(&operation(path), variables, None).await
    }

    /// Runs a document of the test's own.
    pub async fn query(&self, document: &str, variables: Value) -> Answer {
        self.send(document, variables, None).await
    }

    /// The one place that knows how a request travels.
    pub async fn send(&self, document: &str, variables: Value, operation: Option<&str>) -> Answer {
        let header = self.authorization().await;
        let introduced = zamu::identity::service::introduce(&self.app, header.as_deref()).await;
        let (viewer, signed_in) = match introduced {
            Ok(introduced) => introduced,
            Err(error) => return Answer::refused(&error),
        };
        let data = RequestData::new(self.app.clone(), viewer, signed_in, self.origin.clone());
        let mut request = Request::new(document)
            .variables(Variables::from_json(variables))
            .data(data);
        if let Some(operation) = operation {
            request = request.operation_name(operation);
        }
        Answer(serde_json::to_value(self.schema.execute(request).await).unwrap())
    }

    /// Listens to a subscription file; each answer as it comes.
    pub async fn listen(&self, path: &str, variables: Value) -> BoxStream<'static, Answer> {
        let header = self.authorization().await;
        let introduced = zamu::identity::service::introduce(&self.app, header.as_deref()).await;
        let (viewer, signed_in) = introduced.unwrap();
        let data = RequestData::new(self.app.clone(), viewer, signed_in, self.origin.clone());
        let request = Request::new(operation(path))
            .variables(Variables::from_json(variables))
            .data(data);
        let answers = self.schema.execute_stream(request);
        answers
            .map(|answer| Answer(serde_json::to_value(answer).unwrap()))
            .boxed()
    }

    /// The header this caller sends.
    pub async fn authorization(&self) -> Option<String> {
        let token = match &self.access {
            Access::Nobody => return None,
            Access::Token(token) => token.clone(),
            Access::Renewed(session) => self.renewed(session).await,
        };
        Some(format!("Bearer {token}"))
    }

    async fn renewed(&self, session: &Mutex<Session>) -> String {
        let (identifier, organization) = {
            let session = session.lock().unwrap();
            if session.good_until > self.app.now() {
                return session.token.clone();
            }
            (session.identifier.clone(), session.organization.clone())
        };
        // Somebody who was deactivated cannot sign in again and goes on with the old token.
        if let Some(fresh) =
            people::sign_in(&self.app, &self.origin, &identifier, &organization).await
        {
            let mut session = session.lock().unwrap();
            (session.token, session.good_until) = fresh;
        }
        session.lock().unwrap().token.clone()
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer(pub Value);

impl Answer {
    fn refused(error: &zamu::kernel::error::Error) -> Self {
        let mut extensions = json!({"code": error.code.name(), "field": error.field});
        extensions
            .as_object_mut()
            .unwrap()
            .extend(error.details.clone());
        Self(
            json!({"data": null, "errors": [{"message": error.message, "extensions": extensions}]}),
        )
    }

    /// A part of the data by its JSON pointer: `/clockIn/status`.
    #[track_caller]
    pub fn data(&self, pointer: &str) -> &Value {
        assert!(self.ok(), "{:#}", self.0);
        let found = self.0["data"].pointer(pointer);
        found.unwrap_or_else(|| panic!("no {pointer} in {:#}", self.0))
    }

    /// The same as text, for ids and tokens.
    #[track_caller]
    pub fn text(&self, pointer: &str) -> String {
        let found = self.data(pointer);
        found
            .as_str()
            .unwrap_or_else(|| panic!("{pointer} is {found}"))
            .to_owned()
    }

    /// Whether nothing went wrong.
    pub fn ok(&self) -> bool {
        self.0
            .get("errors")
            .is_none_or(|errors| errors.as_array().is_none_or(Vec::is_empty))
    }

    /// The code of the first error; empty if there is none.
    pub fn code(&self) -> &str {
        self.0["errors"][0]["extensions"]["code"]
            .as_str()
            .unwrap_or_default()
    }

    /// The codes of all errors.
    pub fn codes(&self) -> Vec<&str> {
        let errors = self.0["errors"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        errors
            .iter()
            .filter_map(|error| error["extensions"]["code"].as_str())
            .collect()
    }

    /// The input field the first error is about; empty if there is none.
    pub fn field(&self) -> &str {
        self.extension("field").as_str().unwrap_or_default()
    }

    /// Part of the first error's extensions.
    pub fn extension(&self, name: &str) -> &Value {
        &self.0["errors"][0]["extensions"][name]
    }
}

/// Where the operation files are.
pub fn operations() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("graphql/operations")
}

/// The text of `graphql/operations/<path>.graphql`.
pub fn operation(path: &str) -> String {
    let file = operations().join(format!("{path}.graphql"));
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
