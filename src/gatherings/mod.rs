//! Attendance events: classes, meetings, shift calls, with place, window and roster. In code a `Gathering`, to keep it
//! apart from the events of the system.

pub mod model;
pub mod record;
pub mod series;
pub mod codes;
pub mod facts;
pub mod judge;
pub mod store;
pub mod records;
pub mod sight;
pub mod planning;
pub mod service;
pub mod checks;
pub mod staff;
pub mod closing;
pub mod graphql;
pub mod queries;
pub mod mutations;
pub mod live;
