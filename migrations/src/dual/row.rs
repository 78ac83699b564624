//! Rows and fields of either engine.

use crate::dual::backend::Dual;
use crate::dual::conn::SqliteAsync;
use crate::dual::types::Raw;
use diesel::pg::Pg;
use diesel::row::{Field, PartialRow, Row, RowIndex, RowSealed};
use diesel::sqlite::Sqlite;
use diesel_async::{AsyncConnectionCore, AsyncPgConnection};
use std::ops::Range;

pub(crate) type PgRow = <AsyncPgConnection as AsyncConnectionCore>::Row<'static, 'static>;
pub(crate) type SqliteRow = <SqliteAsync as AsyncConnectionCore>::Row<'static, 'static>;

/// A row of either engine.
pub enum DualRow {
    /// From PostgreSQL.
    Pg(PgRow),
    /// From SQLite.
    Sqlite(SqliteRow),
}

/// A field of a row of either engine.
pub enum DualField<'f> {
    /// From PostgreSQL.
    Pg(<PgRow as Row<'f, Pg>>::Field<'f>),
    /// From SQLite.
    Sqlite(<SqliteRow as Row<'f, Sqlite>>::Field<'f>),
}

impl RowSealed for DualRow {}

impl RowIndex<usize> for DualRow {
    fn idx(&self, index: usize) -> Option<usize> {
        match self {
            DualRow::Pg(row) => row.idx(index),
            DualRow::Sqlite(row) => row.idx(index),
        }
    }
}

impl<'a> RowIndex<&'a str> for DualRow {
    fn idx(&self, name: &'a str) -> Option<usize> {
        match self {
            DualRow::Pg(row) => row.idx(name),
            DualRow::Sqlite(row) => row.idx(name),
        }
    }
}

impl<'f> Field<'f, Dual> for DualField<'f> {
    fn field_name(&self) -> Option<&str> {
        match self {
            DualField::Pg(field) => field.field_name(),
            DualField::Sqlite(field) => field.field_name(),
        }
    }

    fn value(&self) -> Option<Raw<'_>> {
        match self {
            DualField::Pg(field) => field.value().map(Raw::Pg),
            DualField::Sqlite(field) => field.value().map(Raw::Sqlite),
        }
    }
}

impl<'a> Row<'a, Dual> for DualRow {
    type Field<'f>
        = DualField<'f>
    where
        'a: 'f,
        Self: 'f;
    type InnerPartialRow = Self;

    fn field_count(&self) -> usize {
        match self {
            DualRow::Pg(row) => row.field_count(),
            DualRow::Sqlite(row) => row.field_count(),
        }
    }

    fn get<'b, I>(&'b self, index: I) -> Option<Self::Field<'b>>
    where
        'a: 'b,
        Self: RowIndex<I>,
    {
        let index = self.idx(index)?;
        match self {
            DualRow::Pg(row) => Row::<Pg>::get(row, index).map(DualField::Pg),
            DualRow::Sqlite(row) => Row::<Sqlite>::get(row, index).map(DualField::Sqlite),
        }
    }

    fn partial_row(&self, range: Range<usize>) -> PartialRow<'_, Self> {
        PartialRow::new(self, range)
    }
}
