//! The transaction: a viewer, an action it was allowed, how far that reaches, and one instant.
//!
//! Every query needs one, so no row is touched without an organization, a permission and a time:
//!
//! ```compile_fail
//! # async fn example(app: &zamu::app::App) {
//! // There is no way to a connection without saying who wants to do what.
//! let conn = app.db().write().await;
//! # }
//! ```
//!
//! Statements that need no answer are *staged* and sent together with the commit: one round trip. Events and the
//! audit entry travel the same way, so they commit with the change or not at all.

use std::collections::HashMap;

use serde_json::json;
use uuid::Uuid;
pub use zamu_schema::dual::{DualConnection, Prepared};
use zamu_schema::tables::outbox;

use super::backend::{Conn, Rows};
use crate::app::App;
use crate::auth::action::Action;
use crate::auth::policy::{Reach, Scope};
use crate::auth::viewer::Viewer;
use crate::events::event::Event;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{AuditId, DepartmentId, EventId, Id, Kind, MemberId, OrgId};
use crate::kernel::time::Instant;
use crate::telemetry;

/// What a change was about, for the audit log. Committing asks for one, so none is forgotten.
#[derive(Debug, Clone)]
pub struct Audit {
    kind: &'static str,
    id: Option<Uuid>,
    reason: Option<String>,
    detail: serde_json::Value,
}

impl Audit {
    /// The change was to this thing.
    pub fn of<K: Kind>(id: Id<K>) -> Self {
        Self {
            kind: K::PREFIX,
            id: Some(id.uuid()),
            reason: None,
            detail: json!({}),
        }
    }

    /// The change was to many things of a kind: an import.
    pub fn of_many<K: Kind>() -> Self {
        Self {
            kind: K::PREFIX,
            id: None,
            reason: None,
            detail: json!({}),
        }
    }

    #[must_use]
    pub fn because(mut self, reason: Option<String>) -> Self {
        self.reason = reason;
        self
    }

    /// Ids and small values only: personal data never enters the chain.
    #[must_use]
    pub fn detail(mut self, detail: serde_json::Value) -> Self {
        self.detail = detail;
        self
    }
}

/// A row of the outbox: an event or an audit entry on its way to its number.
#[derive(Debug, Clone, diesel::Insertable, diesel::Queryable, diesel::Selectable)]
#[diesel(table_name = outbox)]
pub struct OutboxRow {
    pub id: Uuid,
    pub org_id: OrgId,
    pub stream: String,
    pub kind: String,
    pub version: i32,
    pub payload: serde_json::Value,
    pub occurred_at: Instant,
}

/// An open transaction. Dropped, it is rolled back.
pub struct Tx {
    conn: Conn,
    app: App,
    viewer: Viewer,
    action: Action,
    reach: Reach,
    now: Instant,
    staged: Vec<Prepared>,
    outbox: Vec<OutboxRow>,
    in_bulk: bool,
    afterwards: HashMap<String, Afterwards>,
}

/// What a node remembers once a change is durable.
type Afterwards = Box<dyn FnOnce() + Send + Sync>;

impl Tx {
    /// Through [`App::begin`] and [`App::read`] only.
    pub(crate) async fn begin(
        app: &App,
        viewer: &Viewer,
        action: Action,
        change: bool,
    ) -> Result<Self> {
        let scope = viewer.allowed(action)?;
        let rows = Rows::Of(viewer.org().uuid());
        let conn = if change {
            app.db().write(rows).await?
        } else {
            app.db().read(rows).await?
        };
        let mut tx = Self {
            conn,
            app: app.clone(),
            viewer: viewer.clone(),
            action,
            reach: Reach::new(scope, viewer.member()),
            // After the wait for the connection, so that later transactions have later instants.
            now: app.now(),
            staged: Vec::new(),
            outbox: Vec::new(),
            in_bulk: false,
            afterwards: HashMap::new(),
        };
        if scope == Scope::Department {
            let below = match viewer.department() {
                Some(root) => crate::orgs::store::departments_below(&mut tx, root).await?,
                None => Vec::new(),
            };
            tx.reach = tx.reach.with_departments(below);
        }
        Ok(tx)
    }

