//! The backend `Dual`: query builder, bind collector, dialect, and the expressions whose text differs.

use crate::dual::types::{Bind, Kind, Raw};
use diesel::QueryResult;
use diesel::backend::{
    Backend, DieselReserveSpecialization, SqlDialect, TrustedBackend, sql_dialect,
};
use diesel::expression::{ValidGrouping, is_aggregate};
use diesel::query_builder::{
    All, AstPass, BindCollector, BoxedLimitOffsetClause, Distinct, IntoBoxedClause,
    LimitOffsetClause, MoveableBindCollector, ParenthesisWrapper, Query, QueryBuilder,
    QueryFragment, QueryId, SupportsCombinationClause, Union,
};
use diesel::serialize::{IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, HasSqlType, Nullable, Timestamptz, TypeMetadata};
use diesel::{AppearsOnTable, Expression, SelectableExpression};
use std::fmt::{Debug, Write as _};

/// The backend every query is written against. The value says which engine the text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dual {
    /// PostgreSQL.
    #[default]
    Pg,
    /// SQLite.
    Sqlite,
}

impl Dual {
    /// The same value, living as long as the program: collected binds borrow the backend.
    pub(crate) fn as_static(self) -> &'static Dual {
        match self {
            Dual::Pg => &Dual::Pg,
            Dual::Sqlite => &Dual::Sqlite,
        }
    }
}

/// Builds the text of a query for one engine.
#[derive(Debug, Default)]
pub struct DualQueryBuilder {
    sql: String,
    binds: u32,
    engine: Dual,
}

impl DualQueryBuilder {
    /// A builder of text for the given engine.
    pub fn new(engine: Dual) -> Self {
        Self {
            engine,
            ..Self::default()
        }
    }
}

impl QueryBuilder<Dual> for DualQueryBuilder {
    fn push_sql(&mut self, sql: &str) {
        // Diesel writes the keyword for a missing field of an `Insertable` in one piece. SQLite lacks
        // it, and without column defaults it means null.
        let keyword_unknown = self.engine == Dual::Sqlite && sql == "DEFAULT";
        self.sql
            .push_str(if keyword_unknown { "NULL" } else { sql });
    }

    fn push_identifier(&mut self, identifier: &str) -> QueryResult<()> {
        self.sql.push('"');
        for letter in identifier.chars() {
            if letter == '"' {
                self.sql.push('"');
            }
            self.sql.push(letter);
        }
        self.sql.push('"');
        Ok(())
    }

    fn push_bind_param(&mut self) {
        self.binds += 1;
        match self.engine {
            Dual::Pg => {
                // Writing to a String cannot fail.
                let _ = write!(self.sql, "${}", self.binds);
            }
            // SQLite looks a numbered placeholder up among all earlier ones: quadratic in a multi-row insert.
            Dual::Sqlite => self.sql.push('?'),
        }
    }

    fn push_bind_param_value_only(&mut self) {
        self.binds += 1;
    }

    fn finish(self) -> String {
        self.sql
    }
}

/// The bound values of a query: for each its kind and, unless it is null, the value.
#[derive(Debug, Default, Clone)]
pub struct Binds(pub Vec<(Kind, Option<Bind>)>);

impl<'a> BindCollector<'a, Dual> for Binds {
    type Buffer = Option<Bind>;

    fn push_bound_value<T, U>(&mut self, bind: &'a U, lookup: &mut ()) -> QueryResult<()>
    where
        Dual: HasSqlType<T>,
        U: ToSql<T, Dual> + ?Sized + 'a,
    {
        let kind = <Dual as HasSqlType<T>>::metadata(lookup);
        let mut out = Output::new(None, lookup);
        let null = bind
            .to_sql(&mut out)
            .map_err(diesel::result::Error::SerializationError)?;
        let value = match null {
            IsNull::Yes => None,
            IsNull::No => out.into_inner(),
        };
        self.0.push((kind, value));
        Ok(())
    }

    fn push_null_value(&mut self, kind: Kind) -> QueryResult<()> {
        self.0.push((kind, None));
        Ok(())
    }
}

impl MoveableBindCollector<Dual> for Binds {
    type BindData = Binds;

    fn moveable(&self) -> Binds {
        self.clone()
    }

    fn append_bind_data(&mut self, from: &Binds) {
        self.0.extend(from.0.iter().cloned());
    }

