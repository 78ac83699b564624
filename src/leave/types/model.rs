//! Thinks: a type of leave, and what ships for Kenya.

use crate::kernel::id::LeaveTypeId;
use crate::kernel::time::Instant;
use crate::schedules::holidays::model::Country;

/// A kind of leave an organization grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaveType {
    pub id: LeaveTypeId,
    pub name: String,
    pub pay: Pay,
    pub counts: Counts,
    pub half_days_allowed: bool,
    /// Whether only what was granted can be taken.
    pub needs_balance: bool,
    /// What a person is usually granted for a year, in half days: said, not granted by itself.
    pub yearly_half_days: Option<i32>,
    /// The country it was adopted from.
    pub country: Option<Country>,
    pub created_at: Instant,
    pub archived_at: Option<Instant>,
}

/// What is paid during leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pay {
    Full,
    Half,
    Unpaid,
}

impl Pay {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::Half => "HALF",
            Self::Unpaid => "UNPAID",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Full, Self::Half, Self::Unpaid];
        all.into_iter().find(|pay| pay.name() == name)
    }
}

/// Which days leave takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// Neither rest days nor holidays.
    WorkingDays,
    CalendarDays,
}

impl Counts {
    pub const fn name(self) -> &'static str {
        match self {
            Self::WorkingDays => "WORKING_DAYS",
            Self::CalendarDays => "CALENDAR_DAYS",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::WorkingDays, Self::CalendarDays];
        all.into_iter().find(|counts| counts.name() == name)
    }
}

/// A type as it ships.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    pub name: &'static str,
    pub pay: Pay,
    pub counts: Counts,
    pub half_days_allowed: bool,
    pub needs_balance: bool,
    pub yearly_half_days: Option<i32>,
}

/// The least of Kenya's Employment Act, 2007: sections 28 (annual), 29 (maternity, paternity) and 30 (sick). A wages
/// order or an agreement may give more. Three months of maternity leave are up to 92 calendar days.
const KENYA: &[Shipped] = &[
    Shipped {
        name: "Annual leave",
        pay: Pay::Full,
        counts: Counts::WorkingDays,
        half_days_allowed: true,
        needs_balance: true,
        yearly_half_days: Some(42),
    },
    Shipped {
        name: "Sick leave",
        pay: Pay::Full,
        counts: Counts::WorkingDays,
        half_days_allowed: true,
        needs_balance: true,
        yearly_half_days: Some(14),
    },
    Shipped {
        name: "Sick leave at half pay",
        pay: Pay::Half,
        counts: Counts::WorkingDays,
        half_days_allowed: true,
        needs_balance: true,
        yearly_half_days: Some(14),
    },
    Shipped {
        name: "Maternity leave",
        pay: Pay::Full,
        counts: Counts::CalendarDays,
        half_days_allowed: false,
        needs_balance: false,
        yearly_half_days: Some(184),
    },
    Shipped {
        name: "Paternity leave",
        pay: Pay::Full,
        counts: Counts::CalendarDays,
        half_days_allowed: false,
        needs_balance: false,
        yearly_half_days: Some(28),
    },
];

/// What ships for a country.
pub const fn shipped(country: Country) -> &'static [Shipped] {
    match country {
        Country::Ke => KENYA,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for pay in [Pay::Full, Pay::Half, Pay::Unpaid] {
            assert_eq!(Pay::parse(pay.name()), Some(pay));
        }
        for counts in [Counts::WorkingDays, Counts::CalendarDays] {
            assert_eq!(Counts::parse(counts.name()), Some(counts));
        }
        assert_eq!(Pay::parse("DOUBLE"), None);
    }

    #[test]
    fn kenya_gives_what_its_act_says() {
        let days = |name: &str| {
            let kind = KENYA.iter().find(|kind| kind.name == name).unwrap();
            kind.yearly_half_days.unwrap() / 2
        };
        assert_eq!((days("Annual leave"), days("Paternity leave")), (21, 14));
        assert_eq!((days("Sick leave"), days("Sick leave at half pay")), (7, 7));
    }
}
