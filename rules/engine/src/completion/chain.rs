//! What stands before the cursor: the chain of names and calls that leads to it, and what it comes to.

use crate::SettingKind;
use crate::engine::source::{Part, parts};
use crate::hook::{Field, Hook, Kind, OutcomeSpec};
use crate::pack::embedded_pack;
use crate::verdict::INHERIT;

/// A name that stands for another one is followed this often.
const DEPTH: usize = 4;

/// Where the cursor stands.
pub(super) enum Stand {
    /// In a comment, or after something unknown.
    Nowhere,
    /// Where an expression begins.
    Word,
    Facts(&'static [Field]),
    Settings,
    Outcome(Option<&'static OutcomeSpec>),
    Moment,
    Money,
    Number,
    Text,
    List,
    /// Inside a text that is compared with something that has choices.
    Choice(Vec<String>),
}

/// One link of `attempt.person.has_tag("x").`
#[derive(Debug, PartialEq)]
enum Link {
    Name(String),
    Call(String),
    /// Something in square brackets.
    Item,
}

pub(super) struct Before {
    hook: &'static Hook,
    /// Letters up to the cursor.
    letters: Vec<(char, Part)>,
    subject: String,
    settings: String,
}

impl Before {
    pub(super) fn read(hook: &'static Hook, source: &str, line: u32, column: u32) -> Self {
        let source = source.replace("\r\n", "\n");
        let all = parts(&source);
        let (mut at_line, mut at_column) = (1, 1);
        let mut letters = Vec::new();
        for (letter, part) in all {
            if at_line > line || (at_line == line && at_column >= column) {
                break;
            }
            letters.push((letter, part));
            if letter == '\n' {
                (at_line, at_column) = (at_line + 1, 1);
            } else {
                at_column += 1;
            }
        }
        let head = format!("fn {}(", hook.function());
        let parameters = source
            .split_once(&head)
            .and_then(|(_, rest)| rest.split_once(')'));
        let names: Vec<&str> = parameters
            .map(|(list, _)| list.split(',').map(str::trim).collect())
            .unwrap_or_default();
        let name = |index: usize, usual: &str| {
            let given = names.get(index).filter(|name| !name.is_empty());
            given.map_or_else(|| usual.to_owned(), |name| (*name).to_owned())
        };
        Self {
            hook,
            letters,
            subject: name(0, hook.subject),
            settings: name(1, "settings"),
        }
    }

    pub(super) fn subject(&self) -> &str {
        &self.subject
    }

    pub(super) fn settings(&self) -> &str {
        &self.settings
    }

    /// The part of a word, or of a text, that is there already.
    pub(super) fn begun(&self) -> String {
        let end = self.letters.len();
        let start = match self.letters.last() {
            Some((_, Part::Text)) => self.text_start() + 1,
            _ => back_over(&self.letters, end, is_word),
        };
        let begun = self.letters.get(start..).unwrap_or_default();
        begun.iter().map(|(letter, _)| letter).collect()
    }

    /// Names made with `let` before the cursor, each once.
    pub(super) fn variables(&self) -> Vec<String> {
        let code = code_of(&self.letters);
        let mut names: Vec<String> = Vec::new();
        for rest in code.split("let ").skip(1) {
            let name: String = rest.chars().take_while(|letter| is_word(*letter)).collect();
            if !name.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    pub(super) fn stand(&self) -> Stand {
        let end = self.letters.len();
        match self.letters.last() {
            Some((_, Part::Comment)) => return Stand::Nowhere,
            Some((_, Part::Text)) if !self.is_closed() => return self.in_text(),
            _ => {}
        }
        let word = back_over(&self.letters, end, is_word);
        let dot = back_over(&self.letters, word, char::is_whitespace);
        match dot.checked_sub(1).and_then(|at| self.letters.get(at)) {
            Some(('.', Part::Code)) => self.of(&self.links(dot - 1), DEPTH),
            _ => Stand::Word,
        }
    }

    /// Whether the text before the cursor has its closing quote.
    fn is_closed(&self) -> bool {
        let start = self.text_start();
        let length = self.letters.len() - start;
        let first = self.letters.get(start).map(|letter| letter.0);
        length > 1 && self.letters.last().map(|letter| letter.0) == first
    }

    fn text_start(&self) -> usize {
        let before = self
            .letters
            .iter()
            .rposition(|(_, part)| *part != Part::Text);
        before.map_or(0, |at| at + 1)
    }

    /// `attempt.fence.verdict == "` and `.ask_for("`.
    fn in_text(&self) -> Stand {
        let start = self.text_start();
        let before = back_over(&self.letters, start, char::is_whitespace);
        let code = code_of(self.letters.get(..before).unwrap_or_default());
        if code.ends_with("ask_for(") {
            return Stand::Choice(super::asks());
        }
        if !code.ends_with("==") && !code.ends_with("!=") {
            return Stand::Nowhere;
        }
        let end = back_over(&self.letters, before.saturating_sub(2), char::is_whitespace);
        let choices = self.choices(&self.links(end));
        if choices.is_empty() {
            Stand::Nowhere
        } else {
            Stand::Choice(choices)
        }
    }

    /// The links of the chain that ends before a letter, first to last.
    fn links(&self, end: usize) -> Vec<Link> {
        let mut links = Vec::new();
        let mut at = back_over(&self.letters, end, char::is_whitespace);
        loop {
            let last = at.checked_sub(1).and_then(|at| self.letters.get(at));
            let (begin, brackets) = match last {
                Some((')', Part::Code)) => (self.opening(at, '(', ')'), true),
                Some((']', Part::Code)) => {
                    links.push(Link::Item);
                    at = self.opening(at, '[', ']');
                    continue;
                }
                _ => (at, false),
            };
            let start = back_over(&self.letters, begin, is_word);
            let name = code_of(self.letters.get(start..begin).unwrap_or_default());
            if name.is_empty() {
                break;
            }
            links.push(if brackets {
                Link::Call(name)
            } else {
                Link::Name(name)
            });
            let dot = back_over(&self.letters, start, char::is_whitespace);
            match dot.checked_sub(1).and_then(|at| self.letters.get(at)) {
                Some(('.', Part::Code)) => {
                    at = back_over(&self.letters, dot - 1, char::is_whitespace);
                }
                _ => break,
            }
        }
        links.reverse();
        links
    }

    /// Where the bracket that closes just before a letter opens.
    fn opening(&self, end: usize, open: char, close: char) -> usize {
        let mut depth = 0_usize;
        for at in (0..end).rev() {
            match self.letters.get(at) {
                Some((letter, Part::Code)) if *letter == close => depth += 1,
                Some((letter, Part::Code)) if *letter == open => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return at;
                    }
                }
                _ => {}
            }
        }
        0
    }

    /// What a chain comes to.
    fn of(&self, links: &[Link], depth: usize) -> Stand {
        let Some((first, rest)) = links.split_first() else {
            return Stand::Nowhere;
        };
        let mut stand = match first {
            Link::Name(name) if *name == self.subject => Stand::Facts(self.hook.facts),
            Link::Name(name) if *name == self.settings => Stand::Settings,
            Link::Name(name) if depth > 0 => self.variable(name, depth - 1),
            Link::Call(name) if name == INHERIT => Stand::Outcome(None),
            Link::Call(name) => match self.hook.outcome(name) {
                Some(outcome) => Stand::Outcome(Some(outcome)),
                None => result_of(name),
            },
            Link::Name(_) | Link::Item => Stand::Nowhere,
        };
        for link in rest {
            stand = self.after(stand, link);
        }
        stand
    }

    fn after(&self, stand: Stand, link: &Link) -> Stand {
        match (stand, link) {
            (Stand::Facts(fields), Link::Name(name)) => {
                let field = fields.iter().find(|field| field.name == name);
                field.map_or(Stand::Nowhere, |field| of_kind(field.kind))
            }
            (Stand::Facts(fields), Link::Item) => Stand::Facts(fields),
            (Stand::Settings, Link::Name(name)) => self.setting(name),
            (Stand::Outcome(outcome), Link::Call(_)) => Stand::Outcome(outcome),
            (Stand::Moment, Link::Name(name)) if matches!(name.as_str(), "weekday" | "date") => {
                Stand::Text
            }
            (Stand::Moment, Link::Name(_)) => Stand::Number,
            (_, Link::Call(name)) => result_of(name),
            _ => Stand::Nowhere,
        }
    }

    fn setting(&self, name: &str) -> Stand {
        let schema = embedded_pack().schemas.get(self.hook.name);
        let Some(setting) = schema.and_then(|schema| schema.find(name)) else {
            return Stand::Nowhere;
        };
        match setting.kind {
            SettingKind::Minutes
            | SettingKind::Metres
            | SettingKind::Percent
            | SettingKind::Whole => Stand::Number,
            SettingKind::Money => Stand::Money,
            SettingKind::YesNo => Stand::Nowhere,
            SettingKind::WeekdaySet | SettingKind::ListOfText => Stand::List,
            _ => Stand::Text,
        }
    }

    /// A name made with `let name = chain;` or `for name in chain {` before the cursor.
    fn variable(&self, name: &str, depth: usize) -> Stand {
        let code: Vec<char> = code_of(&self.letters).chars().collect();
        let text: String = code.iter().collect();
        for (head, is_item) in [
            (format!("let {name} ="), false),
            (format!("for {name} in "), true),
        ] {
            let Some(start) = text.rfind(&head) else {
                continue;
            };
            let from = text.get(..start).unwrap_or_default().chars().count() + head.chars().count();
            let rest = code.get(from..).unwrap_or_default();
            let length = rest
                .iter()
                .position(|letter| matches!(letter, ';' | '{' | '\n'));
            let end = from + length.unwrap_or(rest.len());
            return match self.of(&self.links(end), depth) {
                Stand::List if is_item => self.item_of(&self.links(end)),
                other => other,
            };
        }
        Stand::Nowhere
    }

    /// One record of a list of facts.
    fn item_of(&self, links: &[Link]) -> Stand {
        let found = self.field(links).map(|field| field.kind);
        match found {
            Some(Kind::Records(fields)) => Stand::Facts(fields),
            _ => Stand::Text,
        }
    }

    /// The fact a chain of names leads to.
    fn field(&self, links: &[Link]) -> Option<&'static Field> {
        let (first, rest) = links.split_first()?;
        if *first != Link::Name(self.subject.clone()) {
            return None;
        }
        let (mut fields, mut found) = (self.hook.facts, None);
        for link in rest {
            let Link::Name(name) = link else { return None };
            let field = fields.iter().find(|field| field.name == name)?;
            if let Kind::Record(inner) = field.kind {
                fields = inner;
            }
            found = Some(field);
        }
        found
    }

    /// The texts a fact or a setting can be.
    fn choices(&self, links: &[Link]) -> Vec<String> {
        if let Some(Kind::Choice(choices)) = self.field(links).map(|field| field.kind) {
            return choices.iter().map(|choice| (*choice).to_owned()).collect();
        }
        match links {
            [Link::Name(settings), Link::Name(name)] if *settings == self.settings => {
                let schema = embedded_pack().schemas.get(self.hook.name);
                let setting = schema.and_then(|schema| schema.find(name));
                setting
                    .map(|setting| setting.choices.clone())
                    .unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }
}

fn of_kind(kind: Kind) -> Stand {
    match kind {
        Kind::YesNo => Stand::Nowhere,
        Kind::Whole => Stand::Number,
        Kind::Text | Kind::Choice(_) => Stand::Text,
        Kind::Money => Stand::Money,
        Kind::Moment => Stand::Moment,
        Kind::TextList | Kind::Records(_) => Stand::List,
        Kind::Record(fields) => Stand::Facts(fields),
    }
}

fn result_of(name: &str) -> Stand {
    match name {
        "len" | "started_blocks" | "abs" | "minutes_since" => Stand::Number,
        "to_upper" | "to_lower" | "trim" | "to_string" => Stand::Text,
        _ => Stand::Nowhere,
    }
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Back over letters of code that pass a test.
fn back_over(letters: &[(char, Part)], mut at: usize, test: impl Fn(char) -> bool) -> usize {
    while let Some(before) = at.checked_sub(1) {
        match letters.get(before) {
            Some((letter, Part::Code)) if test(*letter) => at = before,
            _ => break,
        }
    }
    at
}

/// The code among letters; everything else as a space.
fn code_of(letters: &[(char, Part)]) -> String {
    let shown = |(letter, part): &(char, Part)| if *part == Part::Code { *letter } else { ' ' };
    letters.iter().map(shown).collect()
}
