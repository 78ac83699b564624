//! The code that is shown where people check in, and changes every thirty seconds. Whoever has it was there: a phone
//! without a signal keeps it with the time it was read, and it can still be verified days later.
//!
//! A code is a keyed hash (HMAC-SHA-256, RFC 2104) of the attendance event and the step of time, under the event's own
//! secret. It is shown as a QR code, `zamu:1:<event>:<step>:<hash>`, and as eight characters to be typed.

use std::fmt;
use std::ops::RangeInclusive;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use crate::kernel::error::{Code, Error};
use crate::kernel::id::{GatheringId, Source};
use crate::kernel::text;
use crate::kernel::time::Instant;

/// How long one code is shown, in seconds.
const STEP_SECONDS: i64 = 30;
/// By how many steps a device's clock may be wrong when a code is handed in later: two minutes.
const TOLERANCE: i64 = 4;
/// What people can read aloud and type: without I, L, O, U (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// How many bytes of the hash are in a QR code.
const LONG: usize = 16;

/// What the codes of one attendance event are made from. It never leaves the server, nor does it enter a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Thirty-two bytes nobody can guess.
    pub fn new(ids: &Source) -> Self {
        Self(text::hex(&ids.secret::<32>()))
    }

    pub(super) fn stored(text: String) -> Self {
        Self(text)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What staff show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Eight characters.
    pub code: String,
    /// What the QR code says.
    pub payload: String,
    pub valid_from: Instant,
    /// When the next one is shown. This one is still accepted for one more step.
    pub valid_until: Instant,
}

/// The step of time an instant is in.
pub fn step_of(at: Instant) -> i64 {
    at.timestamp().div_euclid(STEP_SECONDS)
}

/// The code of an instant.
pub fn shown(secret: &Secret, gathering: GatheringId, at: Instant) -> Shown {
    let step = step_of(at);
    let mac = mac(secret, gathering, step);
    let begins = |step: i64| Instant::from_timestamp(step * STEP_SECONDS, 0).unwrap_or(at);
    Shown {
        code: short(&mac),
        payload: format!("zamu:1:{gathering}:{step}:{}", long(&mac)),
        valid_from: begins(step),
        valid_until: begins(step + 1),
    }
}

/// The steps whose codes are accepted now: the current and the one before.
pub fn steps_now(at: Instant) -> RangeInclusive<i64> {
    step_of(at) - 1..=step_of(at)
}

/// The steps whose codes are accepted for what was captured earlier; none that has not come yet.
pub fn steps_then(captured: Instant, received: Instant) -> RangeInclusive<i64> {
    let step = step_of(captured);
    step - TOLERANCE..=(step + TOLERANCE).min(step_of(received))
}

/// Why a code is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    #[error("this attendance event asks for the code that is shown there")]
    Missing,
    #[error("this is neither eight characters nor what a QR code of ours says")]
    Malformed,
    #[error("this code belongs to another attendance event")]
    OtherEvent,
    #[error("this code has expired")]
    Expired,
    #[error("this is not the code that is shown there")]
    Wrong,
}

impl Wrong {
    const fn reason(self) -> &'static str {
        match self {
            Self::Missing => "MISSING",
            Self::Malformed => "MALFORMED",
            Self::OtherEvent => "OTHER_EVENT",
            Self::Expired => "EXPIRED",
            Self::Wrong => "WRONG",
        }
    }
}

impl From<Wrong> for Error {
    fn from(wrong: Wrong) -> Self {
        Self::refused(Code::CheckInCodeInvalid, wrong.to_string())
            .at("code")
            .with("reason", wrong.reason())
    }
}

/// The step whose code this is, if it is one of the accepted ones. Takes as long for a wrong code as for a right one.
pub fn verify(
    secret: &Secret,
    gathering: GatheringId,
    given: &str,
    steps: RangeInclusive<i64>,
) -> Result<i64, Wrong> {
    let given = given.trim();
    match given.strip_prefix("zamu:1:") {
        Some(payload) => verify_payload(secret, gathering, payload, &steps),
        None => verify_short(secret, gathering, given, steps),
    }
}

