//! Rules nobody would write: grown from the grammar of a hook, and mutated from rules that exist. Seeded, so
//! that a failure can be had again. The tests and the `hammer` example share it.

use zamu_rules::checking::check_source;
use zamu_rules::completion::complete;
use zamu_rules::{
    Content, Field, Hook, Kind, RuleBinding, RuleKind, Rulebook, Status, docs, hooks,
};

/// A small generator of numbers; the quality of chance does not matter here, the seed does.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let number = usize::try_from(self.0 >> 16).unwrap_or(0);
        number % end.max(1)
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let index = self.below(items.len());
        items
            .get(index)
            .unwrap_or_else(|| panic!("nothing to pick from"))
    }
}

/// Pieces that break things: ends of numbers, empty values, words that are switched off, odd letters.
const PIECES: &[&str] = &[
    "9223372036854775807",
    "-1",
    "0",
    "()",
    "\"\"",
    "\"x\"",
    "[]",
    "#{}",
    "true",
    "1.5",
    "`${1}`",
    "loop { }",
    "while true { }",
    "eval(\"1\")",
    "this",
    "fn x() { }",
    "|x| x",
    "..",
    "..=",
    "??",
    "?.",
    "?[",
    "!",
    "-",
    "&&",
    "||",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ";",
    ",",
    ":",
    "=>",
    "=",
    "==",
    "\"",
    "`",
    "${",
    "//",
    "/*",
    "*/",
    "\n",
    "\u{e9}",
    "\u{202e}",
    "\u{feff}",
    "\u{0}",
    "\u{1f600}",
    "else if true { }",
    "switch 1 { _ => 2 }",
    "for i in 0..9 { }",
    "return",
    "break",
    "continue",
    "inherit()",
    "private",
    "const",
    "let a = 5;",
    ".len()",
    ".because(\"x\")",
    "+= 1",
];

const DECORATED: &[&str] = &[
    ".because(\"why\")",
    ".flag(\"a\")",
    ".needs_review()",
    ".ask_for(\"pin\")",
    ".x()",
];

/// One source: grown, or a mutation of what is known to work.
pub(crate) fn source(chance: &mut Chance, hook: &'static Hook, corpus: &[String]) -> String {
    if chance.below(2) == 0 {
        return grown(chance, hook);
    }
    let mut letters: Vec<char> = chance.pick(corpus).chars().collect();
    for _ in 0..=chance.below(6) {
        mutate(chance, &mut letters, corpus);
    }
    letters.truncate(40_000);
    letters.into_iter().collect()
}

/// Rules to start from: what ships, and the examples of the reference.
pub(crate) fn corpus() -> Vec<String> {
    let book = Rulebook::embedded();
    let shipped = hooks().iter().filter_map(|hook| book.source("", hook.name));
    let examples = hooks().iter().filter_map(|hook| docs::example(hook.name));
    shipped
        .map(|source| source.text)
        .chain(examples.map(|example| example.rule))
        .collect()
}

fn mutate(chance: &mut Chance, letters: &mut Vec<char>, corpus: &[String]) {
    let at = chance.below(letters.len() + 1);
    let end = (at + 1 + chance.below(30)).min(letters.len());
    match chance.below(6) {
        0 => drop(letters.splice(at..at, chance.pick(PIECES).chars())),
        1 => drop(letters.drain(at.min(end)..end)),
        2 => {
            let again: Vec<char> = letters
                .iter()
                .skip(at)
                .take(end.saturating_sub(at))
                .copied()
                .collect();
            let times = 1 + chance.below(40);
            drop(letters.splice(at..at, again.repeat(times)));
        }
        3 => {
            let other: Vec<char> = chance.pick(corpus).chars().collect();
            let from = chance.below(other.len());
            let length = chance.below(60);
            drop(letters.splice(at..at, other.into_iter().skip(from).take(length)));
        }
        4 => drop(letters.splice(at.min(end)..end, chance.pick(PIECES).chars())),
        _ => {
            if let Some(letter) = letters.get_mut(at) {
                *letter = char::from(u8::try_from(32 + chance.below(95)).unwrap_or(b' '));
            }
        }
    }
}

fn grown(chance: &mut Chance, hook: &'static Hook) -> String {
    let mut body = String::new();
    for name in 0..9 {
        let value = value(chance, hook);
        body.extend([format!("let v{name} = "), value, "; ".to_owned()]);
    }
    for _ in 0..chance.below(6) {
        body += &statement(chance, hook, 3);
    }
    format!(
        "fn {}({}, settings) {{ {body} {} }}",
        hook.function(),
        hook.subject,
        answer(chance, hook)
    )
}

