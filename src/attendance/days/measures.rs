//! What is counted about working days. This is the one list: a measure more is a line here, a column in three tables
//! and, to be seen, a field in the reports.

use std::ops::{AddAssign, Neg, Sub};

/// Hands the names of all measures to a macro.
macro_rules! with_measures {
    ($then:ident) => {
        $then! {
            /// Days of one person on which something was planned or done; each day once, however many sessions.
            people_days,
            /// Minutes of the planned shifts without their unpaid breaks.
            planned_minutes,
            /// Minutes from in to out, breaks left out.
            worked_minutes,
            /// Minutes that are paid.
            paid_minutes,
            /// Of the paid minutes, those at the normal rate.
            regular_minutes,
            /// Of the paid minutes, those at any higher rate.
            overtime_minutes,
            /// Of the worked minutes, those in the night.
            night_minutes,
            /// Of the worked minutes, those on a public holiday.
            holiday_minutes,
            /// Minutes on breaks, paid and unpaid.
            break_minutes,
            /// What rounding gave (positive) or took (negative).
            rounding_minutes,
            /// Work sessions.
            sessions,
            /// Clock-ins that were compared with a shift.
            starts,
            /// Of these, those judged late.
            late_count,
            /// How late those were together.
            late_minutes,
            /// Clock-outs judged early.
            early_count,
            /// How early those were together.
            early_minutes,
            /// Days that count as present.
            present_days,
            /// Days that count as late.
            late_days,
            /// Days that count as half.
            half_days,
            /// Days that count as absent.
            absent_days,
            /// Days that count as leave.
            leave_days,
            /// Sessions with both ends known and nothing left to review.
            confirmed,
            /// Of these, those that nobody had to enter or correct by hand.
            compliant,
        }
    };
}
pub(crate) use with_measures;

macro_rules! declare {
    ($($(#[$about:meta])* $name:ident,)*) => {
        /// What is counted; whole numbers that add up over people, days, departments and places.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Measures {
            $($(#[$about])* pub $name: i64,)*
        }

        impl Measures {
            /// Every measure with its name.
            pub fn named(&self) -> Vec<(&'static str, i64)> {
                vec![$((stringify!($name), self.$name)),*]
            }
        }

        impl AddAssign for Measures {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)*
            }
        }

        impl Neg for Measures {
            type Output = Self;

            fn neg(self) -> Self {
                Self { $($name: -self.$name,)* }
            }
        }
    };
}
with_measures!(declare);

impl Sub for Measures {
    type Output = Self;

    fn sub(mut self, other: Self) -> Self {
        self += -other;
        self
    }
}

impl std::iter::Sum for Measures {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, one| {
            sum += one;
            sum
        })
    }
}

impl Measures {
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}