fn verify_payload(
    secret: &Secret,
    gathering: GatheringId,
    payload: &str,
    steps: &RangeInclusive<i64>,
) -> Result<i64, Wrong> {
    let parts: Vec<&str> = payload.split(':').collect();
    let [event, step, given] = parts.as_slice() else {
        return Err(Wrong::Malformed);
    };
    let event: GatheringId = event.parse().ok().ok_or(Wrong::Malformed)?;
    let step: i64 = step.parse().ok().ok_or(Wrong::Malformed)?;
    if event != gathering {
        return Err(Wrong::OtherEvent);
    }
    if !is_same(&long(&mac(secret, gathering, step)), given) {
        return Err(Wrong::Wrong);
    }
    // Only a genuine code is told that it is old.
    if steps.contains(&step) {
        Ok(step)
    } else {
        Err(Wrong::Expired)
    }
}

fn verify_short(
    secret: &Secret,
    gathering: GatheringId,
    given: &str,
    steps: RangeInclusive<i64>,
) -> Result<i64, Wrong> {
    let typed = tidy(given).ok_or(Wrong::Malformed)?;
    let mut found = None;
    for step in steps {
        if is_same(&short(&mac(secret, gathering, step)), &typed) {
            found = Some(step);
        }
    }
    found.ok_or(Wrong::Wrong)
}

/// Eight characters as the alphabet has them, whatever case and spacing they were typed in.
fn tidy(typed: &str) -> Option<String> {
    let as_shown = |c: char| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let typed: String = typed
        .chars()
        .filter(|c| !matches!(c, ' ' | '-'))
        .map(as_shown)
        .collect();
    let known = |c: char| u8::try_from(c).is_ok_and(|byte| ALPHABET.contains(&byte));
    (typed.len() == 8 && typed.chars().all(known)).then_some(typed)
}

fn is_same(expected: &str, given: &str) -> bool {
    expected.as_bytes().ct_eq(given.as_bytes()).into()
}

fn mac(secret: &Secret, gathering: GatheringId, step: i64) -> [u8; 32] {
    let message = format!("zamu:1:{gathering}:{step}");
    hmac_sha256(secret.0.as_bytes(), message.as_bytes())
}

/// The first forty bits, five for each character.
fn short(mac: &[u8; 32]) -> String {
    let bits = mac
        .iter()
        .take(5)
        .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    let character = |place: u32| {
        let digit = usize::try_from(bits >> (35 - 5 * place) & 31).unwrap_or(0);
        ALPHABET.get(digit).copied().map_or('0', char::from)
    };
    (0..8).map(character).collect()
}

fn long(mac: &[u8; 32]) -> String {
    text::hex(
        mac.first_chunk::<LONG>()
            .map_or(&[], |bytes| bytes.as_slice()),
    )
}

