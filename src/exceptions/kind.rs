//! Every kind of exception in one table: its name, what it asks for, and when it is found.

/// What somebody has to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Look at it, and say so.
    Acknowledge,
    /// Correct the time; it goes away by itself when that is done.
    Fix,
}

impl Severity {
    pub const ALL: [Self; 2] = [Self::Acknowledge, Self::Fix];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Acknowledge => "ACKNOWLEDGE",
            Self::Fix => "FIX",
        }
    }
}

macro_rules! kinds {
    ($($kind:ident = $name:literal, $severity:ident, $doc:literal;)*) => {
        /// What can be wrong. Never renamed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $(#[doc = $doc] $kind,)*
        }

        impl Kind {
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The name in the database; the API's is the same.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// What it usually asks for: a fix where an element is missing or two contradict each other, because nobody
            /// can say the time is right; a look where the time is known and only its circumstances are odd.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$kind => Severity::$severity,)* }
            }
        }
    };
}

kinds! {
    MissingIn             = "MISSING_IN",              Fix,         "An end without a beginning.";
    MissingOut            = "MISSING_OUT",             Fix,         "A beginning without an end.";
    MissingService        = "MISSING_SERVICE",         Fix,         "A visit to a client without a service.";
    UnauthorizedService   = "UNAUTHORIZED_SERVICE",    Fix,         "A service this client is not to have.";
    UnknownClient         = "UNKNOWN_CLIENT",          Fix,         "A visit whose client is not known.";
    UnknownWorker         = "UNKNOWN_WORKER",          Fix,         "A claim of somebody who is not known.";
    OutsideGeofenceIn     = "OUTSIDE_GEOFENCE_IN",     Acknowledge, "Begun outside the fence of the place.";
    OutsideGeofenceOut    = "OUTSIDE_GEOFENCE_OUT",    Acknowledge, "Ended outside the fence of the place.";
    LocationMissing       = "LOCATION_MISSING",        Acknowledge, "A position was wanted and none came.";
    LowGpsAccuracy        = "LOW_GPS_ACCURACY",        Acknowledge, "The position was too rough to tell.";
    SuspectedMockLocation = "SUSPECTED_MOCK_LOCATION", Acknowledge, "The device says that its position was made up.";
    ImpossibleTravel      = "IMPOSSIBLE_TRAVEL",       Acknowledge, "Nobody gets from one position to the next that fast.";
    RepeatedCoordinates   = "REPEATED_COORDINATES",    Acknowledge, "The very same position over and over: real ones vary.";
    SharedDevice          = "SHARED_DEVICE",           Acknowledge, "One device clocks several people.";
    AccuracyZero          = "ACCURACY_ZERO",           Acknowledge, "No real receiver is accurate to zero metres.";
    ClockSkew             = "CLOCK_SKEW",              Acknowledge, "The device's clock was wrong and was corrected.";
    UnverifiedTime        = "UNVERIFIED_TIME",         Acknowledge, "Nothing backs the time a device gave.";
    LateSubmission        = "LATE_SUBMISSION",         Acknowledge, "Captured long before it was handed in.";
    ForeignTimeZone       = "FOREIGN_TIME_ZONE",       Acknowledge, "The device's clock was set to another zone than the place's.";
    LateIn                = "LATE_IN",                 Acknowledge, "Begun later than planned.";
    EarlyOut              = "EARLY_OUT",               Acknowledge, "Ended earlier than planned.";
    ShortVisit            = "SHORT_VISIT",             Acknowledge, "Much shorter than planned.";
    LongVisit             = "LONG_VISIT",              Acknowledge, "Much longer than planned, or than anybody works.";
    NoShow                = "NO_SHOW",                 Acknowledge, "Planned, and nobody came.";
    Unscheduled           = "UNSCHEDULED",             Acknowledge, "Work where none was planned.";
    OverlappingVisits     = "OVERLAPPING_VISITS",      Fix,         "Two visits of one person at the same time.";
    ConflictingClaims     = "CONFLICTING_CLAIMS",      Fix,         "Two claims that cannot both be true; both are kept.";
    ManualEntry           = "MANUAL_ENTRY",            Acknowledge, "Entered or corrected by hand.";
    AutoClosed            = "AUTO_CLOSED",             Acknowledge, "Ended by the timetable, because nobody clocked out.";
    EmergencyEnded        = "EMERGENCY_ENDED",         Acknowledge, "Ended by the panic button.";
    DeniedByRule          = "DENIED_BY_RULE",          Acknowledge, "Captured offline, and a rule would have refused it.";
    SignatureMissing      = "SIGNATURE_MISSING",       Acknowledge, "A signature was wanted and none came.";
    CredentialExpired     = "CREDENTIAL_EXPIRED",      Acknowledge, "The worker's credential was no longer valid.";
    RuleFlag              = "RULE_FLAG",               Acknowledge, "What a rule of the organization flags; its own code says what.";
}

impl Kind {
    /// Whether acknowledging it says that a time is right which nobody's live claim backs: whoever says so attests it.
    pub const fn wants_attestation(self) -> bool {
        matches!(
            self,
            Self::ManualEntry | Self::AutoClosed | Self::EmergencyEnded | Self::UnverifiedTime
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        let names: BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), Kind::ALL.len());
    }

    /// Whoever may acknowledge away a missing end would be paid for a time nobody knows.
    #[test]
    fn what_leaves_the_time_unknown_must_be_fixed() {
        for kind in [Kind::MissingIn, Kind::MissingOut, Kind::ConflictingClaims] {
            assert_eq!(kind.severity(), Severity::Fix, "{}", kind.name());
        }
    }
}
