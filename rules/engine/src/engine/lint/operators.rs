//! Operators: what two values come to, and whether they can stand on both sides of one.

use rhai::{FnCallExpr, Position};

use super::shape::{Known, Shape};
use super::{Comparison, Linter};
use crate::Value;
use crate::suggest::nearest;

impl Linter<'_> {
    pub(super) fn operator(&mut self, call: &FnCallExpr, position: Position) -> Known {
        let operator = call.name.as_str();
        let [left, right] = call.args.as_slice() else {
            return self.unary(call, position);
        };
        let (left_known, right_known) = (self.expression(left), self.expression(right));
        match operator {
            "==" | "!=" => {
                self.kinds(operator, &left_known, &right_known, position);
                self.choice(&left_known, &right_known, position);
                self.compared(&left_known, &right_known);
                Known::of(Shape::YesNo)
            }
            "<" | "<=" | ">" | ">=" => {
                self.must_be_there(&left_known, position);
                self.must_be_there(&right_known, position);
                self.kinds(operator, &left_known, &right_known, position);
                self.compared(&left_known, &right_known);
                Known::of(Shape::YesNo)
            }
            _ => {
                self.must_be_there(&left_known, position);
                self.must_be_there(&right_known, position);
                self.arithmetic(operator, &left_known, &right_known, position)
            }
        }
    }

    fn unary(&mut self, call: &FnCallExpr, position: Position) -> Known {
        let Some(inner) = call.args.first() else {
            return Known::default();
        };
        let known = self.expression(inner);
        self.must_be_there(&known, position);
        match (
            call.name.as_str(),
            known.literal.as_ref().and_then(Value::as_whole),
        ) {
            ("!", _) => Known::of(Shape::YesNo),
            ("-", Some(number)) => Known::literal(Shape::Whole, number.saturating_neg().into()),
            _ => Known::of(known.shape),
        }
    }

    fn arithmetic(
        &mut self,
        operator: &str,
        left: &Known,
        right: &Known,
        position: Position,
    ) -> Known {
        if operator == "/" && left.shape != Shape::Money {
            let hint = "5 / 2 is 2; `started_blocks(5, 2)` rounds up".to_owned();
            let message = "a division of whole numbers drops the rest";
            self.warning("division", message, Some(hint), position);
        }
        let number = right.literal.as_ref().and_then(Value::as_whole);
        let limit = match operator {
            "+" => left.shifted(number),
            "-" => left.shifted(number.and_then(i64::checked_neg)),
            _ => None,
        };
        let shape = match (left.shape, right.shape) {
            (Shape::Text, _) | (_, Shape::Text) if operator == "+" => Shape::Text,
            (Shape::Money, _) | (_, Shape::Money) => Shape::Money,
            (Shape::Whole, Shape::Whole) => Shape::Whole,
            _ => Shape::Unknown,
        };
        Known {
            limit,
            ..Known::of(shape)
        }
    }

    /// Two kinds that can never be compared.
    fn kinds(&mut self, operator: &str, left: &Known, right: &Known, position: Position) {
        let ordered = !matches!(operator, "==" | "!=");
        let (one, other) = (left.shape, right.shape);
        let with_nothing = ordered && [one, other].contains(&Shape::Nothing);
        if one.compares_with(other) && !with_nothing {
            return;
        }
        let has = |shape: Shape| one == shape || other == shape;
        let hint = if has(Shape::Text) && has(Shape::Whole) {
            Some("write the number without quotes")
        } else if has(Shape::YesNo) && has(Shape::Whole) {
            Some("write the two comparisons with `&&` between them")
        } else {
            None
        };
        let message = format!(
            "cannot compare {} {operator} {}",
            one.words(),
            other.words()
        );
        self.error("cannot_compare", message, hint.map(str::to_owned), position);
    }

    /// A fact or setting with fixed values compared with a text that is none of them.
    fn choice(&mut self, left: &Known, right: &Known, position: Position) {
        for (side, other) in [(left, right), (right, left)] {
            let Some(text) = other.literal.as_ref().and_then(Value::as_text) else {
                continue;
            };
            if side.choices.is_empty() || side.choices.iter().any(|choice| choice == text) {
                continue;
            }
            let setting = side
                .limit
                .as_ref()
                .and_then(|limit| limit.setting.as_deref());
            let name = side.path.as_deref().or(setting).unwrap_or_default();
            let name = name.rsplit('.').next().unwrap_or(name).to_owned();
            let near = nearest(text, side.choices.iter().map(String::as_str));
            let hint = near.map(|near| format!("did you mean \"{near}\"?"));
            let message = format!("`{name}` is never \"{text}\": {}", side.choices.join(", "));
            self.error("not_a_choice", message, hint, position);
        }
    }

    /// Keeps what a fact is compared with, for the generated edge cases.
    fn compared(&mut self, left: &Known, right: &Known) {
        for (side, other) in [(left, right), (right, left)] {
            let path = side.path.as_ref().or(side.stands_for.as_ref());
            let (Some(path), Some(limit)) = (path, &other.limit) else {
                continue;
            };
            if !matches!(side.shape, Shape::Whole | Shape::Money) {
                continue;
            }
            let comparison = Comparison {
                path: path.clone(),
                limit: limit.clone(),
            };
            if !self.looked.comparisons.contains(&comparison) {
                self.looked.comparisons.push(comparison);
            }
        }
    }
}

pub(super) fn is_operator(call: &FnCallExpr) -> bool {
    let is_word = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    call.op_token.is_some() || !call.name.starts_with(is_word)
}
