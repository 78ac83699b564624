//! What is known of an expression, and what is wrong inside it.

use rhai::{Expr, FnCallExpr, Position};

use super::shape::{Known, Shape};
use super::{Comparison, Linter};
use crate::Value;
use crate::suggest::nearest;

impl Linter<'_> {
    pub(super) fn expression(&mut self, expression: &Expr) -> Known {
        match expression {
            Expr::BoolConstant(answer, _) => Known::literal(Shape::YesNo, (*answer).into()),
            Expr::IntegerConstant(number, _) => Known::literal(Shape::Whole, (*number).into()),
            Expr::StringConstant(text, _) => Known::literal(Shape::Text, text.as_str().into()),
            Expr::FloatConstant(number, position) => self.fraction(**number, *position),
            Expr::Unit(_) => Known::of(Shape::Nothing),
            Expr::InterpolatedString(parts, _) => {
                for part in parts {
                    self.expression(part);
                }
                Known::of(Shape::Text)
            }
            Expr::Array(items, _) => {
                for item in items {
                    self.expression(item);
                }
                Known::of(Shape::List)
            }
            Expr::Map(pairs, _) => {
                for (_, value) in &pairs.0 {
                    self.expression(value);
                }
                Known::default()
            }
            Expr::Variable(name, ..) => {
                let name = name.1.as_str();
                let known = self.names.iter().find(|entry| entry.0 == name);
                known.map(|entry| entry.1.clone()).unwrap_or_default()
            }
            Expr::Dot(pair, ..) => {
                let known = self.expression(&pair.lhs);
                self.steps(known, &pair.rhs)
            }
            Expr::Index(pair, ..) => {
                let known = self.expression(&pair.lhs);
                self.expression(&pair.rhs);
                self.must_be_there(&known, pair.lhs.start_position());
                Known::default()
            }
            Expr::And(parts, _) => self.chain(parts, true),
            Expr::Or(parts, _) => self.chain(parts, false),
            Expr::Coalesce(parts, _) => self.stand_in(parts),
            Expr::FnCall(call, position) if is_operator(call) => self.operator(call, *position),
            Expr::FnCall(call, position) => self.call(call, *position),
            Expr::Stmt(block) => {
                self.block(block.statements(), false);
                Known::default()
            }
            _ => Known::default(),
        }
    }

    /// A literal too large for a whole number silently becomes a fraction.
    fn fraction(&mut self, number: f64, position: Position) -> Known {
        if number.abs() > 9.0e18 {
            self.error(
                "number_too_large",
                "this number is too large",
                None,
                position,
            );
        } else {
            let hint = Some("write 150 percent instead of 1.5".to_owned());
            self.warning("fraction", "rules decide on whole numbers", hint, position);
        }
        Known::default()
    }

    /// `a ?? b`: `b` when `a` is empty.
    fn stand_in(&mut self, parts: &[Expr]) -> Known {
        let mut known = parts.iter().map(|part| self.expression(part));
        let first = known.next().unwrap_or_default();
        let last = known.last().unwrap_or_default();
        self.note_possibly_empty(&first);
        let mut value = first.filled();
        value.may_be_empty = last.may_be_empty;
        if value.shape == Shape::Nothing {
            return last;
        }
        value
    }

    /// `.place.radius_m`, `.name.len()`: one step after the other.
    fn steps(&mut self, mut known: Known, mut rest: &Expr) -> Known {
        loop {
            let (step, next) = match rest {
                Expr::Dot(pair, ..) => (&pair.lhs, Some(&pair.rhs)),
                Expr::Index(pair, ..) => {
                    let list = self.step(&known, &pair.lhs);
                    self.expression(&pair.rhs);
                    self.must_be_there(&list, pair.lhs.position());
                    return Known::default();
                }
                other => (other, None),
            };
            known = self.step(&known, step);
            match next {
                Some(next) => rest = next,
                None => return known,
            }
        }
    }

    fn step(&mut self, known: &Known, step: &Expr) -> Known {
        match step {
            Expr::Property(property, position) => {
                self.must_be_there(known, *position);
                self.property(known, property.2.as_str(), *position)
            }
            Expr::MethodCall(call, position) => self.method(known, call, *position),
            _ => Known::default(),
        }
    }

    fn property(&mut self, known: &Known, name: &str, position: Position) -> Known {
        match known.shape {
            Shape::Record(fields) => {
                let at = known.path.as_deref().unwrap_or_default();
                let Some(field) = fields.iter().find(|field| field.name == name) else {
                    let steps = [self.script.subject.as_str(), at];
                    let whose: Vec<&str> =
                        steps.into_iter().filter(|step| !step.is_empty()).collect();
                    let hint = near(name, fields.iter().map(|field| field.name));
                    let message = format!("`{}` has no `{name}`", whose.join("."));
                    self.error("unknown_fact", message, hint, position);
                    return Known::default();
                };
                let path = if at.is_empty() {
                    name.to_owned()
                } else {
                    format!("{at}.{name}")
                };
                let known = Known::fact(field, path, !at.is_empty());
                self.note_possibly_empty(&known);
                known
            }
            Shape::Settings => self.setting(name, position),
            Shape::Moment if matches!(name, "weekday" | "date") => Known::of(Shape::Text),
            Shape::Moment
                if super::words::MOMENT_PARTS
                    .iter()
                    .any(|part| part.name == name) =>
            {
                Known::of(Shape::Whole)
            }
            Shape::Moment => {
                let hint = near(
                    name,
                    super::words::MOMENT_PARTS.iter().map(|part| part.name),
                );
                self.error(
                    "unknown_part",
                    format!("a moment has no `{name}`"),
                    hint,
                    position,
                );
                Known::default()
            }
            Shape::Unknown | Shape::Nothing => Known::default(),
            other => {
                let message = format!("{} has no `{name}`", other.words());
                self.error("unknown_part", message, None, position);
                Known::default()
            }
        }
    }

    fn setting(&mut self, name: &str, position: Position) -> Known {
        self.looked.settings.push(name.to_owned());
        if let Some(setting) = self.schema.find(name) {
            return Known::setting(setting);
        }
        let names = self
            .schema
            .settings
            .iter()
            .map(|setting| setting.name.as_str());
        let hint = near(name, names);
        let message = format!("`{}` has no `{name}`", self.settings_name);
        self.error("unknown_setting", message, hint, position);
        Known::default()
    }

    fn note_possibly_empty(&mut self, known: &Known) {
        if let Some(path) = known.path.as_ref().filter(|_| known.may_be_empty)
            && !self.looked.may_be_empty.contains(path)
        {
            self.looked.may_be_empty.push(path.clone());
        }
    }

    fn operator(&mut self, call: &FnCallExpr, position: Position) -> Known {
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
            let (Some(path), Some(limit)) = (&side.path, &other.limit) else {
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

/// "Did you mean", if one is near.
pub(super) fn near<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, names).map(|near| format!("did you mean `{near}`?"))
}

fn is_operator(call: &FnCallExpr) -> bool {
    let is_word = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    call.op_token.is_some() || !call.name.starts_with(is_word)
}