fn statement(chance: &mut Chance, hook: &'static Hook, depth: usize) -> String {
    let inner = |chance: &mut Chance| match depth {
        0 => String::new(),
        _ => statement(chance, hook, depth - 1),
    };
    match chance.below(7) {
        0 => format!(
            "let w{} = {}; ",
            chance.below(9_999),
            expression(chance, hook, 3)
        ),
        1 => format!("v{} += {}; ", chance.below(9), expression(chance, hook, 2)),
        2 => {
            let (condition, yes, no) = (expression(chance, hook, 3), inner(chance), inner(chance));
            format!("if {condition} {{ {yes} }} else {{ {no} }} ")
        }
        3 => format!(
            "for i{depth} in {} {{ {} }} ",
            expression(chance, hook, 2),
            inner(chance)
        ),
        4 => format!(
            "if {} {{ return {}; }} ",
            expression(chance, hook, 3),
            answer(chance, hook)
        ),
        5 => format!(
            "switch {} {{ 1 => {{ {} }} _ => {} }} ",
            expression(chance, hook, 2),
            inner(chance),
            answer(chance, hook)
        ),
        _ => format!("{}; ", expression(chance, hook, 3)),
    }
}

fn answer(chance: &mut Chance, hook: &'static Hook) -> String {
    let outcome = chance.pick(hook.outcomes);
    let arguments: Vec<String> = outcome
        .arguments
        .iter()
        .map(|_| expression(chance, hook, 1))
        .collect();
    let mut text = format!("{}({})", outcome.name, arguments.join(", "));
    for _ in 0..chance.below(3) {
        text += *chance.pick(DECORATED);
    }
    text
}

/// Something that compiles by itself: a fact, a number, a literal.
fn value(chance: &mut Chance, hook: &'static Hook) -> String {
    match chance.below(3) {
        0 => path(chance, hook.facts, hook.subject),
        1 => chance.below(2_000).to_string(),
        _ => {
            let literals = PIECES.get(..10).unwrap_or(PIECES);
            (*chance.pick(literals)).to_owned()
        }
    }
}

fn expression(chance: &mut Chance, hook: &'static Hook, depth: usize) -> String {
    if depth == 0 {
        return match chance.below(30) {
            0 => (*chance.pick(PIECES)).to_owned(),
            1..=9 => format!("v{}", chance.below(9)),
            _ => value(chance, hook),
        };
    }
    let (left, right) = (
        expression(chance, hook, depth - 1),
        expression(chance, hook, depth - 1),
    );
    match chance.below(9) {
        0..=3 => format!(
            "{left} {} {right}",
            chance.pick(&[
                "+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||", "??", ".."
            ])
        ),
        4 => format!("[{left}, {right}]"),
        5 => format!("`${{{left}}}${{{right}}}`"),
        6 => format!("at_least({left}, {right})"),
        7 => format!("({left}).len()"),
        _ => left,
    }
}

/// A path of facts that exists.
fn path(chance: &mut Chance, fields: &'static [Field], at: &str) -> String {
    let field = chance.pick(fields);
    let here = format!("{at}.{}", field.name);
    match field.kind {
        Kind::Record(inner) => path(chance, inner, &here),
        _ => here,
    }
}

/// What every source must survive: being checked, deciding and explaining within its budget, and having the
/// cursor anywhere. Says whether the rule compiled.
pub(crate) fn survive(
    rulebook: &Rulebook,
    hook: &'static Hook,
    text: &str,
    chance: &mut Chance,
) -> bool {
    let report = check_source(hook.name, text);
    for finding in &report.findings {
        assert!(
            !finding.message.is_empty() && !finding.code.is_empty(),
            "{text}"
        );
    }
    let rule = RuleBinding {
        kind: RuleKind::Script,
        text: text.to_owned(),
        mode: zamu_rules::Mode::On,
        file: None,
    };
    let content = Content {
        rules: [(hook.name.to_owned(), rule)].into(),
        ..Content::default()
    };
    let book = rulebook.book(&content);
    let decision = book.decide(hook.name, hook.sample(), &[]);
    assert!(!decision.outcome.name.is_empty(), "{text}");
    let layers = u64::try_from(decision.layers.len()).unwrap_or(1);
    assert!(
        decision.operations <= (hook.budget.operations + 1) * layers.max(1),
        "{text}"
    );
    let explained = book
        .explain(hook.name, hook.sample(), &[])
        .map(|explained| explained.decision);
    let explained = explained.unwrap_or_else(|| panic!("{} cannot be explained", hook.name));
    // A stalled machine may cut either of them short.
    let cut_short = [&decision, &explained]
        .iter()
        .any(|one| one.status == Status::Incident);
    assert!(cut_short || explained.outcome == decision.outcome, "{text}");
    let lines = text.lines().count() + 1;
    let at = |number: usize| u32::try_from(number).unwrap_or(0);
    complete(
        hook.name,
        text,
        at(1 + chance.below(lines)),
        at(chance.below(120)),
    );
    let is_refused =
        |code: &str| ["syntax", "structure", "unreadable_letter", "too_long"].contains(&code);
    !report
        .findings
        .iter()
        .any(|finding| is_refused(&finding.code))
}