/// RFC 2104 over SHA-256.
fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    const BLOCK: usize = 64;
    let hashed = Sha256::digest(key);
    let key = if key.len() > BLOCK {
        hashed.as_slice()
    } else {
        key
    };
    let mut block = [0_u8; BLOCK];
    for (slot, byte) in block.iter_mut().zip(key) {
        *slot = *byte;
    }
    let inner = Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x5c))
        .chain_update(inner)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn event(number: u128) -> GatheringId {
        GatheringId::from_uuid(Uuid::from_u128(number))
    }

    fn secret() -> Secret {
        Secret("secret".to_owned())
    }

    fn at(seconds: i64) -> Instant {
        Instant::from_timestamp(seconds, 0).unwrap()
    }

    /// RFC 4231, cases 1, 2 and 6.
    #[test]
    fn the_keyed_hash_is_the_standard_one() {
        let cases: [(&[u8], &[u8], &str); 3] = [
            (
                &[0x0b; 20],
                b"Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ];
        for (key, message, expected) in cases {
            assert_eq!(text::hex(&hmac_sha256(key, message)), expected);
        }
    }

    /// Codes that were printed stay good: these never change.
    #[test]
    fn a_code_is_what_it_always_was() {
        let shown = shown(&secret(), event(1), at(1_772_427_600));
        assert_eq!(shown.valid_from, at(1_772_427_600));
        assert_eq!(shown.valid_until, at(1_772_427_630));
        assert_eq!(shown.code, CODE);
        let prefix = "zamu:1:gat_00000000000000000000000000000001:59080920:";
        assert_eq!(shown.payload, format!("{prefix}{HASH}"));
    }
    const CODE: &str = "ERDGAKQD";
    const HASH: &str = "761b054eed86591a5aa4ce7a1d781729";

    #[test]
    fn a_code_is_read_as_people_type() {
        assert_eq!(tidy("o1 il-ab cd").as_deref(), Some("0111ABCD"));
        for wrong in ["", "1234567", "123456789", "UUUUUUUU", "1234567é"] {
            assert_eq!(tidy(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn each_way_of_being_wrong_has_a_reason() {
        let now = at(1_772_427_600);
        let shown = shown(&secret(), event(1), now);
        let check = |given: &str, later: i64| {
            verify(
                &secret(),
                event(1),
                given,
                steps_now(now + chrono::TimeDelta::seconds(later)),
            )
        };
        assert_eq!(check(&shown.code, 59), Ok(59_080_920));
        assert_eq!(check(&shown.payload, 59), Ok(59_080_920));
        assert_eq!(check(&shown.payload, 60), Err(Wrong::Expired));
        assert_eq!(check(&shown.code, 60), Err(Wrong::Wrong));
        assert_eq!(check("zamu:1:nonsense", 0), Err(Wrong::Malformed));
        assert_eq!(check("hello", 0), Err(Wrong::Malformed));
        let other = super::shown(&secret(), event(2), now);
        assert_eq!(check(&other.payload, 0), Err(Wrong::OtherEvent));
        let forged = shown
            .payload
            .replace(HASH, "00000000000000000000000000000000");
        assert_eq!(check(&forged, 0), Err(Wrong::Wrong));
    }

    proptest! {
        #[test]
        fn the_code_of_its_time_is_accepted(secret: [u8; 32], number: u128, seconds in 0_i64..4_000_000_000, slow in -119_i64..120) {
            let secret = Secret(text::hex(&secret));
            let shown = shown(&secret, event(number), at(seconds));
            let now = steps_now(at(seconds));
            for given in [&shown.code, &shown.payload] {
                prop_assert_eq!(verify(&secret, event(number), given, now.clone()), Ok(step_of(at(seconds))));
                // Handed in a day later by a phone whose clock is off by up to two minutes.
                let then = steps_then(at(seconds + slow), at(seconds + 86_400));
                prop_assert_eq!(verify(&secret, event(number), given, then), Ok(step_of(at(seconds))));
            }
        }

        #[test]
        fn no_other_code_is_ever_accepted(secret: [u8; 32], number: u128, other: u128, seconds in 0_i64..4_000_000_000, steps in 6_i64..100_000) {
            prop_assume!(number != other);
            let secret = Secret(text::hex(&secret));
            let elsewhere = shown(&secret, event(other), at(seconds));
            let earlier = shown(&secret, event(number), at(seconds));
            let later = at(seconds + steps * STEP_SECONDS);
            for given in [&elsewhere.code, &elsewhere.payload] {
                prop_assert!(verify(&secret, event(number), given, steps_now(at(seconds))).is_err());
                prop_assert!(verify(&secret, event(number), given, steps_then(at(seconds), later)).is_err());
            }
            for given in [&earlier.code, &earlier.payload] {
                prop_assert!(verify(&secret, event(number), given, steps_now(later)).is_err());
                prop_assert!(verify(&secret, event(number), given, steps_then(later, later)).is_err());
            }
        }
    }
}
