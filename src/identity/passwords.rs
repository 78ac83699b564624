//! Which passwords are good enough.

use crate::kernel::error::{Code, Error, Result};

const SHORTEST: usize = 10;
/// Long enough for any phrase, short enough that hashing it is no attack.
const LONGEST: usize = 200;

/// Those of ten characters and more that everybody tries first, in lower case.
const COMMON: &[&str] = &[
    "1234567890",
    "0123456789",
    "0987654321",
    "12345678910",
    "123456789a",
    "1q2w3e4r5t",
    "1qaz2wsx3edc",
    "qwertyuiop",
    "qwerty12345",
    "qwerty123456",
    "qwerty1234",
    "password12",
    "password123",
    "password1234",
    "password12345",
    "passw0rd123",
    "p@ssword123",
    "p@ssw0rd123",
    "administrator",
    "admin12345",
    "admin123456",
    "letmein123",
    "letmein1234",
    "welcome123",
    "welcome1234",
    "welcome2024",
    "welcome2025",
    "welcome2026",
    "iloveyou12",
    "iloveyou123",
    "iloveyou1234",
    "changeme123",
    "changeme1234",
    "football123",
    "baseball123",
    "abcdefghij",
    "abcdef123456",
    "abcd123456",
    "abc1234567",
    "abcd1234567",
    "superman123",
    "sunshine123",
    "princess123",
    "monkey12345",
    "dragon12345",
    "asdfghjkl1",
    "asdfghjkl123",
    "zxcvbnm123",
    "zaq12wsxcde3",
    "trustno1234",
    "nairobi123",
    "nairobi1234",
    "nairobi2024",
    "nairobi2025",
    "nairobi2026",
    "mombasa123",
    "kenya12345",
    "kenya123456",
    "safaricom123",
    "safaricom1",
    "jesuschrist",
    "jesus12345",
    "jesuslovesme",
    "blessed123",
    "harambee123",
    "hakunamatata",
    "hakunamatata1",
    "clockin123",
    "zamuzamuzamu",
];

/// Refuses what would be guessed: too short, the person's own name or identifier, the most common, one thing repeated.
pub fn check(field: &str, password: &str, about: &[&str]) -> Result<()> {
    let weak = |message: &str| Err(Error::refused(Code::PasswordTooWeak, message).at(field));
    let length = password.chars().count();
    if length < SHORTEST {
        return weak("a password has at least 10 characters; a phrase of a few words is best");
    }
    if length > LONGEST {
        return weak("a password has at most 200 characters");
    }
    let folded = fold(password);
    let mut letters: Vec<char> = folded.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    if letters.len() < 4 || COMMON.contains(&password.to_lowercase().as_str()) {
        return weak("this password is one of the first that anybody would try");
    }
    let own = about
        .iter()
        .flat_map(|text| [fold(text), fold(text.split('@').next().unwrap_or_default())]);
    if own
        .filter(|text| text.chars().count() >= 4)
        .any(|text| is_mostly(&folded, &text))
    {
        return weak("a password may not be your name, number or address");
    }
    Ok(())
}

/// Lower case, letters and digits only: `+254 712…` and `254712…` are the same guess.
fn fold(text: &str) -> String {
    text.to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect()
}

/// The person's own text with a few characters around it.
fn is_mostly(password: &str, own: &str) -> bool {
    password.contains(own) && password.chars().count() < own.chars().count() + 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_guessed_is_refused() {
        let about = [
            "Wanjiku Kamau",
            "+254712345678",
            "wanjiku.kamau@example.org",
        ];
        let bad = [
            "short",
            "1234567890",
            "Password123",
            "aaaaaaaaaaaaa",
            "wanjikukamau1",
            "+254712345678",
            "Wanjiku.Kamau!",
        ];
        for password in bad {
            assert_eq!(
                check("password", password, &about).unwrap_err().code,
                Code::PasswordTooWeak,
                "{password}"
            );
        }
        for good in [
            "copper kettle morning",
            "wanjiku likes long phrases",
            "x7#Kp!29qLmz",
        ] {
            assert!(check("password", good, &about).is_ok(), "{good}");
        }
    }
}
