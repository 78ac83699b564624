//! Bound values and column values, and their form on each engine.

use crate::dual::backend::Dual;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use diesel::deserialize::{self, FromSql};
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{self as st, HasSqlType};
use diesel::sqlite::{Sqlite, SqliteValue};
use std::io::Write as _;
use uuid::Uuid;

/// A bound value: owned, of no engine yet.
#[derive(Debug, Clone, PartialEq)]
pub enum Bind {
    /// A truth value.
    Bool(bool),
    /// A 16-bit integer.
    I16(i16),
    /// A 32-bit integer.
    I32(i32),
    /// A 64-bit integer.
    I64(i64),
    /// A single-precision number; no table has one, but Diesel wants every backend to know it.
    F32(f32),
    /// A double.
    F64(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A calendar date.
    Date(NaiveDate),
    /// A time of day; in no table either.
    Time(NaiveTime),
    /// A date and time without zone; in no table either.
    DateTime(NaiveDateTime),
    /// An identifier.
    Uuid(UuidValue),
    /// An instant.
    Instant(Instant),
    /// A document.
    Json(JsonText),
}

/// The kind of a bound value, known even when the value is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// See [`Bind::Bool`].
    Bool,
    /// See [`Bind::I16`].
    I16,
    /// See [`Bind::I32`].
    I32,
    /// See [`Bind::I64`].
    I64,
    /// See [`Bind::F32`].
    F32,
    /// See [`Bind::F64`].
    F64,
    /// See [`Bind::Text`].
    Text,
    /// See [`Bind::Bytes`].
    Bytes,
    /// See [`Bind::Date`].
    Date,
    /// See [`Bind::Time`].
    Time,
    /// See [`Bind::DateTime`].
    DateTime,
    /// See [`Bind::Uuid`].
    Uuid,
    /// See [`Bind::Instant`].
    Instant,
    /// See [`Bind::Json`].
    Json,
}

/// A column value as the engine gave it.
pub enum Raw<'a> {
    /// From PostgreSQL.
    Pg(PgValue<'a>),
    /// From SQLite.
    Sqlite(SqliteValue<'a, 'a, 'a>),
}

/// An identifier: `uuid` on PostgreSQL, 16 bytes on SQLite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UuidValue(pub Uuid);

impl ToSql<st::Uuid, Pg> for UuidValue {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <Uuid as ToSql<st::Uuid, Pg>>::to_sql(&self.0, out)
    }
}

impl ToSql<st::Binary, Sqlite> for UuidValue {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_bytes().as_slice());
        Ok(IsNull::No)
    }
}

/// An instant: `timestamptz` on PostgreSQL, microseconds since 1970 on SQLite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant(pub DateTime<Utc>);

impl ToSql<st::Timestamptz, Pg> for Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <DateTime<Utc> as ToSql<st::Timestamptz, Pg>>::to_sql(&self.0, out)
    }
}

impl ToSql<st::BigInt, Sqlite> for Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.timestamp_micros());
        Ok(IsNull::No)
    }
}

/// A document, already written out: `jsonb` on PostgreSQL, text on SQLite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonText(String);

impl JsonText {
    /// The document as text.
    pub fn of(value: &serde_json::Value) -> Self {
        Self(value.to_string())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ToSql<st::Jsonb, Pg> for JsonText {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        // The binary form of a `jsonb` is a version number, one, and the text.
        out.write_all(&[1])?;
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl ToSql<st::Text, Sqlite> for JsonText {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_str());
        Ok(IsNull::No)
    }
}

/// Declares one SQL type: its kind, and how a value of `$in` becomes a [`Bind`].
macro_rules! bind {
    ($sql:ty, $kind:ident, $in:ty, $bind:expr) => {
        impl HasSqlType<$sql> for Dual {
            fn metadata((): &mut ()) -> Kind {
                Kind::$kind
            }
        }

        impl ToSql<$sql, Dual> for $in {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Dual>) -> serialize::Result {
                let bind: fn(&$in) -> Bind = $bind;
                out.set_value(Some(bind(self)));
                Ok(IsNull::No)
            }
        }
    };
}

bind!(st::Bool, Bool, bool, |v| Bind::Bool(*v));
bind!(st::SmallInt, I16, i16, |v| Bind::I16(*v));
bind!(st::Integer, I32, i32, |v| Bind::I32(*v));
bind!(st::BigInt, I64, i64, |v| Bind::I64(*v));
bind!(st::Float, F32, f32, |v| Bind::F32(*v));
bind!(st::Double, F64, f64, |v| Bind::F64(*v));
bind!(st::Text, Text, str, |v| Bind::Text(v.to_owned()));
bind!(st::Binary, Bytes, [u8], |v| Bind::Bytes(v.to_owned()));
bind!(st::Date, Date, NaiveDate, |v| Bind::Date(*v));
bind!(st::Time, Time, NaiveTime, |v| Bind::Time(*v));
bind!(st::Timestamp, DateTime, NaiveDateTime, |v| Bind::DateTime(
    *v
));
bind!(st::Uuid, Uuid, Uuid, |v| Bind::Uuid(UuidValue(*v)));
bind!(st::Timestamptz, Instant, DateTime<Utc>, |v| Bind::Instant(
    Instant(*v)
));
bind!(st::Jsonb, Json, serde_json::Value, |v| Bind::Json(
    JsonText::of(v)
));

/// Types that both engines read by themselves.
macro_rules! read_by_both {
    ($($sql:ty => $out:ty;)*) => {$(
        impl FromSql<$sql, Dual> for $out {
            fn from_sql(raw: Raw<'_>) -> deserialize::Result<Self> {
                match raw {
                    Raw::Pg(value) => <$out as FromSql<$sql, Pg>>::from_sql(value),
                    Raw::Sqlite(value) => <$out as FromSql<$sql, Sqlite>>::from_sql(value),
                }
            }
        }
    )*};
}

read_by_both! {
    st::Bool => bool;
    st::SmallInt => i16;
    st::Integer => i32;
    st::BigInt => i64;
    st::Float => f32;
    st::Double => f64;
    st::Text => String;
    st::Binary => Vec<u8>;
    st::Date => NaiveDate;
    st::Time => NaiveTime;
    st::Timestamp => NaiveDateTime;
}

impl FromSql<st::Uuid, Dual> for Uuid {
    fn from_sql(raw: Raw<'_>) -> deserialize::Result<Self> {
        match raw {
            Raw::Pg(value) => <Uuid as FromSql<st::Uuid, Pg>>::from_sql(value),
            Raw::Sqlite(mut value) => Ok(Uuid::from_slice(value.read_blob())?),
        }
    }
}

impl FromSql<st::Timestamptz, Dual> for DateTime<Utc> {
    fn from_sql(raw: Raw<'_>) -> deserialize::Result<Self> {
        match raw {
            Raw::Pg(value) => <DateTime<Utc> as FromSql<st::Timestamptz, Pg>>::from_sql(value),
            Raw::Sqlite(mut value) => DateTime::from_timestamp_micros(value.read_long())
                .ok_or_else(|| "an instant out of range".into()),
        }
    }
}

impl FromSql<st::Jsonb, Dual> for serde_json::Value {
    fn from_sql(raw: Raw<'_>) -> deserialize::Result<Self> {
        match raw {
            Raw::Pg(value) => <serde_json::Value as FromSql<st::Jsonb, Pg>>::from_sql(value),
            Raw::Sqlite(mut value) => Ok(serde_json::from_str(value.read_text())?),
        }
    }
}
