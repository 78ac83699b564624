//! A rule that compiled: its text, its tree, and what may be said about it before it ever runs.

use std::fmt::Write as _;

use rhai::AST;
use sha2::{Digest as _, Sha256};

use crate::engine::words::{DECORATIONS, DISABLED, HELPERS};
use crate::engine::{self, explain_parse_error, locate_function, unreadable_character};
use crate::hook::Hook;
use crate::verdict::INHERIT;
use crate::{Problem, RuleKind};

/// A rule longer than this is a program.
pub(crate) const SOURCE_LIMIT: usize = 32 * 1024;

/// One compiled rule. The tree stays private to this crate: a tree compiled elsewhere would run
/// without the guards that act at compile time.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) text: String,
    pub(crate) digest: String,
    pub(crate) ast: AST,
    /// What the rule calls its facts: the name of its first parameter.
    pub(crate) subject: String,
    /// Names of its functions, its own helpers included.
    pub(crate) functions: Vec<String>,
    /// Path relative to the rules folder, where there is one.
    pub(crate) file: Option<String>,
    /// Whether its tree says which line runs; such a copy explains decisions and never takes one.
    pub(crate) is_traced: bool,
}

impl Script {
    /// Compiles a rule of either kind; a table becomes the script it stands for.
    pub(crate) fn of(
        hook: &'static Hook,
        kind: RuleKind,
        source: &str,
        file: Option<&str>,
    ) -> Result<Self, Problem> {
        match kind {
            RuleKind::Script => Self::compile(hook, source, file),
            RuleKind::Table => Err(at_file(file, "decision tables are not supported yet")),
        }
    }

    /// Compiles and checks the structure. The first problem is enough: later ones are often echoes.
    pub(crate) fn compile(
        hook: &'static Hook,
        source: &str,
        file: Option<&str>,
    ) -> Result<Self, Problem> {
        let text = engine::normalise(source);
        if text.len() > SOURCE_LIMIT {
            return Err(at_file(
                file,
                format!("a rule is at most {SOURCE_LIMIT} bytes long"),
            ));
        }
        if let Some(problem) = unreadable_character(&text, file) {
            return Err(problem);
        }
        let ast = engine::compiler(hook)
            .compile(&text)
            .map_err(|error| explain_parse_error(&error, &text, file))?;
        let mut functions: Vec<String> = ast
            .iter_functions()
            .map(|function| function.name.to_owned())
            .collect();
        functions.sort();
        let digest = digest(&text);
        let file = file.map(str::to_owned);
        let mut script = Self {
            text,
            digest,
            ast,
            subject: String::new(),
            functions,
            file,
            is_traced: false,
        };
        script.check_structure(hook)?;
        Ok(script)
    }

    /// One public function of the hook's name with two parameters, private helpers, nothing else.
    fn check_structure(&mut self, hook: &'static Hook) -> Result<(), Problem> {
        if let Some(statement) = self.ast.statements().first() {
            let position = statement.position();
            let mut problem = self.problem("only functions may stand at the top of a rule");
            problem.hint =
                Some("what never changes is a setting; the rest goes into the function".to_owned());
            problem.line = position.line().and_then(|line| u32::try_from(line).ok());
            problem.column = position
                .position()
                .and_then(|column| u32::try_from(column).ok());
            return Err(problem);
        }
        let wanted = hook.function();
        let mut subject = None;
        for function in self.ast.iter_functions() {
            let name = function.name;
            if name == wanted {
                if function.params.len() != 2 || function.access.is_private() {
                    let hint = format!("write `fn {wanted}({}, settings)`", hook.subject);
                    return Err(self.at_function(
                        name,
                        "it takes two things: facts and settings",
                        hint,
                    ));
                }
                subject = function.params.first().map(|name| (*name).to_owned());
                continue;
            }
            if is_taken(hook, name) {
                let message = format!("`{name}` is already a word of the rules");
                return Err(self.at_function(name, &message, "choose another name".to_owned()));
            }
            if !function.access.is_private() {
                let message = format!("`{name}` is not the function of this rule");
                let hint = format!("write `private fn {name}` if it helps `{wanted}`");
                return Err(self.at_function(name, &message, hint));
            }
        }
        self.subject = subject.ok_or_else(|| {
            let mut problem = self.problem(format!("there is no function `{wanted}`"));
            problem.hint = Some(format!(
                "write `fn {wanted}({}, settings) {{ … }}`",
                hook.subject
            ));
            problem
        })?;
        Ok(())
    }

    fn at_function(&self, name: &str, message: &str, hint: String) -> Problem {
        let (line, column) = locate_function(&self.text, name).unzip();
        Problem {
            hint: Some(hint),
            line,
            column,
            ..self.problem(message)
        }
    }

    /// A problem of this file, without a place yet.
    pub(crate) fn problem(&self, message: impl Into<String>) -> Problem {
        at_file(self.file.as_deref(), message)
    }
}

fn at_file(file: Option<&str>, message: impl Into<String>) -> Problem {
    Problem {
        message: message.into(),
        file: file.map(str::to_owned),
        ..Problem::default()
    }
}

/// Whether a helper may not have this name: it would hide a function of ours in call style.
fn is_taken(hook: &'static Hook, name: &str) -> bool {
    let extras = hook
        .outcomes
        .iter()
        .flat_map(|outcome| outcome.methods.iter().map(|method| method.name));
    name == INHERIT
        || hook.outcome(name).is_some()
        || extras.into_iter().any(|extra| extra == name)
        || [DECORATIONS, HELPERS, DISABLED]
            .iter()
            .any(|names| names.contains(&name))
}

/// The first half of a SHA-256: nobody can make two texts of one digest.
pub(crate) fn digest(text: &str) -> String {
    let bytes = Sha256::digest(text.as_bytes());
    bytes.iter().take(16).fold(String::new(), |mut hex, byte| {
        // Writing to a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Whether a file holds no rule at all: empty, or comments only. That is how a rule is switched off.
pub(crate) fn is_blank(source: &str) -> bool {
    source
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with("//"))
}
