//! When something happened that a device captured: how far its clock is believed.

use chrono::TimeDelta;

use super::error::{Error, Result};
use super::time::Instant;

/// How far ahead of ours a device's clock may run before its time is refused.
pub const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(2);
/// What arrives later than this after it happened was captured offline.
const OFFLINE_AFTER: TimeDelta = TimeDelta::minutes(2);

/// When something happened: as the device said, as the server received, as corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptureTime {
    pub device_at: Option<Instant>,
    pub received_at: Instant,
    pub occurred_at: Instant,
}

/// How long a device may keep something before a person must enter it.
#[derive(Debug, Clone, Copy)]
pub struct Oldest {
    pub kept: TimeDelta,
    /// Who enters what is older: said to whoever is refused.
    pub otherwise: &'static str,
}

impl CaptureTime {
    /// Without a device time it happened when it arrived. A device time is believed as far back as `oldest` says and two
    /// minutes ahead; within those two minutes a fast clock is set back to ours.
    pub fn judge(
        captured_at: Option<Instant>,
        received_at: Instant,
        oldest: Oldest,
    ) -> Result<Self> {
        let captured = captured_at.unwrap_or(received_at);
        if captured > received_at + CLOCK_TOLERANCE {
            let message = "this time has not come yet: is the device's clock right?";
            return Err(Error::invalid("capturedAt", message));
        }
        if captured < received_at - oldest.kept {
            return Err(Error::invalid("capturedAt", oldest.otherwise));
        }
        Ok(Self {
            device_at: captured_at,
            received_at,
            occurred_at: captured.min(received_at),
        })
    }

    pub fn captured_offline(&self) -> bool {
        self.received_at - self.occurred_at > OFFLINE_AFTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEEK: Oldest = Oldest {
        kept: TimeDelta::days(7),
        otherwise: "somebody else enters it",
    };

    #[test]
    fn a_device_time_is_believed_as_far_back_as_it_may_be_kept() {
        let at = |text: &str| -> Instant { text.parse().unwrap() };
        let now = at("2026-03-10T05:00:00Z");
        let online = CaptureTime::judge(None, now, WEEK).unwrap();
        assert!(online.device_at.is_none() && !online.captured_offline());
        let fast = CaptureTime::judge(Some(at("2026-03-10T05:02:00Z")), now, WEEK).unwrap();
        assert_eq!(fast.occurred_at, now);
        let late = CaptureTime::judge(Some(at("2026-03-03T05:00:00Z")), now, WEEK).unwrap();
        assert!(late.captured_offline());
        for wrong in ["2026-03-10T05:02:01Z", "2026-03-03T04:59:59Z"] {
            let refused = CaptureTime::judge(Some(at(wrong)), now, WEEK).unwrap_err();
            assert_eq!(refused.field.as_deref(), Some("capturedAt"));
        }
    }
}
