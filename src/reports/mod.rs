//! Reports: the same numbers everywhere, read from what attendance adds up.
