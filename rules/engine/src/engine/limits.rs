//! What a script may cost. Every number is set: the engine's own defaults differ between debug and
//! release, and the release ones overflow a small stack in a debug build, which aborts the process.

use rhai::Engine;

use crate::hook::Budget;

/// Characters of one text, and of all texts in one value.
const TEXT: usize = 4_096;
const LIST: usize = 512;
const MAP: usize = 64;
const CALL_DEPTH: usize = 8;
const EXPRESSION_DEPTH: usize = 32;
const EXPRESSION_DEPTH_IN_FUNCTION: usize = 24;
const VARIABLES: usize = 64;
const FUNCTIONS: usize = 32;

/// Sets every limit. Sizes are what bounds memory; a count of operations does not.
pub(crate) fn apply(engine: &mut Engine, budget: Budget) {
    engine.set_max_operations(budget.operations);
    engine.set_max_string_size(TEXT);
    engine.set_max_array_size(LIST);
    engine.set_max_map_size(MAP);
    engine.set_max_call_levels(CALL_DEPTH);
    engine.set_max_expr_depths(EXPRESSION_DEPTH, EXPRESSION_DEPTH_IN_FUNCTION);
    engine.set_max_variables(VARIABLES);
    engine.set_max_functions(FUNCTIONS);
    engine.set_max_modules(0);
}
