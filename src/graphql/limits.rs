//! How much one operation may ask for. Every limit has a number here, a code, and a test.

use std::sync::{Arc, OnceLock};

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextParseQuery, NextRequest, NextValidation,
};
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Positioned, Response, ServerError, ServerResult, ValidationResult, Variables, value};

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

/// Bytes of one document.
pub const DOCUMENT_BYTES: usize = 64 * 1024;
/// Brackets inside brackets in a document, of any kind.
pub const NESTING: usize = 60;
/// Bytes of one message on a socket.
pub const MESSAGE_BYTES: usize = 64 * 1024;
/// Operations running at once on one socket.
pub const SOCKET_OPERATIONS: usize = 50;

/// Looks at a document before it is parsed: the parser calls itself for each bracket, so what is nested without
/// end must not reach it.
pub fn admit(document: &str) -> Result<(), Error> {
    if document.len() > DOCUMENT_BYTES {
        let message = format!("a document may have {DOCUMENT_BYTES} bytes");
        return Err(Error::refused(Code::PayloadTooLarge, message).with("limit", DOCUMENT_BYTES));
    }
    bound(nesting(document), NESTING, Code::QueryTooDeep, "brackets inside brackets")
}

/// The deepest nesting of brackets outside strings and comments.
fn nesting(document: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut in_comment, mut escaped) = (false, false, false);
    for byte in document.bytes() {
        match byte {
            b'\n' | b'\r' if in_comment => in_comment = false,
            _ if in_comment => {}
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'#' => in_comment = true,
            b'{' | b'[' | b'(' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The schema extension that says what an operation cost, in `extensions.cost`.
pub struct Cost;

impl ExtensionFactory for Cost {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Meter::default())
    }
}

#[derive(Default)]
struct Meter(OnceLock<usize>);

#[async_trait::async_trait]
impl Extension for Meter {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let response = next.run(ctx).await;
        match self.0.get() {
            Some(complexity) => {
                response.extension("cost", value!({ "complexity": *complexity, "limit": COMPLEXITY }))
            }
            None => response,
        }
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(ctx).await?;
        // Asked once per operation.
        let _ = self.0.set(result.complexity);
        Ok(result)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        assert_eq!(nesting("{ a(b: [1]) { c } }"), 3);
        assert_eq!(nesting(r#"{ a(b: "((({{{\"((") }"#), 2);
        assert_eq!(nesting("{ a # ((((\n }"), 1);
        assert_eq!(nesting("}}}{"), 1);
    }

    #[test]
    fn a_document_has_a_length_and_a_depth() {
        assert!(admit("{ me { id } }").is_ok());
        assert_eq!(admit(&"{a".repeat(NESTING + 1)).unwrap_err().code, Code::QueryTooDeep);
        assert_eq!(admit(&" ".repeat(DOCUMENT_BYTES + 1)).unwrap_err().code, Code::PayloadTooLarge);
    }
}
