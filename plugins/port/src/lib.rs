//! The ports of zamu: what a native connector (payments, messages, telemetry) must be able to do, and the plain types
//! it speaks in. Connectors are crates beside this one; the server names only what is here.
//!
//! The first port arrives with the first connector.
