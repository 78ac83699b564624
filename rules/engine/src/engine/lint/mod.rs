//! What can be said about a rule without running it: misspelt facts, facts that may be empty, calls that
//! cannot work, paths without an answer. What is known of each value follows the text of the rule.

mod calls;
mod expressions;
mod flow;
pub(crate) use flow::start_of;
mod shape;

use rhai::{ASTNode, Position};

pub(crate) use self::shape::Limit;
use self::shape::{Known, Shape};
use super::words;
use crate::Value;
use crate::compiled::Script;
use crate::hook::Hook;
use crate::settings::Schema;

/// One remark; an error would fail when it is reached, a warning probably surprises.
#[derive(Clone)]
pub(crate) struct Remark {
    /// Stable name of what is wrong.
    pub(crate) code: &'static str,
    pub(crate) is_error: bool,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) position: Position,
}

/// A fact the rule compares, and with what.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) path: String,
    pub(crate) limit: Limit,
}

/// Everything a look at the text came to.
pub(crate) struct Looked {
    /// In the order of the file.
    pub(crate) remarks: Vec<Remark>,
    /// Names of the settings it reads.
    pub(crate) settings: Vec<String>,
    pub(crate) comparisons: Vec<Comparison>,
    /// Paths of the facts it looks at which may be empty.
    pub(crate) may_be_empty: Vec<String>,
}

/// Looks at a script.
pub(crate) fn lint(script: &Script, hook: &'static Hook, schema: &Schema) -> Looked {
    let mut linter = Linter::new(script, hook, schema);
    script.ast.walk(&mut |path: &[ASTNode<'_>]| {
        // Only the statements directly inside a function; everything below is walked by hand, in order.
        if let [ASTNode::Stmt(statement)] = path {
            linter.top(statement);
        }
        true
    });
    linter.finish()
}

/// One function of the script.
struct Function {
    name: String,
    from: (usize, usize),
    to: (usize, usize),
    parameters: Vec<String>,
}

struct Linter<'a> {
    script: &'a Script,
    hook: &'static Hook,
    schema: &'a Schema,
    functions: Vec<Function>,
    /// What the hook's function calls its settings.
    settings_name: String,
    looked: Looked,
    /// The function being walked, by position in `functions`.
    current: Option<usize>,
    /// Names in scope and what is known of them; there is no shadowing.
    names: Vec<(String, Known)>,
    /// Facts that cannot be empty here, because they were tested.
    tested: Vec<String>,
    /// Whether an earlier statement of this function always returned.
    left: bool,
    /// What is wrong with the last statement so far as an ending of the hook's function.
    endings: Vec<Remark>,
    has_body: bool,
    /// Answers of the last statement so far; another statement after it throws them away.
    answers: Vec<Position>,
}

impl<'a> Linter<'a> {
    fn new(script: &'a Script, hook: &'static Hook, schema: &'a Schema) -> Self {
        let functions: Vec<Function> = script
            .ast
            .iter_functions()
            .filter_map(|function| {
                let count = function.params.len();
                let found = script
                    .ast
                    .shared_lib()
                    .get_script_fn(function.name, count)?;
                Some(Function {
                    name: function.name.to_owned(),
                    from: spot(found.body.start_position()),
                    to: spot(found.body.end_position()),
                    parameters: function
                        .params
                        .iter()
                        .map(|name| (*name).to_owned())
                        .collect(),
                })
            })
            .collect();
        let of_hook = functions
            .iter()
            .find(|function| function.name == hook.function());
        let settings_name = of_hook.and_then(|function| function.parameters.get(1).cloned());
        Self {
            script,
            hook,
            schema,
            settings_name: settings_name.unwrap_or_else(|| "settings".to_owned()),
            functions,
            looked: Looked {
                remarks: Vec::new(),
                settings: Vec::new(),
                comparisons: Vec::new(),
                may_be_empty: Vec::new(),
            },
            current: None,
            names: Vec::new(),
            tested: Vec::new(),
            left: false,
            endings: Vec::new(),
            has_body: false,
            answers: Vec::new(),
        }
    }

