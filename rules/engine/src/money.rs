//! Exact money: a whole number of minor units and a currency, never a fraction.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A three-letter currency code, kept as bytes so that money is `Copy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// Three capital ASCII letters, or nothing.
    pub fn new(code: &str) -> Option<Self> {
        let bytes: [u8; 3] = code.as_bytes().try_into().ok()?;
        bytes
            .iter()
            .all(u8::is_ascii_uppercase)
            .then_some(Self(bytes))
    }

    /// How many minor units make one major unit, as a power of ten. The exceptions that matter here
    /// are the currencies without cents.
    pub fn minor_digits(self) -> u32 {
        match &self.0 {
            b"UGX" | b"RWF" | b"BIF" | b"JPY" | b"KRW" | b"XOF" | b"XAF" => 0,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(std::str::from_utf8(&self.0).unwrap_or("???"))
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.to_string()
    }
}

impl TryFrom<String> for Currency {
    type Error = String;

    fn try_from(code: String) -> Result<Self, String> {
        Self::new(&code).ok_or_else(|| format!("`{code}` is not a currency code such as KES"))
    }
}

/// An amount of money. Every operation is checked: money overflows into an error, not into a debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// The amount in minor units (cents); negative means owed the other way.
    pub minor: i64,
    pub currency: Currency,
}

impl Money {
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Reads `KES 1500` or `KES 12.50`, the form settings files use.
    pub fn parse(text: &str) -> Option<Self> {
        let (code, amount) = text.trim().split_once(' ')?;
        let currency = Currency::new(code)?;
        let amount = amount.trim();
        let (sign, digits) = match amount.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, amount),
        };
        let (whole, cents) = digits.split_once('.').unwrap_or((digits, ""));
        let places = currency.minor_digits() as usize;
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || cents.len() > places || !plain(whole) || !plain(cents) {
            return None;
        }
        format!("{whole}{cents:0<places$}")
            .parse::<i64>()
            .ok()
            .map(|n| Self::new(sign * n, currency))
    }

    /// Adds money of the same currency.
    pub fn plus(self, other: Self) -> Option<Self> {
        (self.currency == other.currency)
            .then(|| self.minor.checked_add(other.minor))
            .flatten()
            .map(|minor| Self::new(minor, self.currency))
    }

    /// Subtracts money of the same currency.
    pub fn minus(self, other: Self) -> Option<Self> {
        other
            .minor
            .checked_neg()
            .and_then(|minor| self.plus(Self::new(minor, other.currency)))
    }

    /// Multiplies by a whole number.
    pub fn times(self, count: i64) -> Option<Self> {
        self.minor
            .checked_mul(count)
            .map(|minor| Self::new(minor, self.currency))
    }

    /// What so many minutes cost at this amount an hour; half a minor unit rounds away from zero.
    pub fn for_minutes(self, minutes: i64) -> Option<Self> {
        let exact = i128::from(self.minor) * i128::from(minutes);
        let half = if exact < 0 { -30 } else { 30 };
        i64::try_from((exact + half) / 60)
            .ok()
            .map(|minor| Self::new(minor, self.currency))
    }

    /// Whether it has no cents, as a telephone payment must not.
    pub fn is_whole(self) -> bool {
        self.minor % 10_i64.pow(self.currency.minor_digits()) == 0
    }

    /// `percent(150)` is one and a half times the amount; a half minor unit rounds away from zero, the
    /// rule people expect on an invoice (banker's rounding surprises them).
    pub fn percent(self, percent: i64) -> Option<Self> {
        let exact = i128::from(self.minor) * i128::from(percent);
        let half = if exact < 0 { -50 } else { 50 };
        i64::try_from((exact + half) / 100)
            .ok()
            .map(|minor| Self::new(minor, self.currency))
    }
}

impl fmt::Display for Money {
    /// Always shows the cents of a currency that has them, so `KES 12.50` never prints as `12.5`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.currency.minor_digits() as usize;
        let unit = 10_u64.pow(self.currency.minor_digits());
        let sign = if self.minor < 0 { "-" } else { "" };
        let size = self.minor.unsigned_abs();
        write!(formatter, "{} {sign}{}", self.currency, size / unit)?;
        if places > 0 {
            write!(formatter, ".{:0places$}", size % unit)?;
        }
        Ok(())
    }
}
