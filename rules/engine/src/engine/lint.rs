//! What can be said about a rule without running it: misspelt facts, unknown functions, silent traps.

use rhai::{ASTNode, Expr, FnCallExpr, Position, Stmt};

use super::translate::advice;
use super::words::{DECORATIONS, HELPERS};
use crate::Value;
use crate::compiled::Script;
use crate::hook::{Field, Hook, Kind, Presence};
use crate::settings::Schema;
use crate::suggest::nearest;
use crate::verdict::INHERIT;

/// One remark; an error would fail when it is reached, a warning probably surprises.
pub(crate) struct Remark {
    pub(crate) is_error: bool,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) position: Position,
}

/// Remarks in the order of the file, and the settings the rule reads.
pub(crate) fn lint(
    script: &Script,
    hook: &'static Hook,
    schema: &Schema,
) -> (Vec<Remark>, Vec<String>) {
    let mut linter = Linter {
        script,
        hook,
        schema,
        remarks: Vec::new(),
        settings: Vec::new(),
        endings: Vec::new(),
    };
    script.ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let [ASTNode::Stmt(statement)] = path {
            let answers = answers(std::slice::from_ref(*statement));
            linter.endings.push((statement.position(), answers));
        }
        if let Some(node) = path.last() {
            linter.look(node);
        }
        true
    });
    linter.endings();
    let mut remarks = linter.remarks;
    remarks.sort_by_key(|remark| (remark.position.line(), remark.position.position()));
    remarks.dedup_by(|one, other| one.message == other.message && one.position == other.position);
    (remarks, linter.settings)
}

struct Linter<'a> {
    script: &'a Script,
    hook: &'static Hook,
    schema: &'a Schema,
    remarks: Vec<Remark>,
    settings: Vec<String>,
    /// Each statement directly inside a function, and whether it answers on every path.
    endings: Vec<(Position, bool)>,
}

