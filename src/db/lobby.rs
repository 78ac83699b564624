//! The lobby: what exists before anyone belongs to an organization. Accounts, login sessions, tokens, invitations by
//! their secret, and the list of organizations. Deliberately narrow: only identity, orgs, events and audit come here
//! (the tidy test holds it).

use diesel::query_builder::{QueryFragment, QueryId};
use serde_json::json;
use zamu_schema::dual::{Dual, DualConnection, Prepared};
use zamu_schema::tables::outbox;

use super::backend::{Conn, Rows};
use super::tx::OutboxRow;
use crate::app::App;
use crate::events::event::Event;
use crate::kernel::error::{Error, Result};
use crate::kernel::id::{AccountId, AuditId, EventId, Id, Kind, OrgId};
use crate::kernel::time::Instant;
use crate::telemetry;

/// A connection without an organization. For changes, dropped without [`Lobby::commit`] it never happened.
pub struct Lobby {
    conn: Conn,
    app: App,
    now: Instant,
    outbox: Vec<OutboxRow>,
    staged: Vec<Prepared>,
}

impl Lobby {
    pub(crate) async fn write(app: &App) -> Result<Self> {
        let conn = app.db().write(Rows::Platform).await?;
        Ok(Self::new(conn, app))
    }

    pub(crate) async fn read(app: &App) -> Result<Self> {
        let conn = app.db().read(Rows::Platform).await?;
        Ok(Self::new(conn, app))
    }

    fn new(conn: Conn, app: &App) -> Self {
        Self {
            conn,
            app: app.clone(),
            now: app.now(),
            outbox: Vec::new(),
            staged: Vec::new(),
        }
    }

    pub fn conn(&mut self) -> Result<&mut DualConnection> {
        self.conn.get().map_err(Error::from)
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    pub fn now(&self) -> Instant {
        self.now
    }

    pub fn id<K: Kind>(&self) -> Id<K> {
        self.app.ids().id(self.now)
    }

    /// Keeps a statement that needs no answer for the commit.
    pub fn stage<Q: QueryFragment<Dual> + QueryId>(&mut self, query: Q) -> Result<()> {
        let dialect = self.conn()?.dialect();
        self.staged.push(Prepared::new(&query, dialect)?);
        Ok(())
    }

    /// Announces to an organization what happened at its door.
    pub fn emit(&mut self, org: OrgId, event: &Event) -> Result<()> {
        let id: EventId = self.id();
        self.outbox.push(event.to_outbox(id, org, self.now)?);
        Ok(())
    }

    /// An audit entry in an organization for what an account did at its door: signing in, leaving, joining.
    pub fn audit(
        &mut self,
        org: OrgId,
        action: &str,
        account: Option<AccountId>,
        target: (&str, uuid::Uuid),
    ) {
        let id: AuditId = self.id();
        let payload = json!({
            "actorKind": "ACCOUNT",
            "actorId": account.map(Id::uuid),
            "action": action,
            "permission": "LOBBY",
            "targetKind": target.0,
            "targetId": target.1,
            "reason": null,
            "requestId": telemetry::request_id(),
            "detail": {},
        });
        self.outbox.push(OutboxRow {
            id: id.uuid(),
            org_id: org,
            stream: "AUDIT".to_owned(),
            kind: action.to_owned(),
            version: 1,
            payload,
            occurred_at: self.now,
        });
    }

    pub async fn commit(mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.outbox);
        if !rows.is_empty() {
            self.stage(diesel::insert_into(outbox::table).values(rows))?;
        }
        let Self {
            conn, app, staged, ..
        } = self;
        conn.commit(staged).await?;
        app.bus().wake();
        Ok(())
    }
}
