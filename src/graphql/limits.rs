//! How much one operation may ask for. Every limit has a number here, a code, and a test.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextParseQuery};
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Positioned, ServerError, ServerResult, Variables};

use crate::kernel::error::{Code, Error};

/// Nesting of selections. Introspection as GraphiQL asks for it needs 13.
pub const DEPTH: usize = 15;
/// Fields, with lists multiplied by their length.
pub const COMPLEXITY: usize = 5_000;
/// Directives on one field.
pub const DIRECTIVES: usize = 8;
/// Aliases in one operation: more would be guessing, not asking.
pub const ALIASES: usize = 30;
/// Root fields in one operation.
pub const ROOT_FIELDS: usize = 20;
/// Root fields of a mutation: each is a transaction.
pub const MUTATION_FIELDS: usize = 10;
/// Operations in one HTTP request.
pub const BATCH: usize = 10;
/// Bytes of one HTTP request.
pub const BODY_BYTES: usize = 1024 * 1024;

/// The schema extension that counts aliases and root fields.
pub struct Limits;

impl ExtensionFactory for Limits {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Counter)
    }
}

struct Counter;

#[async_trait::async_trait]
impl Extension for Counter {
    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(ctx, query, variables).await?;
        for (_, operation) in document.operations.iter() {
            check(&operation.node).map_err(|error| server_error(error, operation))?;
        }
        let aliases = document.fragments.values().map(|fragment| aliases(&fragment.node.selection_set.node)).sum();
        bound(aliases, ALIASES, Code::TooManyAliases, "aliases").map_err(|error| ServerError {
            source: Some(Arc::new(error)),
            ..ServerError::new("too many aliases", None)
        })?;
        Ok(document)
    }
}

fn server_error(error: Error, at: &Positioned<OperationDefinition>) -> ServerError {
    let message = error.message.clone();
    ServerError { source: Some(Arc::new(error)), ..ServerError::new(message, Some(at.pos)) }
}

fn check(operation: &OperationDefinition) -> Result<(), Error> {
    let set = &operation.selection_set.node;
    let most = match operation.ty {
        async_graphql::parser::types::OperationType::Mutation => MUTATION_FIELDS,
        _ => ROOT_FIELDS,
    };
    bound(set.items.len(), most, Code::TooManyRootFields, "root fields")?;
    bound(aliases(set), ALIASES, Code::TooManyAliases, "aliases")
}

fn bound(count: usize, most: usize, code: Code, what: &str) -> Result<(), Error> {
    if count > most {
        let message = format!("{count} {what} in one operation; {most} are allowed");
        return Err(Error::refused(code, message).with("limit", most));
    }
    Ok(())
}

fn aliases(set: &SelectionSet) -> usize {
    set.items
        .iter()
        .map(|item| match &item.node {
            Selection::Field(field) => {
                usize::from(field.node.alias.is_some()) + aliases(&field.node.selection_set.node)
            }
            Selection::InlineFragment(fragment) => aliases(&fragment.node.selection_set.node),
            Selection::FragmentSpread(_) => 0,
        })
        .sum()
}
