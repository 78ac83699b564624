//! The order in which a rule runs: what is known where, what is never reached.

use rhai::{Expr, Position, Stmt};

use super::Linter;
use super::endings::{leaves, no_answer, start_of};
use super::shape::{Known, Shape};

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
}

/// One record of a list of facts; it stands where the list stands.
fn item_of(list: &Known) -> Known {
    match list.shape {
        Shape::Records(fields) => Known {
            shape: Shape::Record(fields),
            path: list.path.as_ref().map(|path| format!("{path}[]")),
            ..Known::default()
        },
        _ => Known::default(),
    }
}
