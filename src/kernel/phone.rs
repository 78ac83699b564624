//! Telephone numbers as E.164, with the forms people in Kenya type.
//!
//! Source for the Kenyan forms: the national numbering plan as published in libphonenumber's metadata.

use std::fmt;

/// A number in E.164: `+254712345678`. Never printed whole in a log: see [`Phone::masked`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

/// Why a text is not a telephone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPhone {
    #[error(
        "a telephone number has only digits, spaces, dashes, dots, brackets and one leading plus"
    )]
    Character,
    #[error("this telephone number is too short")]
    TooShort,
    #[error("this telephone number is too long")]
    TooLong,
}

impl Phone {
    /// Reads a number as a person types it. Without a country code it is taken as Kenyan.
    pub fn parse(text: &str) -> Result<Self, BadPhone> {
        let mut digits: String = text
            .chars()
            .filter(|c| !" -.()\u{a0}".contains(*c))
            .collect();
        let mut international = digits.starts_with('+');
        if international {
            digits.remove(0);
        } else if let Some(rest) = digits.strip_prefix("00") {
            (digits, international) = (rest.to_owned(), true);
        }
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(BadPhone::Character);
        }
        if international || digits.starts_with("254") {
            return Self::with_country(&digits);
        }
        Self::kenyan(digits.strip_prefix('0').unwrap_or(&digits))
    }

    fn with_country(digits: &str) -> Result<Self, BadPhone> {
        if let Some(national) = digits.strip_prefix("254") {
            // A stray trunk zero after the country code is a common slip.
            return Self::kenyan(national.strip_prefix('0').unwrap_or(national));
        }
        match digits.len() {
            0..8 => Err(BadPhone::TooShort),
            8..=15 => Ok(Self(format!("+{digits}"))),
            _ => Err(BadPhone::TooLong),
        }
    }

    fn kenyan(national: &str) -> Result<Self, BadPhone> {
        let mobile = national.starts_with(['1', '7']);
        match national.len() {
            9 => Ok(Self(format!("+254{national}"))),
            7 | 8 if !mobile => Ok(Self(format!("+254{national}"))),
            0..9 => Err(BadPhone::TooShort),
            _ => Err(BadPhone::TooLong),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `+2547•••••678`: enough to recognise, not enough to call.
    pub fn masked(&self) -> String {
        let (head, tail) = self.0.split_at(self.0.len().min(5));
        let (hidden, shown) = tail.split_at(tail.len().saturating_sub(3));
        format!("{head}{}{shown}", "•".repeat(hidden.len()))
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_people_type_become_one() {
        for text in [
            "0712345678",
            "712345678",
            "254712345678",
            "+254 712-345-678",
            "00254712345678",
            "+2540712345678",
            "(0712) 345.678",
        ] {
            assert_eq!(
                Phone::parse(text).unwrap().as_str(),
                "+254712345678",
                "{text}"
            );
        }
        assert_eq!(
            Phone::parse("0110345678").unwrap().as_str(),
            "+254110345678"
        );
        assert_eq!(
            Phone::parse("0202222222").unwrap().as_str(),
            "+254202222222"
        );
        assert_eq!(
            Phone::parse("+15551234567").unwrap().as_str(),
            "+15551234567"
        );
    }

    #[test]
    fn what_is_not_a_number_says_why() {
        assert_eq!(Phone::parse("0712 345 67"), Err(BadPhone::TooShort));
        assert_eq!(Phone::parse("07123456789"), Err(BadPhone::TooLong));
        assert_eq!(Phone::parse("+1555123456789012"), Err(BadPhone::TooLong));
        assert_eq!(Phone::parse("0712x45678"), Err(BadPhone::Character));
        assert_eq!(Phone::parse(""), Err(BadPhone::TooShort));
    }

    #[test]
    fn a_debug_print_hides_the_middle() {
        let phone = Phone::parse("0712345678").unwrap();
        assert_eq!(format!("{phone:?}"), "+2547•••••678");
    }
}
