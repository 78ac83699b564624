//! One GraphQL request as it arrives: its four parameters, their types, and which operation it runs.

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection,
};
use async_graphql::{Request, Value, Variables};
use serde_json::{Map, Value as Json};

use crate::graphql::limits;
use crate::kernel::error::{Code, Error, Result};

/// A request that may be executed.
pub(super) struct Operation {
    pub(super) request: Request,
    pub(super) kind: OperationType,
    /// The root field it asks for, for the metrics. Only believed once the schema has validated it.
    pub(super) name: String,
}

/// Reads the parameters of one request, each of its type.
pub(super) fn read(parameters: Json) -> Result<Request> {
    let Json::Object(mut parameters) = parameters else {
        return Err(Error::refused(
            Code::InvalidInput,
            "a request is a JSON object with a query",
        ));
    };
    let extensions = object(&mut parameters, "extensions")?;
    let query = match parameters.remove("query") {
        Some(Json::String(query)) => query,
        None | Some(Json::Null) if extensions.contains_key("persistedQuery") => {
            return Err(Error::refused(
                Code::PersistedQueryNotFound,
                "PersistedQueryNotFound",
            ));
        }
        None | Some(Json::Null) => return Err(Error::invalid("query", "a request needs a query")),
        Some(_) => return Err(Error::invalid("query", "query is a string")),
    };
    let variables = object(&mut parameters, "variables")?;
    let mut request = Request::new(query).variables(Variables::from_json(Json::Object(variables)));
    match parameters.remove("operationName") {
        None | Some(Json::Null) => {}
        Some(Json::String(name)) => {
            request.operation_name = Some(name).filter(|name| !name.is_empty())
        }
        Some(_) => return Err(Error::invalid("operationName", "operationName is a string")),
    }
    Ok(request)
}

fn object(parameters: &mut Map<String, Json>, name: &str) -> Result<Map<String, Json>> {
    match parameters.remove(name) {
        None | Some(Json::Null) => Ok(Map::new()),
        Some(Json::Object(object)) => Ok(object),
        Some(_) => Err(Error::invalid(name, format!("{name} is a map"))),
    }
}

/// Parses the document once, for the transport and for the executor.
pub(super) fn prepare(mut request: Request) -> Result<Operation> {
    limits::admit(&request.query)?;
    let name = request.operation_name.clone();
    // What cannot be parsed, or chosen, the executor refuses itself, saying where.
    let mut operation = Operation {
        kind: OperationType::Query,
        name: "invalid".to_owned(),
        request: Request::new(""),
    };
    if let Ok(document) = request.parsed_query()
        && let Some(chosen) = chosen(document, name.as_deref())
    {
        operation.kind = chosen.ty;
        operation.name = root_field(chosen);
        let needed = needed(chosen);
        check_present(&needed, &request.variables)?;
    }
    operation.request = request;
    Ok(operation)
}

fn chosen<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(&operation.node),
        (DocumentOperations::Multiple(operations), Some(name)) => {
            operations.get(name).map(|found| &found.node)
        }
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            operations.values().next().map(|found| &found.node)
        }
        _ => None,
    }
}

fn root_field(operation: &OperationDefinition) -> String {
    match operation.selection_set.node.items.as_slice() {
        [one] => match &one.node {
            Selection::Field(field) => field.node.name.node.to_string(),
            _ => "fragment".to_owned(),
        },
        _ => "several".to_owned(),
    }
}

/// The variables that must have a value.
fn needed(operation: &OperationDefinition) -> Vec<String> {
    let definitions = operation
        .variable_definitions
        .iter()
        .map(|definition| &definition.node);
    definitions
        .filter(|definition| {
            !definition.var_type.node.nullable && definition.default_value.is_none()
        })
        .map(|definition| definition.name.node.to_string())
        .collect()
}

/// The executor checks a variable where it is used; one that is missing is wrong in any case.
fn check_present(needed: &[String], variables: &Variables) -> Result<()> {
    for name in needed {
        let value = variables.get(name.as_str());
        if value.is_none_or(|value| *value == Value::Null) {
            let message = format!("the variable ${name} needs a value");
            return Err(Error::invalid(&format!("variables.{name}"), message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn prepared(parameters: Json) -> Result<Operation> {
        prepare(read(parameters)?)
    }

    #[test]
    fn each_parameter_has_its_type() {
        for (name, wrong) in [
            ("query", json!(1)),
            ("operationName", json!({})),
            ("variables", json!("x")),
            ("extensions", json!([])),
        ] {
            let mut parameters = json!({ "query": "{ __typename }" });
            parameters[name] = wrong;
            assert_eq!(read(parameters).unwrap_err().field.as_deref(), Some(name));
        }
        assert!(
            read(json!({ "query": "{ a }", "operationName": null, "variables": null })).is_ok()
        );
        assert_eq!(read(json!({})).unwrap_err().field.as_deref(), Some("query"));
        assert_eq!(
            read(json!({ "extensions": { "persistedQuery": {} } }))
                .unwrap_err()
                .code,
            Code::PersistedQueryNotFound
        );
    }

    #[test]
    fn the_chosen_operation_says_what_it_is() {
        let document = "query A { a } mutation B { b } subscription C { c }";
        let of =
            |name: &str| prepared(json!({ "query": document, "operationName": name })).unwrap();
        assert_eq!(
            (of("A").kind, of("A").name),
            (OperationType::Query, "a".to_owned())
        );
        assert_eq!(
            (of("B").kind, of("B").name),
            (OperationType::Mutation, "b".to_owned())
        );
        assert_eq!(of("C").kind, OperationType::Subscription);
        assert_eq!(of("D").name, "invalid");
    }

    #[test]
    fn a_variable_that_needs_a_value_is_named() {
        let query = "query Q($a: Int!, $b: Int! = 1, $c: Int) { x }";
        let error =
            |variables: Json| prepared(json!({ "query": query, "variables": variables })).err();
        assert_eq!(
            error(json!({})).unwrap().field.as_deref(),
            Some("variables.a")
        );
        assert_eq!(
            error(json!({ "a": null })).unwrap().field.as_deref(),
            Some("variables.a")
        );
        assert!(error(json!({ "a": 1 })).is_none());
    }
}