impl Linter<'_> {
    fn look(&mut self, node: &ASTNode<'_>) {
        match node {
            ASTNode::Expr(Expr::Dot(pair, ..)) => {
                self.fact(&pair.lhs, &pair.rhs);
            }
            ASTNode::Expr(Expr::FnCall(call, position))
            | ASTNode::Stmt(Stmt::FnCall(call, position)) => self.call(call, *position, false),
            ASTNode::Expr(Expr::MethodCall(call, position)) => self.call(call, *position, true),
            ASTNode::Expr(Expr::FloatConstant(number, position)) => {
                // A literal too large for a whole number silently becomes a fraction.
                let huge = number.abs() > 9.0e18;
                let message = if huge {
                    "this number is too large"
                } else {
                    "rules decide on whole numbers"
                };
                let hint = (!huge).then(|| "write 150 percent instead of 1.5".to_owned());
                self.remark(huge, message.to_owned(), hint, *position);
            }
            _ => {}
        }
    }

    fn remark(
        &mut self,
        is_error: bool,
        message: String,
        hint: Option<String>,
        position: Position,
    ) {
        self.remarks.push(Remark {
            is_error,
            message,
            hint,
            position,
        });
    }

    /// `facts.place.radius_m`, field by field.
    fn fact(&mut self, root: &Expr, rest: &Expr) -> Option<&'static Field> {
        let Expr::Variable(name, ..) = root else {
            return None;
        };
        if name.1.as_str() == "settings" {
            self.setting(rest);
            return None;
        }
        if name.1.as_str() != self.script.subject {
            return None;
        }
        let mut fields = self.hook.facts;
        let mut whose = self.script.subject.clone();
        let mut rest = rest;
        loop {
            let (step, next) = match rest {
                Expr::Dot(pair, ..) => (&pair.lhs, Some(&pair.rhs)),
                other => (other, None),
            };
            let Expr::Property(property, position) = step else {
                return None;
            };
            let name = property.2.as_str();
            let Some(field) = fields.iter().find(|field| field.name == name) else {
                let near = nearest(name, fields.iter().map(|field| field.name));
                let hint = near.map(|near| format!("did you mean `{near}`?"));
                self.remark(true, format!("`{whose}` has no `{name}`"), hint, *position);
                return None;
            };
            match (field.kind, next) {
                (Kind::Record(inner), Some(next)) => {
                    fields = inner;
                    whose = format!("{whose}.{name}");
                    rest = next;
                }
                (_, None) => return Some(field),
                (_, Some(_)) => return None,
            }
        }
    }

    fn setting(&mut self, rest: &Expr) {
        let step = match rest {
            Expr::Dot(pair, ..) => &pair.lhs,
            other => other,
        };
        let Expr::Property(property, position) = step else {
            return;
        };
        let name = property.2.as_str();
        self.settings.push(name.to_owned());
        if self.schema.find(name).is_none() {
            let near = nearest(
                name,
                self.schema
                    .settings
                    .iter()
                    .map(|setting| setting.name.as_str()),
            );
            let hint = near.map(|near| format!("did you mean `{near}`?"));
            self.remark(true, format!("`settings` has no `{name}`"), hint, *position);
        }
    }

    fn call(&mut self, call: &FnCallExpr, position: Position, is_method: bool) {
        let name = call.name.as_str();
        if call.op_token.is_some() || !name.starts_with(|letter: char| letter.is_ascii_lowercase())
        {
            self.operator(call, position);
            return;
        }
        let extra = self
            .hook
            .outcomes
            .iter()
            .flat_map(|spec| spec.methods)
            .any(|method| method.name == name);
        let outcome = self.hook.outcome(name);
        let known = extra
            || outcome.is_some()
            || name == INHERIT
            || DECORATIONS.contains(&name)
            || HELPERS.contains(&name)
            || self.script.functions.iter().any(|own| own == name);
        if !known {
            let hint = advice(name, self.script, self.hook);
            self.remark(
                true,
                format!("Function not found: {name}"),
                Some(hint),
                position,
            );
            return;
        }
        if let (Some(spec), false) = (outcome, is_method)
            && call.args.len() != spec.arguments.len()
        {
            let message = format!("`{name}` is written {}", spec.usage());
            self.remark(true, message, None, position);
        }
    }

    fn operator(&mut self, call: &FnCallExpr, position: Position) {
        let [left, right] = call.args.as_slice() else {
            return;
        };
        match call.name.as_str() {
            "/" => {
                let hint = "5 / 2 is 2; `started_blocks(5, 2)` rounds up".to_owned();
                self.remark(
                    false,
                    "a division of whole numbers drops the rest".to_owned(),
                    Some(hint),
                    position,
                );
            }
            "<" | "<=" | ">" | ">=" => {
                for side in [left, right] {
                    let Some(field) = self.field_of(side) else {
                        continue;
                    };
                    if field.presence == Presence::MayBeEmpty {
                        let hint = format!("give a stand-in: `({} ?? 0)`", field.name);
                        let message = format!("`{}` may be empty", field.name);
                        self.remark(false, message, Some(hint), position);
                    }
                }
            }
            "==" | "!=" => self.choice(left, right, position),
            _ => {}
        }
    }

    fn field_of(&mut self, side: &Expr) -> Option<&'static Field> {
        match side {
            Expr::Dot(pair, ..) => self.fact(&pair.lhs, &pair.rhs),
            _ => None,
        }
    }

    /// A fact or setting with fixed values compared with a text that is none of them.
    fn choice(&mut self, left: &Expr, right: &Expr, position: Position) {
        for (side, other) in [(left, right), (right, left)] {
            let Expr::StringConstant(text, _) = other else {
                continue;
            };
            let (name, choices) = match self.field_of(side) {
                Some(Field {
                    name,
                    kind: Kind::Choice(choices),
                    ..
                }) => (
                    *name,
                    choices
                        .iter()
                        .map(|choice| (*choice).to_owned())
                        .collect::<Vec<_>>(),
                ),
                _ => continue,
            };
            if !choices.iter().any(|choice| choice == text.as_str()) {
                let near = nearest(text, choices.iter().map(String::as_str));
                let hint = near.map(|near| format!("did you mean \"{near}\"?"));
                let message = format!("`{name}` is never \"{text}\": {}", choices.join(", "));
                self.remark(true, message, hint, position);
            }
        }
    }

    /// Every path of the hook's function must end with an answer. The body of a function cannot be
    /// asked for, so the last of its statements is found by place.
    fn endings(&mut self) {
        let wanted = self.hook.function();
        let Some(function) = self.script.ast.shared_lib().get_script_fn(wanted, 2) else {
            return;
        };
        let body = spot(function.body.start_position())..=spot(function.body.end_position());
        let inside = self
            .endings
            .iter()
            .filter(|(position, _)| body.contains(&spot(*position)));
        let last = inside.max_by_key(|(position, _)| spot(*position));
        if last.is_none_or(|(_, answers)| !answers) {
            let position = last.map_or(function.body.start_position(), |(position, _)| *position);
            let hint = "add an `else`, or end the function with an outcome".to_owned();
            self.remark(
                false,
                "some paths of this rule give no answer".to_owned(),
                Some(hint),
                position,
            );
        }
    }
}

/// A position that can be ordered.
fn spot(position: Position) -> (usize, usize) {
    (
        position.line().unwrap_or(0),
        position.position().unwrap_or(0),
    )
}

/// Whether a block ends with a value or a `return` on every path.
fn answers(statements: &[Stmt]) -> bool {
    match statements.last() {
        Some(Stmt::Return(value, ..)) => value.is_some(),
        Some(Stmt::If(flow, _)) => {
            answers(flow.body.statements()) && answers(flow.branch.statements())
        }
        Some(Stmt::Block(block)) => answers(block.statements()),
        // Judging every case of a switch would repeat the engine; the outcome check catches it.
        Some(Stmt::Expr(_) | Stmt::FnCall(..) | Stmt::Switch(..)) => true,
        _ => false,
    }
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
