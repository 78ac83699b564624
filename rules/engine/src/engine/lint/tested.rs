//! What a condition says about facts that may be empty.

use rhai::Expr;

use super::Linter;
use super::shape::{Known, Shape};

/// Facts that cannot be empty when a condition holds, and when it does not.
#[derive(Default)]
pub(super) struct Tested {
    pub(super) if_so: Vec<String>,
    pub(super) if_not: Vec<String>,
}

impl Linter<'_> {
    /// Which facts a condition tests for being there.
    pub(super) fn tests_of(&mut self, condition: &Expr) -> Tested {
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
