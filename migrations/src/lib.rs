//! The schema of zamu and the way to talk to it.
//!
//! - [`tables`]: every table, declared once for both engines.
//! - [`dual`]: one Diesel backend, [`Dual`](dual::Dual), spoken at run time by PostgreSQL or SQLite
//!   through one connection type, [`DualConnection`](dual::DualConnection).
//! - [`constraints`]: which constraint an error is about, by the same name on both engines.
//! - [`migrate`]: the embedded migrations, run under a lock.
//!
//! The migrations themselves lie beside `src`: `postgres/` and `sqlite/`, the same names in both, each
//! with an `up.sql` and a `down.sql`. PostgreSQL is the authority; SQLite repeats its tables, columns,
//! indexes and constraint names in its own storage types:
//!
//! | in `tables` | PostgreSQL | SQLite |
//! |---|---|---|
//! | `Uuid` | `uuid` | 16-byte blob |
//! | `Timestamptz` | `timestamptz` | integer, microseconds since 1970 in UTC |
//! | `Jsonb` | `jsonb` | JSON as text |
//! | `Date` | `date` | text, `YYYY-MM-DD` |
//! | `Bool`, `Integer`, `BigInt`, `Double`, `Text` | as named | as named |
//!
//! Queries are ordinary Diesel DSL run with [`diesel_async::RunQueryDsl`]:
//!
//! ```
//! use diesel::prelude::*;
//! use diesel_async::RunQueryDsl;
//! use zamu_schema::dual::DualConnection;
//! use zamu_schema::tables::organizations;
//!
//! async fn organizations_with(
//!     conn: &mut DualConnection,
//!     currency: &str,
//! ) -> QueryResult<Vec<(uuid::Uuid, String)>> {
//!     organizations::table
//!         .filter(organizations::currency.eq(currency))
//!         .select((organizations::id, organizations::name))
//!         .order(organizations::slug)
//!         .load(conn)
//!         .await
//! }
//! ```

pub mod tables;
pub mod dual;
pub mod constraints;
pub mod migrate;
