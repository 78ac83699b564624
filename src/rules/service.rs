//! Decides.

/// Says what is wrong with rule files.
pub fn report(problems: &[zamu_rules::FileProblem]) {
    for problem in problems {
        tracing::warn!(?problem, "a rule file cannot be used");
    }
}
