//! Who may do what: the actions, the whole permission matrix on one page, and the viewer who carries both.

pub mod access;
pub mod action;
pub mod policy;
pub mod token;
pub mod viewer;
