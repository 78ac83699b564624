//! Hashing.

/// How passwords are hashed.
pub struct Hashing;

impl Hashing {
    pub fn strong() -> Self {
        Self
    }
}
