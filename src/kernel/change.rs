//! What an update asks of one value that may be absent: leave it, clear it, or set it.

use super::error::{Error, Result};

/// One field of an update. A field that was not sent is kept; `null` clears it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Change<T> {
    #[default]
    Keep,
    Clear,
    To(T),
}

impl<T> Change<T> {
    /// The value afterwards.
    pub fn apply(self, old: Option<T>) -> Option<T> {
        match self {
            Self::Keep => old,
            Self::Clear => None,
            Self::To(new) => Some(new),
        }
    }

    /// The value afterwards, where there must be one.
    pub fn apply_required(self, field: &str, old: T) -> Result<T> {
        match self {
            Self::Keep => Ok(old),
            Self::Clear => Err(Error::invalid(field, "this cannot be cleared")),
            Self::To(new) => Ok(new),
        }
    }

    /// The same change of another type; what cannot be converted is refused.
    pub fn try_map<U>(self, convert: impl FnOnce(T) -> Result<U>) -> Result<Change<U>> {
        Ok(match self {
            Self::Keep => Change::Keep,
            Self::Clear => Change::Clear,
            Self::To(new) => Change::To(convert(new)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_keeps_null_clears() {
        assert_eq!(Change::Keep.apply(Some(1)), Some(1));
        assert_eq!(Change::Clear.apply(Some(1)), None);
        assert_eq!(Change::To(2).apply(None), Some(2));
        let refused = Change::Clear.apply_required("name", 1).unwrap_err();
        assert_eq!(refused.field.as_deref(), Some("name"));
    }
}
