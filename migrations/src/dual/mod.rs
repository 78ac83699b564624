//! One Diesel backend, two engines.
//!
//! Queries are written once, against the backend [`Dual`]. When a query is run it is turned into text
//! and engine-neutral bound values **once, outside generic code** ([`Prepared`]), and handed to a
//! [`DualConnection`], which replays the values in the types of the engine it holds. Which engine that
//! is, is a fact of run time; nothing is compiled twice.
//!
//! | module | what it holds |
//! |---|---|
//! | `backend` | the backend, its dialect, and the few expressions whose text differs |
//! | `types` | bound values and columns, and their form on each engine |
//! | `row` | rows and fields |
//! | `conn` | the connection, prepared statements, pipelines, transactions |
//!
//! # What behaves alike, by care
//!
//! - `LIKE` distinguishes case on both (SQLite is told to).
//! - `OFFSET` works without `LIMIT` on both.
//! - A missing field of an `Insertable` becomes `DEFAULT` on PostgreSQL and `NULL` on SQLite, which has
//!   no such keyword. That is the same thing because no table of ours declares a default.
//! - Instants keep microseconds on both; round to microseconds before comparing with what is read back.
//!
//! # What does not
//!
//! - `lower()` folds only ASCII letters on SQLite.
//! - A document is compared as text on SQLite: do not filter by equality of `Jsonb` columns.
//! - `sum` and `avg` of integers are numeric on PostgreSQL: use [`SumMinor`].
//! - Row-level security and row locks exist on PostgreSQL only; SQLite has one writer at a time.

mod backend;
mod types;
mod row;
mod conn;

pub use backend::{Binds, Bucket, Dual, DualQueryBuilder, ForUpdate, SkipLocked, SumMinor};
pub(crate) use conn::open_sqlite;
pub use conn::{DualConnection, DualTransactions, InPlace, Prepared, SqliteOptions};
pub use row::{DualField, DualRow};
pub use types::{Bind, Instant, JsonText, Kind, Raw, UuidValue};