    fn push_debug_binds<'a, 'b>(data: &Binds, into: &'a mut Vec<Box<dyn Debug + 'b>>) {
        into.extend(
            data.0
                .iter()
                .cloned()
                .map(|bind| Box::new(bind) as Box<dyn Debug>),
        );
    }
}

impl Backend for Dual {
    type QueryBuilder = DualQueryBuilder;
    type RawValue<'a> = Raw<'a>;
    type BindCollector<'a> = Binds;
}

impl TypeMetadata for Dual {
    type TypeMetadata = Kind;
    type MetadataLookup = ();
}

impl TrustedBackend for Dual {}
impl DieselReserveSpecialization for Dual {}

/// `ON CONFLICT` is the same clause on both engines.
#[derive(Debug, Clone, Copy)]
pub struct OnConflict;
impl sql_dialect::on_conflict_clause::SupportsOnConflictClause for OnConflict {}
impl sql_dialect::on_conflict_clause::SupportsOnConflictClauseWhere for OnConflict {}
impl sql_dialect::on_conflict_clause::PgLikeOnConflictClause for OnConflict {}

impl SqlDialect for Dual {
    type ReturningClause = sql_dialect::returning_clause::PgLikeReturningClause;
    type OnConflictClause = OnConflict;
    type InsertWithDefaultKeyword = sql_dialect::default_keyword_for_insert::IsoSqlDefaultKeyword;
    type BatchInsertSupport = sql_dialect::batch_insert_support::PostgresLikeBatchInsertSupport;
    type ConcatClause = sql_dialect::concat_clause::ConcatWithPipesClause;
    type DefaultValueClauseForInsert = sql_dialect::default_value_clause::AnsiDefaultValueClause;
    type EmptyFromClauseSyntax = sql_dialect::from_clause_syntax::AnsiSqlFromClauseSyntax;
    type SelectStatementSyntax = sql_dialect::select_statement_syntax::AnsiSqlSelectStatement;
    type ExistsSyntax = sql_dialect::exists_syntax::AnsiSqlExistsSyntax;
    type ArrayComparison = sql_dialect::array_comparison::AnsiSqlArrayComparison;
    type AliasSyntax = sql_dialect::alias_syntax::AsAliasSyntax;
    type WindowFrameClauseGroupSupport =
        sql_dialect::window_frame_clause_group_support::IsoGroupWindowFrameUnit;
    type WindowFrameExclusionSupport =
        sql_dialect::window_frame_exclusion_support::FrameExclusionSupport;
    type AggregateFunctionExpressions =
        sql_dialect::aggregate_function_expressions::PostgresLikeAggregateFunctionExpressions;
    type BuiltInWindowFunctionRequireOrder =
        sql_dialect::built_in_window_function_require_order::NoOrderRequired;
}

/// SQLite wants a `LIMIT` before an `OFFSET`; `-1` means none.
fn limit_before_offset<'b>(
    limit: Option<&'b (impl QueryFragment<Dual> + ?Sized)>,
    offset: Option<&'b (impl QueryFragment<Dual> + ?Sized)>,
    mut out: AstPass<'_, 'b, Dual>,
) -> QueryResult<()> {
    let engine = *out.backend();
    let absent = |clause: Option<QueryResult<bool>>| clause.unwrap_or(Ok(true));
    let limit_absent = absent(limit.map(|limit| limit.is_noop(engine.as_static())))?;
    let offset_absent = absent(offset.map(|offset| offset.is_noop(engine.as_static())))?;
    if engine == Dual::Sqlite && limit_absent && !offset_absent {
        out.push_sql(" LIMIT -1 ");
    }
    if let Some(limit) = limit {
        limit.walk_ast(out.reborrow())?;
    }
    if let Some(offset) = offset {
        offset.walk_ast(out.reborrow())?;
    }
    Ok(())
}

impl<L: QueryFragment<Dual>, O: QueryFragment<Dual>> QueryFragment<Dual>
    for LimitOffsetClause<L, O>
{
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Dual>) -> QueryResult<()> {
        limit_before_offset(Some(&self.limit_clause), Some(&self.offset_clause), out)
    }
}

impl QueryFragment<Dual> for BoxedLimitOffsetClause<'_, Dual> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Dual>) -> QueryResult<()> {
        limit_before_offset(self.limit.as_ref(), self.offset.as_ref(), out)
    }
}

impl<'a, L, O> IntoBoxedClause<'a, Dual> for LimitOffsetClause<L, O>
where
    L: QueryFragment<Dual> + Send + 'a,
    O: QueryFragment<Dual> + Send + 'a,
{
    type BoxedClause = BoxedLimitOffsetClause<'a, Dual>;

    fn into_boxed(self) -> Self::BoxedClause {
        BoxedLimitOffsetClause {
            limit: Some(Box::new(self.limit_clause)),
            offset: Some(Box::new(self.offset_clause)),
        }
    }
}

