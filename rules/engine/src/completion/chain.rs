//! What stands before the cursor: the chain of names and calls that leads to it.

use super::stand::Stand;
use crate::engine::source::{Part, parts};
use crate::hook::Hook;

/// A name that stands for another one is followed this often.
const DEPTH: usize = 4;

/// One link of `attempt.person.has_tag("x").`
#[derive(Debug, PartialEq)]
pub(super) enum Link {
    Name(String),
    Call(String),
    /// Something in square brackets.
    Item,
}

pub(super) struct Before {
    pub(super) hook: &'static Hook,
    /// Letters up to the cursor.
    pub(super) letters: Vec<(char, Part)>,
    pub(super) subject: String,
    pub(super) settings: String,
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
    pub(super) fn links(&self, end: usize) -> Vec<Link> {
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
pub(super) fn code_of(letters: &[(char, Part)]) -> String {
    let shown = |(letter, part): &(char, Part)| if *part == Part::Code { *letter } else { ' ' };
    letters.iter().map(shown).collect()
}
