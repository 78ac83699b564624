//! How a host function says no: a sentence for the author, and perhaps what to write instead.

use std::fmt;

use rhai::{Dynamic, EvalAltResult, Position};

/// What every host function that can refuse returns.
pub(crate) type Raised<T> = Result<T, Box<EvalAltResult>>;

/// A refusal in plain words. It travels inside the engine's own error, so its position is filled in.
#[derive(Clone, Debug)]
pub(crate) struct HostError {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// The word of the source this is about, where the engine points at the dot before it.
    pub(crate) word: Option<String>,
}

impl fmt::Display for HostError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

/// Builds a refusal.
pub(crate) fn host_error(message: impl Into<String>, hint: Option<String>) -> Box<EvalAltResult> {
    let error = HostError {
        message: message.into(),
        hint,
        word: None,
    };
    Box::new(EvalAltResult::ErrorRuntime(
        Dynamic::from(error),
        Position::NONE,
    ))
}

/// Says which word of the source a refusal is about.
pub(super) fn about(word: &str, mut error: Box<EvalAltResult>) -> Box<EvalAltResult> {
    if let EvalAltResult::ErrorRuntime(token, _) = error.as_mut()
        && let Some(mut said) = token.write_lock::<HostError>()
    {
        said.word = Some(word.to_owned());
    }
    error
}
