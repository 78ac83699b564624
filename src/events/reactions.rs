//! Reactions: what the server does because something happened. Each has a name and remembers how far in the log it has
//! read, so that a restart misses nothing. Read at least once: carrying one out twice must change nothing.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use zamu_schema::tables::{events, reactions};

use super::event::Numbered;
use super::store::{self, EventRow};
use crate::app::App;
use crate::kernel::error::Result;

/// How many events one round reads.
const ROUND: i64 = 200;
/// A reaction that meets nothing of its own for so long notes how far the log has come.
const SKIP: i64 = 10_000;

/// A reader of the log.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    pub name: &'static str,
    /// The kinds of events it is about.
    pub kinds: &'static [&'static str],
}

/// An event to react to, and where in the whole log it is.
#[derive(Debug)]
pub struct Waiting {
    pub position: i64,
    pub event: Numbered,
}

impl Reader {
    /// What it has not read yet, oldest first. A reader met for the first time begins with what comes from now on.
    pub async fn waiting(&self, app: &App) -> Result<Vec<Waiting>> {
        let mut lobby = app.lobby().await?;
        let known: Option<i64> = reactions::table
            .filter(reactions::name.eq(self.name))
            .select(reactions::position)
            .first(lobby.conn()?)
            .await
            .optional()?;
        let newest = store::last_position(&mut lobby).await?;
        let Some(after) = known else {
            drop(lobby);
            self.read(app, newest).await?;
            return Ok(Vec::new());
        };
        let kinds: Vec<String> = self.kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let rows: Vec<EventRow> = events::table
            .filter(events::position.gt(after))
            .filter(events::kind.eq_any(kinds))
            .order(events::position)
            .limit(ROUND)
            .select(EventRow::as_select())
            .load(lobby.conn()?)
            .await?;
        drop(lobby);
        if rows.is_empty() && newest - after > SKIP {
            self.read(app, newest).await?;
        }
        rows.into_iter()
            .map(|row| {
                Ok(Waiting {
                    position: row.position,
                    event: row.numbered()?,
                })
            })
            .collect()
    }

    /// Remembers that everything up to a position is done. Never goes back: another node may be ahead.
    pub async fn read(&self, app: &App, position: i64) -> Result<()> {
        let mut lobby = app.lobby_change().await?;
        lobby.stage(
            diesel::insert_into(reactions::table)
                .values((
                    reactions::name.eq(self.name),
                    reactions::position.eq(position),
                ))
                .on_conflict_do_nothing(),
        )?;
        lobby.stage(
            diesel::update(
                reactions::table
                    .filter(reactions::name.eq(self.name))
                    .filter(reactions::position.lt(position)),
            )
            .set(reactions::position.eq(position)),
        )?;
        lobby.commit().await
    }
}
