//! The `check` of a setting: one comparison over its siblings, judged by the same engine as a rule.

use rhai::{AST, CallFnOptions, Dynamic, Engine, Scope};

use super::translate::innermost;
use super::{HostError, views, words};
use crate::Record;
use crate::hook::Budget;

/// Whether an expression over named settings holds.
pub(crate) fn holds(expression: &str, values: &Record) -> Result<bool, String> {
    let names: Vec<&str> = values.keys().map(String::as_str).collect();
    let (engine, ast) = compile(expression, &names)?;
    let arguments: Vec<Dynamic> = values.values().map(views::to_dynamic).collect();
    let options = CallFnOptions::default().eval_ast(false);
    let answer = engine
        .call_fn_with_options::<Dynamic>(options, &mut Scope::new(), &ast, "check", arguments)
        .map_err(|error| match innermost(&error).0 {
            rhai::EvalAltResult::ErrorRuntime(token, _) => token
                .read_lock::<HostError>()
                .map_or_else(|| token.to_string(), |said| said.message.clone()),
            other => other.to_string(),
        })?;
    answer
        .as_bool()
        .map_err(|kind| format!("the check answers with {kind}, not with yes or no"))
}

/// The settings are parameters, never constants: constants would be baked into the tree.
fn compile(expression: &str, names: &[&str]) -> Result<(Engine, AST), String> {
    let mut engine = super::bare();
    super::limits::apply(&mut engine, Budget::SMALL);
    words::disable(&mut engine);
    let source = format!("fn check({}) {{ {expression} }}", names.join(", "));
    let ast = engine
        .compile(source)
        .map_err(|error| error.err_type().to_string())?;
    let is_one_expression = ast.statements().is_empty() && ast.iter_functions().count() == 1;
    if is_one_expression {
        Ok((engine, ast))
    } else {
        Err("the check is not one comparison".to_owned())
    }
}
