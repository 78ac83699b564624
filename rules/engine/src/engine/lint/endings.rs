//! How a path ends: with an outcome, with something else, with nothing, or never.

use rhai::{Expr, Position, Stmt};

use super::shape::{Known, Shape};
use super::{Linter, Remark};
use crate::hook::{Hook, OutcomeSpec};

/// A path that ends without an outcome.
pub(super) fn no_answer(position: Position) -> Remark {
    Remark {
        code: "no_answer",
        is_error: false,
        message: "some paths of this rule give no answer".to_owned(),
        hint: Some("add an `else`, or end the function with an outcome".to_owned()),
        position,
    }
}

impl Linter<'_> {
    pub(super) fn no_ending(&mut self, ends: bool, position: Position) {
        if ends {
            self.endings.push(no_answer(position));
        }
    }

    pub(super) fn returned(&mut self, value: Option<&Expr>, position: Position) {
        let known = value.map(|value| self.expression(value));
        if !self.in_hook_function() {
            return;
        }
        match known {
            None => self.looked.remarks.push(no_answer(position)),
            Some(known) => {
                if let Some(remark) = not_an_outcome(self.hook, &known, position) {
                    self.looked.remarks.push(remark);
                }
            }
        }
    }

    pub(super) fn answer(&mut self, ends: bool, known: &Known, position: Position) {
        if ends && let Some(remark) = not_an_outcome(self.hook, known, position) {
            self.endings.push(remark);
        }
    }

    pub(super) fn makes_answer(&self, expression: &Expr) -> bool {
        matches!(expression, Expr::FnCall(call, _) if self.hook.outcome(call.name.as_str()).is_some())
    }

    /// A new answer that stands alone: the answer of the rule if nothing follows, else forgotten.
    pub(super) fn keep(&mut self, is_new: bool, ends: bool, position: Position) {
        match (is_new && self.in_hook_function(), ends) {
            (true, true) => self.answers.push(position),
            (true, false) => self.thrown_away(position),
            (false, _) => {}
        }
    }

    pub(super) fn thrown_away(&mut self, position: Position) {
        let hint = "write `return` before it, or make it the last line".to_owned();
        let message = "this answer is thrown away: the rule goes on below it";
        self.warning("answer_thrown_away", message, Some(hint), position);
    }
}

fn not_an_outcome(hook: &Hook, known: &Known, position: Position) -> Option<Remark> {
    if matches!(known.shape, Shape::Outcome | Shape::Unknown) {
        return None;
    }
    let outcomes: Vec<String> = hook.outcomes.iter().map(OutcomeSpec::usage).collect();
    Some(Remark {
        code: "not_an_outcome",
        is_error: true,
        message: format!(
            "this rule answers with {}, not with an outcome",
            known.shape.words()
        ),
        hint: Some(format!(
            "end every path with one of {}",
            outcomes.join(", ")
        )),
        position,
    })
}

/// Whether nothing after a statement is ever reached.
pub(super) fn leaves(statement: &Stmt) -> bool {
    match statement {
        Stmt::Return(..) => true,
        Stmt::If(flow, _) => {
            flow.body.statements().iter().any(leaves) && flow.branch.statements().iter().any(leaves)
        }
        Stmt::Block(block) => block.statements().iter().any(leaves),
        _ => false,
    }
}

/// Where a statement begins: the engine points at the operator of an assignment or a comparison.
pub(crate) fn start_of(statement: &Stmt) -> Position {
    let mut first = statement.position();
    statement.walk(&mut Vec::new(), &mut |path| {
        let position = match path.last() {
            Some(rhai::ASTNode::Stmt(statement)) => statement.position(),
            Some(rhai::ASTNode::Expr(expression)) => expression.position(),
            _ => Position::NONE,
        };
        if !position.is_none() && (first.is_none() || super::spot(position) < super::spot(first)) {
            first = position;
        }
        true
    });
    first
}