    pub fn conn(&mut self) -> Result<&mut DualConnection> {
        self.conn.get().map_err(Error::from)
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    pub fn org(&self) -> OrgId {
        self.viewer.org()
    }

    pub fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    pub fn now(&self) -> Instant {
        self.now
    }

    pub fn scope(&self) -> Scope {
        self.reach.scope()
    }

    /// How far the action reaches; kept by subscriptions, which outlive the transaction.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// The departments a department-wide viewer reaches; empty for one without a department.
    pub fn departments(&self) -> Vec<DepartmentId> {
        self.reach.departments().collect()
    }

    /// Whether the action reaches what is about this member.
    pub fn reaches(&self, member: MemberId, department: Option<DepartmentId>) -> bool {
        self.reach.covers(member, department)
    }

    pub fn id<K: Kind>(&self) -> Id<K> {
        self.app.ids().id(self.now)
    }

    /// Keeps a statement that needs no answer for the commit.
    pub fn stage<Q>(&mut self, query: Q) -> Result<()>
    where
        Q: diesel::query_builder::QueryFragment<zamu_schema::dual::Dual>
            + diesel::query_builder::QueryId,
    {
        let dialect = self.conn()?.dialect();
        self.staged.push(Prepared::new(&query, dialect)?);
        Ok(())
    }

    /// While history is brought in, sessions and exceptions come by the thousand: whoever brings it in tells of all of
    /// them with one event, and they are not told one by one.
    pub fn in_bulk(&mut self, in_bulk: bool) {
        self.in_bulk = in_bulk;
    }

    /// Announces what happened, if and when the change commits.
    pub fn emit(&mut self, event: &Event) -> Result<()> {
        if self.in_bulk && event.is_one_of_many() {
            return Ok(());
        }
        let id: EventId = self.id();
        self.outbox.push(event.to_outbox(id, self.org(), self.now)?);
        Ok(())
    }

    /// Keeps something to do when, and only when, the change is durable. Answers whether it is the first of this
    /// name in this transaction; another one is dropped.
    pub fn afterwards(&mut self, name: &str, work: impl FnOnce() + Send + Sync + 'static) -> bool {
        if self.afterwards.contains_key(name) {
            return false;
        }
        self.afterwards.insert(name.to_owned(), Box::new(work));
        true
    }

    /// Commits what the server notes for itself: progress, a pulse, what retention removes. Nobody did anything, so
    /// nothing is audited.
    pub async fn commit_unaudited(self) -> Result<()> {
        let Self {
            conn,
            staged,
            afterwards,
            ..
        } = self;
        conn.commit(staged).await?;
        for work in afterwards.into_values() {
            work();
        }
        Ok(())
    }

    /// Commits the change with its events and its audit entry. Returns when it is durable.
    pub async fn commit(mut self, audit: Audit) -> Result<()> {
        let entry = self.audit_row(&audit);
        self.outbox.push(entry);
        self.flush().await
    }

    /// Ends a transaction that answered from what was already there: nothing happened, so nothing is audited. On
    /// SQLite what it saw may belong to a group that is not on disk yet, so it waits for that.
    pub async fn settle(self) -> Result<()> {
        self.conn.commit(Vec::new()).await.map_err(Error::from)
    }

    async fn flush(mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.outbox);
        self.stage(diesel::insert_into(outbox::table).values(rows))?;
        let Self {
            conn,
            app,
            staged,
            afterwards,
            ..
        } = self;
        conn.commit(staged).await?;
        for work in afterwards.into_values() {
            work();
        }
        app.bus().wake();
        Ok(())
    }

    fn audit_row(&self, audit: &Audit) -> OutboxRow {
        let id: AuditId = self.id();
        let payload = json!({
            "actorKind": self.viewer.actor_kind(),
            "actorId": self.viewer.actor_id(),
            "action": self.action.name(),
            "permission": format!("{}:{:?}", self.viewer.role().name(), self.scope()),
            "targetKind": audit.kind,
            "targetId": audit.id,
            "reason": audit.reason,
            "requestId": telemetry::request_id(),
            "detail": audit.detail,
        });
        OutboxRow {
            id: id.uuid(),
            org_id: self.org(),
            stream: "AUDIT".to_owned(),
            kind: self.action.name(),
            version: 1,
            payload,
            occurred_at: self.now,
        }
    }

    /// Runs the staged statements now, for a change with more rows than one flush should carry.
    pub async fn flush_staged(&mut self) -> Result<()> {
        let staged = std::mem::take(&mut self.staged);
        self.conn()?.pipeline(staged).await?;
        Ok(())
    }

    /// Executes one statement now.
    pub async fn execute<Q>(&mut self, query: Q) -> Result<usize>
    where
        Q: diesel::query_builder::QueryFragment<zamu_schema::dual::Dual>
            + diesel::query_builder::QueryId
            + Send,
    {
        let dialect = self.conn()?.dialect();
        let prepared = Prepared::new(&query, dialect)?;
        let counts = self.conn()?.pipeline(vec![prepared]).await?;
        Ok(counts.into_iter().sum())
    }
}
