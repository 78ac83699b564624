//! A copy of a script that says which line runs: a call before each statement that stands between braces.
//! It serves explanations and coverage; decisions are never taken with it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use rhai::{ASTNode, Engine};

use super::lint::start_of;
use super::source::{Part, parts};
use super::views::Trace;
use crate::compiled::Script;
use crate::hook::Hook;

/// What an instrumented script calls. No rule can: it exists in no other engine.
const CALL: &str = "__at";

/// The instrumented copy, and the lines it can report. Nothing for a script that does not take the calls,
/// which then runs without saying where.
pub(crate) fn instrumented(
    script: &Script,
    hook: &'static Hook,
) -> Option<(Script, BTreeSet<u32>)> {
    let places = places(script);
    let mut text = String::with_capacity(script.text.len() * 2);
    let mut next = places.iter().peekable();
    for (index, letter) in script.text.chars().enumerate() {
        while let Some((_, line)) = next.next_if(|(at, _)| *at == index) {
            // Writing to a text cannot fail.
            let _ = write!(text, "{CALL}({line});");
        }
        text.push(letter);
    }
    let ast = super::compiler(hook).compile(&text).ok()?;
    let copy = Script {
        text: script.text.clone(),
        digest: script.digest.clone(),
        subject: script.subject.clone(),
        functions: script.functions.clone(),
        file: script.file.clone(),
        ast,
        is_traced: true,
    };
    Some((copy, places.into_iter().map(|(_, line)| line).collect()))
}

/// Where a call can stand: letter of the text and its line, in the order of the text.
fn places(script: &Script) -> BTreeSet<(usize, u32)> {
    let parts = parts(&script.text);
    let mut line_starts = vec![0];
    let ends = parts.iter().enumerate().filter(|(_, part)| part.0 == '\n');
    line_starts.extend(ends.map(|(index, _)| index + 1));

    let mut places = BTreeSet::new();
    script.ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let Some(ASTNode::Stmt(statement)) = path.last() {
            let start = start_of(statement);
            let place = start
                .line()
                .zip(start.position())
                .and_then(|(line, column)| {
                    let at = line_starts.get(line - 1)? + column - 1;
                    Some((begin(&parts, at)?, u32::try_from(line).ok()?))
                });
            places.extend(place);
        }
        true
    });
    places
}

/// Back over opening brackets; nothing unless the statement follows a brace or a semicolon. After `else`,
/// after `=>` and inside `${…}` a call cannot stand.
fn begin(parts: &[(char, Part)], mut at: usize) -> Option<usize> {
    let mut before = at;
    while let Some(previous) = before.checked_sub(1) {
        match parts.get(previous)? {
            (_, Part::Comment) => {}
            (letter, Part::Code) if letter.is_whitespace() => {}
            ('(', Part::Code) => at = previous,
            ('{' | '}' | ';', Part::Code) => return Some(at),
            _ => return None,
        }
        before = previous;
    }
    None
}

/// Lets an instrumented script say where it is. The calls cost operations of their own.
pub(super) fn attach(engine: &mut Engine, hook: &'static Hook, trace: &Arc<Trace>) {
    let trace = Arc::clone(trace);
    engine.set_max_operations(hook.budget.operations.saturating_mul(4));
    engine.register_fn(CALL, move |line: i64| {
        trace.at(u32::try_from(line).unwrap_or(0));
    });
}
