//! The text of a rule: brought into one form, its comments and texts told apart from its code.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::Problem;

/// One form for what looks the same: composed letters, and lines that end with a line feed.
pub(crate) fn normalise(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text,
        IsNormalized::No | IsNormalized::Maybe => text.nfc().collect(),
    }
}

/// What a letter of the source belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Code,
    Text,
    Comment,
}

/// Each letter of the source with what it belongs to. Code inside `${…}` counts as text.
pub(crate) fn parts(text: &str) -> Vec<(char, Part)> {
    let letters: Vec<char> = text.chars().collect();
    let mut parts = Vec::with_capacity(letters.len());
    let mut at = 0;
    while let Some(rest) = letters.get(at..).filter(|rest| !rest.is_empty()) {
        let (length, part) = match rest {
            ['/', '/', ..] => (line(rest), Part::Comment),
            ['/', '*', ..] => (comment(rest), Part::Comment),
            ['"', ..] => (quoted(rest, '"'), Part::Text),
            ['`', ..] => (template(rest), Part::Text),
            _ => (1, Part::Code),
        };
        parts.extend(rest.iter().take(length).map(|letter| (*letter, part)));
        at += length;
    }
    parts
}

fn line(letters: &[char]) -> usize {
    let end = letters.iter().position(|letter| *letter == '\n');
    end.unwrap_or(letters.len())
}

/// Comments nest.
fn comment(letters: &[char]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        match letters.get(at..) {
            Some(['/', '*', ..]) => (depth, at) = (depth + 1, at + 2),
            Some(['*', '/', ..]) => (depth, at) = (depth.saturating_sub(1), at + 2),
            Some([_, ..]) => at += 1,
            _ => return letters.len(),
        }
        if depth == 0 {
            return at;
        }
    }
}

/// Up to the closing quote, or the end of the line where one is missing.
fn quoted(letters: &[char], quote: char) -> usize {
    let mut at = 1;
    loop {
        match letters.get(at..) {
            Some(['\\', _, ..]) => at += 2,
            Some([letter, ..]) if *letter == quote => return at + 1,
            Some(['\n', ..]) => return at,
            Some([_, ..]) => at += 1,
            _ => return letters.len(),
        }
    }
}

/// Up to the closing backtick; what stands in `${…}` may hold backticks of its own.
fn template(letters: &[char]) -> usize {
    let (mut at, mut open) = (1, Vec::new());
    loop {
        match (letters.get(at..), open.last()) {
            (Some(['`', ..]), None | Some('`')) => {
                at += 1;
                if open.pop().is_none() {
                    return at;
                }
            }
            (Some(['$', '{', ..]), None | Some('`')) => {
                open.push('{');
                at += 2;
            }
            (Some(rest @ ['"', ..]), Some('{')) => at += quoted(rest, '"'),
            (Some([letter @ ('`' | '{'), ..]), Some('{')) => {
                open.push(*letter);
                at += 1;
            }
            (Some(['}', ..]), Some('{')) => {
                open.pop();
                at += 1;
            }
            (Some([_, ..]), _) => at += 1,
            _ => return letters.len(),
        }
    }
}

/// Letters that look right and are not, or that cannot be seen: word processors and attackers put them
/// there. Those that turn the order of the letters round are refused in comments too, because a reviewer
/// would read another rule than the one that runs.
pub(crate) fn unreadable_character(text: &str, file: Option<&str>) -> Option<Problem> {
    if text.is_ascii() {
        return None;
    }
    let (mut line, mut column) = (1_u32, 0_u32);
    for (letter, part) in parts(text) {
        if letter == '\n' {
            (line, column) = (line + 1, 0);
            continue;
        }
        column += 1;
        let Some((what, fix)) = unreadable(letter, part) else {
            continue;
        };
        return Some(Problem {
            message: format!("{what} is in the rule"),
            hint: Some(fix.to_owned()),
            file: file.map(str::to_owned),
            line: Some(line),
            column: Some(column),
        });
    }
    None
}

fn unreadable(letter: char, part: Part) -> Option<(&'static str, &'static str)> {
    let found = match letter {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' => {
            return Some((
                "an invisible mark that turns the order of letters round",
                "delete it: type the line again by hand",
            ));
        }
        '\u{feff}' => (
            "an invisible byte-order mark",
            "save the file as UTF-8 without BOM",
        ),
        '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{ad}' => (
            "an invisible letter",
            "delete it: type the word again by hand",
        ),
        '\u{a0}' | '\u{202f}' | '\u{2007}' => {
            ("a non-breaking space", "replace it with an ordinary space")
        }
        '\u{201c}' | '\u{201d}' | '\u{201e}' if part == Part::Code => {
            ("a curly quote", "replace it with \"")
        }
        '\u{2018}' | '\u{2019}' if part == Part::Code => (
            "a curly apostrophe",
            "replace it with a straight one, or use double quotes",
        ),
        '\u{2013}' | '\u{2014}' | '\u{2212}' if part == Part::Code => {
            ("a long dash", "replace it with an ordinary minus, `-`")
        }
        '\u{d7}' if part == Part::Code => ("a multiplication sign", "write `*`"),
        '\u{2264}' if part == Part::Code => ("the sign \u{2264}", "write `<=`"),
        '\u{2265}' if part == Part::Code => ("the sign \u{2265}", "write `>=`"),
        '\u{2260}' if part == Part::Code => ("the sign \u{2260}", "write `!=`"),
        _ => return None,
    };
    (part != Part::Comment).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The code of a source; everything else as a dot.
    fn code(text: &str) -> String {
        let shown = |(letter, part)| if part == Part::Code { letter } else { '.' };
        parts(text).into_iter().map(shown).collect()
    }

    #[test]
    fn comments_and_texts_are_not_code() {
        assert_eq!(code("a // b\nc"), "a ....\nc");
        assert_eq!(code("a /* /* b */ */ c"), "a ............. c");
        assert_eq!(code(r#"f("a\"b") + 1"#), "f(......) + 1");
        assert_eq!(
            code("`a ${ if x { `b` } } c`;d"),
            ".......................;d"
        );
        assert_eq!(code("\"never closed\nx"), ".............\nx");
    }

    #[test]
    fn what_looks_the_same_is_the_same() {
        assert_eq!(normalise("e\u{301}\r\n"), "\u{e9}\n");
        assert_eq!(normalise("plain\n"), "plain\n");
    }
}
