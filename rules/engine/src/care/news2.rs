//! The bands of the national early warning score (NEWS2), one value at a time: 0 to 3 points.

/// From where oxygen is normal for somebody without a target of their own.
pub(super) const USUAL_OXYGEN_LOW: i64 = 96;

/// At or below the first three a value is worth 3, 2 and 1 points; at or above the last three 1, 2 and 3.
/// Temperatures are tenths of a degree; fever alone is never worth three.
fn limits(kind: &str) -> Option<[i64; 6]> {
    Some(match kind {
        "heart_rate" => [40, 40, 50, 91, 111, 131],
        "respiratory_rate" => [8, 8, 11, 21, 21, 25],
        "systolic" => [90, 100, 110, 220, 220, 220],
        "temperature" => [350, 350, 360, 381, 391, i64::MAX],
        _ => return None,
    })
}

/// Points of one value; nothing for a kind without bands. `oxygen_low` is the patient's own target where a
/// clinician signed one, which is the second oxygen scale.
pub(super) fn points(kind: &str, value: i64, oxygen_low: i64, critical_margin: i64) -> Option<i64> {
    if kind == "oxygen_saturation" {
        return Some(oxygen(value, oxygen_low, critical_margin));
    }
    let [low3, low2, low1, high1, high2, high3] = limits(kind)?;
    Some(if value <= low3 || value >= high3 {
        3
    } else if value <= low2 || value >= high2 {
        2
    } else {
        i64::from(value <= low1 || value >= high1)
    })
}

fn oxygen(value: i64, low: i64, critical_margin: i64) -> i64 {
    if value < low - critical_margin {
        3
    } else if value < low - 2 {
        2
    } else {
        i64::from(value < low)
    }
}
