//! Who people are: accounts and how they sign in, members and what they are inside an organization.
//!
//! An account is a person's way in, known to the whole server; a member is that person inside one organization. What
//! exists before anyone belongs to an organization ([`accounts`], [`logins`]) goes through the lobby.

pub mod model;
pub mod attempts;
pub mod passwords;
pub mod accounts;
pub mod store;
pub mod service;
pub mod logins;
pub mod invitations;
pub mod moves;
pub mod bulk;
pub mod tokens;
pub mod graphql;
pub mod mutations;
