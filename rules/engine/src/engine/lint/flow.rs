//! The order in which a rule runs: what was tested, what is never reached, which path ends without an answer.

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

/// Facts that cannot be empty when a condition holds, and when it does not.
#[derive(Default)]
struct Tested {
    if_so: Vec<String>,
    if_not: Vec<String>,
}

impl Linter<'_> {
    /// One statement directly inside a function.
    pub(super) fn top(&mut self, statement: &Stmt) {
        self.enter(start_of(statement));
        self.unreachable(statement);
        for position in std::mem::take(&mut self.answers) {
            self.thrown_away(position);
        }
        let ends = self.in_hook_function();
        if ends {
            self.has_body = true;
            self.endings.clear();
        }
        self.statement(statement, ends);
        self.left |= leaves(statement);
    }

    fn unreachable(&mut self, statement: &Stmt) {
        if self.left {
            let hint = "delete it, or move it above the `return`".to_owned();
            let position = start_of(statement);
            self.warning("unreachable", "this is never reached", Some(hint), position);
            self.left = false;
        }
    }

    /// The statements between two braces; `ends` when the last one is the answer of the rule.
    pub(super) fn block(&mut self, statements: &[Stmt], ends: bool) {
        let (names, left) = (self.names.len(), std::mem::take(&mut self.left));
        for (index, statement) in statements.iter().enumerate() {
            self.unreachable(statement);
            self.statement(statement, ends && index + 1 == statements.len());
            self.left |= leaves(statement);
        }
        self.names.truncate(names);
        self.left = left;
    }

    fn statement(&mut self, statement: &Stmt, ends: bool) {
        match statement {
            Stmt::If(flow, position) => {
                self.condition(&flow.expr);
                let tested = self.tests_of(&flow.expr);
                self.branch(flow.body.statements(), &tested.if_so, ends, *position);
                if ends || !flow.branch.is_empty() {
                    self.branch(flow.branch.statements(), &tested.if_not, ends, *position);
                }
                // `if x == () { return …; }`: below it, x is there.
                if flow.body.statements().iter().any(leaves) {
                    self.tested.extend(tested.if_not);
                }
                if flow.branch.statements().iter().any(leaves) {
                    self.tested.extend(tested.if_so);
                }
            }
            Stmt::Switch(switch, position) => {
                let (on, cases) = &**switch;
                let known = self.expression(on);
                if matches!(known.shape, Shape::Money | Shape::Moment) {
                    let message = format!("`switch` never matches {}", known.shape.words());
                    let hint = Some("use `if` with `==`".to_owned());
                    self.error("switch_never_matches", message, hint, *position);
                }
                for case in &cases.expressions {
                    self.expression(&case.lhs);
                    self.arm(&case.rhs, ends);
                }
                if ends && cases.def_case.is_none() {
                    let mut remark = no_answer(*position);
                    remark.hint = Some("add a last line `_ => …` for everything else".to_owned());
                    self.endings.push(remark);
                }
            }
            Stmt::For(each, position) => {
                let known = self.expression(&each.2.expr);
                self.must_be_there(&known, each.2.expr.start_position());
                let names = self.names.len();
                self.names.push((each.0.name.to_string(), item_of(&known)));
                if let Some(counter) = &each.1 {
                    self.names
                        .push((counter.name.to_string(), Known::of(Shape::Whole)));
                }
                self.forget_assigned(each.2.body.statements());
                self.block(each.2.body.statements(), false);
                self.names.truncate(names);
                self.no_ending(ends, *position);
            }
            Stmt::Var(variable, _, position) => {
                let known = self.expression(&variable.1);
                self.names.push((variable.0.name.to_string(), known));
                self.no_ending(ends, *position);
            }
            Stmt::Assignment(assignment) => {
                let known = self.expression(&assignment.1.rhs);
                self.expression(&assignment.1.lhs);
                let is_plain = assignment.0.get_op_assignment_info().is_none();
                self.assign(
                    &assignment.1.lhs,
                    if is_plain { known } else { Known::default() },
                );
                self.no_ending(ends, assignment.1.lhs.start_position());
            }
            Stmt::Return(value, _, position) => self.returned(value.as_deref(), *position),
            Stmt::Block(block) => self.block(block.statements(), ends),
            Stmt::Expr(expression) => {
                if let (Expr::Stmt(block), true) = (&**expression, ends) {
                    return self.block(block.statements(), true);
                }
                let known = self.expression(expression);
                self.answer(ends, &known, expression.start_position());
                let first = match &**expression {
                    Expr::Dot(pair, ..) => &pair.lhs,
                    other => other,
                };
                let is_new = self.makes_answer(first);
                self.keep(is_new, ends, expression.start_position());
            }
            Stmt::FnCall(call, position) => {
                let known = self.call(call, *position);
                self.answer(ends, &known, *position);
                let is_new = self.hook.outcome(call.name.as_str()).is_some();
                self.keep(is_new, ends, *position);
            }
            other => self.no_ending(ends, other.position()),
        }
    }

    fn branch(&mut self, statements: &[Stmt], tested: &[String], ends: bool, position: Position) {
        let before = self.tested.len();
        self.tested.extend(tested.iter().cloned());
        self.block(statements, ends);
        self.tested.truncate(before);
        self.no_ending(ends && statements.is_empty(), position);
        self.forget_assigned(statements);
    }

    /// What comes after the arrow of a `switch`.
    fn arm(&mut self, value: &Expr, ends: bool) {
        if let Expr::Stmt(block) = value {
            self.block(block.statements(), ends);
            self.no_ending(ends && block.statements().is_empty(), block.position());
            self.forget_assigned(block.statements());
            return;
        }
        let known = self.expression(value);
        self.answer(ends, &known, value.start_position());
    }

    fn no_ending(&mut self, ends: bool, position: Position) {
        if ends {
            self.endings.push(no_answer(position));
        }
    }

    fn returned(&mut self, value: Option<&Expr>, position: Position) {
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

    fn answer(&mut self, ends: bool, known: &Known, position: Position) {
        if ends && let Some(remark) = not_an_outcome(self.hook, known, position) {
            self.endings.push(remark);
        }
    }

    fn makes_answer(&self, expression: &Expr) -> bool {
        matches!(expression, Expr::FnCall(call, _) if self.hook.outcome(call.name.as_str()).is_some())
    }

    /// A new answer that stands alone: the answer of the rule if nothing follows, else forgotten.
    fn keep(&mut self, is_new: bool, ends: bool, position: Position) {
        match (is_new && self.in_hook_function(), ends) {
            (true, true) => self.answers.push(position),
            (true, false) => self.thrown_away(position),
            (false, _) => {}
        }
    }

    fn thrown_away(&mut self, position: Position) {
        let hint = "write `return` before it, or make it the last line".to_owned();
        let message = "this answer is thrown away: the rule goes on below it";
        self.warning("answer_thrown_away", message, Some(hint), position);
    }

    /// A condition must be yes or no.
    pub(super) fn condition(&mut self, condition: &Expr) {
        let known = self.expression(condition);
        let position = condition.start_position();
        self.must_be_there(&known, position);
        if !matches!(known.shape, Shape::YesNo | Shape::Unknown) {
            let message = format!("a condition is yes or no, not {}", known.shape.words());
            let hint = Some("compare it with something: `>`, `==`, `!= ()`".to_owned());
            self.error("not_yes_no", message, hint, position);
        }
    }

    fn assign(&mut self, to: &Expr, known: Known) {
        let Expr::Variable(name, ..) = to else { return };
        let name = name.1.as_str();
        if let Some(entry) = self.names.iter_mut().find(|entry| entry.0 == name) {
            entry.1 = known;
        }
    }

    /// After a branch that may or may not have run, a name it changed can hold either value.
    fn forget_assigned(&mut self, statements: &[Stmt]) {
        let mut assigned = Vec::new();
        for statement in statements {
            statement.walk(&mut Vec::new(), &mut |path| {
                if let Some(rhai::ASTNode::Stmt(Stmt::Assignment(assignment))) = path.last()
                    && let Expr::Variable(name, ..) = &assignment.1.lhs
                {
                    assigned.push(name.1.to_string());
                }
                true
            });
        }
        for entry in self
            .names
            .iter_mut()
            .filter(|entry| assigned.contains(&entry.0))
        {
            entry.1 = Known::default();
        }
    }

    /// Which facts a condition tests for being there.
    fn tests_of(&mut self, condition: &Expr) -> Tested {
        match condition {
            Expr::And(parts, _) => {
                let all = parts.iter().map(|part| self.tests_of(part).if_so);
                Tested {
                    if_so: all.flatten().collect(),
                    if_not: Vec::new(),
                }
            }
            Expr::Or(parts, _) => {
                let all = parts.iter().map(|part| self.tests_of(part).if_not);
                Tested {
                    if_so: Vec::new(),
                    if_not: all.flatten().collect(),
                }
            }
            Expr::FnCall(call, _) => match (call.name.as_str(), call.args.as_slice()) {
                ("!", [inner]) => {
                    let Tested { if_so, if_not } = self.tests_of(inner);
                    Tested {
                        if_so: if_not,
                        if_not: if_so,
                    }
                }
                (operator @ ("==" | "!="), [left, right]) => {
                    self.test_of_equality(operator == "==", left, right)
                }
                _ => Tested::default(),
            },
            _ => Tested::default(),
        }
    }

    fn test_of_equality(&mut self, equal: bool, left: &Expr, right: &Expr) -> Tested {
        let (left, right) = (self.quietly(left), self.quietly(right));
        let (fact, other) = if left.path.is_some() {
            (left, right)
        } else {
            (right, left)
        };
        let path: Vec<String> = fact.path.into_iter().collect();
        let with_nothing = other.shape == Shape::Nothing;
        match (equal, with_nothing) {
            (true, true) => Tested {
                if_so: Vec::new(),
                if_not: path,
            },
            (false, true) => Tested {
                if_so: path,
                if_not: Vec::new(),
            },
            // Equal to something that is there: then it is there itself.
            (true, false) if !other.may_be_empty && other.shape != Shape::Unknown => Tested {
                if_so: path,
                if_not: Vec::new(),
            },
            _ => Tested::default(),
        }
    }

    /// Operands of `&&` and `||`: each one is only looked at after the ones before it.
    pub(super) fn chain(&mut self, parts: &[Expr], all: bool) -> Known {
        let before = self.tested.len();
        for part in parts {
            self.condition(part);
            let Tested { if_so, if_not } = self.tests_of(part);
            self.tested.extend(if all { if_so } else { if_not });
        }
        self.tested.truncate(before);
        Known::of(Shape::YesNo)
    }

    /// What is known of an expression that is looked at elsewhere.
    fn quietly(&mut self, expression: &Expr) -> Known {
        let (remarks, compared) = (self.looked.remarks.len(), self.looked.comparisons.len());
        let known = self.expression(expression);
        self.looked.remarks.truncate(remarks);
        self.looked.comparisons.truncate(compared);
        known
    }
}

/// One record of a list of facts; it stands where the list stands.
fn item_of(list: &Known) -> Known {
    match list.shape {
        Shape::Records(fields) => Known {
            shape: Shape::Record(fields),
            path: list.path.clone(),
            ..Known::default()
        },
        _ => Known::default(),
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
fn leaves(statement: &Stmt) -> bool {
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