    /// Starts over when a statement belongs to another function than the one before.
    fn enter(&mut self, position: Position) {
        let at = spot(position);
        let here = self
            .functions
            .iter()
            .position(|function| (function.from..=function.to).contains(&at));
        if here == self.current {
            return;
        }
        self.current = here;
        self.left = false;
        self.tested.clear();
        self.answers.clear();
        let parameters = here.and_then(|index| self.functions.get(index));
        self.names = parameters
            .map(|function| function.parameters.clone())
            .unwrap_or_default()
            .into_iter()
            .map(|name| (name.clone(), self.parameter(&name)))
            .collect();
    }

    /// Helpers call the facts and the settings what the hook's function calls them.
    fn parameter(&self, name: &str) -> Known {
        if name == self.script.subject {
            let mut facts = Known::of(Shape::Record(self.hook.facts));
            facts.path = Some(String::new());
            return facts;
        }
        if name == self.settings_name {
            return Known::of(Shape::Settings);
        }
        Known::default()
    }

    fn in_hook_function(&self) -> bool {
        let function = self.current.and_then(|index| self.functions.get(index));
        function.is_some_and(|function| function.name == self.hook.function())
    }

    fn is_own(&self, name: &str) -> bool {
        self.functions.iter().any(|function| function.name == name)
    }

    fn remark(
        &mut self,
        code: &'static str,
        is_error: bool,
        message: impl Into<String>,
        hint: Option<String>,
        position: Position,
    ) {
        self.looked.remarks.push(Remark {
            code,
            is_error,
            message: message.into(),
            hint,
            position,
        });
    }

    fn error(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        hint: Option<String>,
        position: Position,
    ) {
        self.remark(code, true, message, hint, position);
    }

    fn warning(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        hint: Option<String>,
        position: Position,
    ) {
        self.remark(code, false, message, hint, position);
    }

    /// A value that must be there: says so when it is a fact that may be empty and was not tested.
    fn must_be_there(&mut self, known: &Known, position: Position) {
        let Some(path) = known.path.as_ref().filter(|_| known.may_be_empty) else {
            return;
        };
        if self.tested.contains(path) {
            return;
        }
        let written = format!("{}.{path}", self.script.subject);
        let message = format!("`{path}` may be empty");
        let hint = match known.shape {
            Shape::Whole => format!("give a stand-in: `({written} ?? 0)`"),
            _ => format!("test it first: `if {written} != () {{ … }}`"),
        };
        self.warning("fact_may_be_empty", message, Some(hint), position);
    }

    fn finish(mut self) -> Looked {
        if !self.has_body {
            let start = self
                .script
                .ast
                .shared_lib()
                .get_script_fn(self.hook.function(), 2)
                .map_or(Position::NONE, |function| function.body.start_position());
            self.endings = vec![flow::no_answer(start)];
        }
        self.looked.remarks.append(&mut self.endings);
        let remarks = &mut self.looked.remarks;
        remarks.sort_by_key(|remark| spot(remark.position));
        remarks
            .dedup_by(|one, other| one.message == other.message && one.position == other.position);
        self.looked
    }
}

/// A position that can be ordered.
fn spot(position: Position) -> (usize, usize) {
    (
        position.line().unwrap_or(0),
        position.position().unwrap_or(0),
    )
}

/// Settings nobody reads: a form field without effect.
pub(crate) fn unused<'a>(schema: &'a Schema, read: &[String]) -> Vec<&'a str> {
    let settings = schema
        .settings
        .iter()
        .filter(|setting| setting.default != Value::Nothing);
    settings
        .map(|setting| setting.name.as_str())
        .filter(|name| !read.iter().any(|it| it == name))
        .collect()
}

/// Whether a name is a decoration every outcome understands.
fn is_decoration(name: &str) -> bool {
    words::DECORATIONS.contains(&name)
}
