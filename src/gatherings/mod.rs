//! Attendance events: classes, meetings, shift calls, with place, window and roster.