impl SupportsCombinationClause<Union, Distinct> for Dual {}
impl SupportsCombinationClause<Union, All> for Dual {}

/// The parts of a union: in parentheses on PostgreSQL, as a sub-select on SQLite, which allows none.
impl<T: QueryFragment<Dual>> QueryFragment<Dual> for ParenthesisWrapper<T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Dual>) -> QueryResult<()> {
        out.push_sql(match out.backend() {
            Dual::Pg => "(",
            Dual::Sqlite => "SELECT * FROM (",
        });
        self.inner.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

/// `SELECT … FOR UPDATE SKIP LOCKED` on PostgreSQL, the plain query on SQLite (one writer there).
#[derive(Debug, Clone, Copy, QueryId)]
pub struct SkipLocked<Q>(pub Q);

/// `SELECT … FOR UPDATE` on PostgreSQL, the plain query on SQLite (one writer there).
#[derive(Debug, Clone, Copy, QueryId)]
pub struct ForUpdate<Q>(pub Q);

fn locked<'b>(
    query: &'b impl QueryFragment<Dual>,
    suffix: &str,
    mut out: AstPass<'_, 'b, Dual>,
) -> QueryResult<()> {
    query.walk_ast(out.reborrow())?;
    if *out.backend() == Dual::Pg {
        out.push_sql(suffix);
    }
    Ok(())
}

impl<Q: QueryFragment<Dual>> QueryFragment<Dual> for SkipLocked<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Dual>) -> QueryResult<()> {
        locked(&self.0, " FOR UPDATE SKIP LOCKED", out)
    }
}

impl<Q: QueryFragment<Dual>> QueryFragment<Dual> for ForUpdate<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Dual>) -> QueryResult<()> {
        locked(&self.0, " FOR UPDATE", out)
    }
}

impl<Q: Query> Query for SkipLocked<Q> {
    type SqlType = Q::SqlType;
}

impl<Q: Query> Query for ForUpdate<Q> {
    type SqlType = Q::SqlType;
}

/// `CAST(SUM(x) AS BIGINT)`: on PostgreSQL the sum of a `BIGINT` column is numeric.
#[derive(Debug, Clone, Copy, QueryId)]
pub struct SumMinor<E>(pub E);

impl<E: Expression> Expression for SumMinor<E> {
    type SqlType = Nullable<BigInt>;
}

impl<E: QueryFragment<Dual>> QueryFragment<Dual> for SumMinor<E> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Dual>) -> QueryResult<()> {
        out.push_sql("CAST(SUM(");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(") AS BIGINT)");
        Ok(())
    }
}

impl<E: SelectableExpression<QS>, QS> SelectableExpression<QS> for SumMinor<E> {}
impl<E: AppearsOnTable<QS>, QS> AppearsOnTable<QS> for SumMinor<E> {}

impl<E, G> ValidGrouping<G> for SumMinor<E> {
    type IsAggregate = is_aggregate::Yes;
}

/// The start of the bucket of so many seconds, counted from 1970, that an instant falls in.
///
/// Meant to be grouped by and selected together; it counts as an aggregate wherever it stands.
#[derive(Debug, Clone, Copy)]
pub struct Bucket<E>(pub E, pub u32);

/// The width is part of the text, so the type alone does not identify the query.
impl<E> QueryId for Bucket<E> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<E: Expression> Expression for Bucket<E> {
    type SqlType = Timestamptz;
}

impl<E: QueryFragment<Dual>> QueryFragment<Dual> for Bucket<E> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Dual>) -> QueryResult<()> {
        let seconds = self.1.max(1);
        match out.backend() {
            Dual::Pg => {
                out.push_sql(&format!("DATE_BIN(INTERVAL '{seconds} seconds', "));
                self.0.walk_ast(out.reborrow())?;
                out.push_sql(", TIMESTAMPTZ 'epoch')");
            }
            Dual::Sqlite => {
                let width = i64::from(seconds) * 1_000_000;
                out.push_sql("(");
                self.0.walk_ast(out.reborrow())?;
                out.push_sql(&format!(" / {width} * {width})"));
            }
        }
        Ok(())
    }
}

impl<E: SelectableExpression<QS>, QS> SelectableExpression<QS> for Bucket<E> {}
impl<E: AppearsOnTable<QS>, QS> AppearsOnTable<QS> for Bucket<E> {}

impl<E: ValidGrouping<()>, G> ValidGrouping<G> for Bucket<E> {
    type IsAggregate = is_aggregate::Yes;
}
