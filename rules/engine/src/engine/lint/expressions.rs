//! What is known of an expression, and what is wrong inside it.

use rhai::{Expr, Position};

use super::Linter;
use super::operators::is_operator;
use super::shape::{Known, Shape};
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
}

/// "Did you mean", if one is near.
pub(super) fn near<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, names).map(|near| format!("did you mean `{near}`?"))
}
