//! Texts that people type, checked once at the edge of a service.

use super::error::Error;

/// A required text: trimmed, not empty, at most `longest` characters, without control characters.
pub fn required(field: &str, value: &str, longest: usize) -> Result<String, Error> {
    let text = bounded(field, value, longest)?;
    if text.is_empty() {
        return Err(Error::invalid(field, "this may not be empty"));
    }
    Ok(text)
}

/// An optional text: as [`required`], where nothing or blanks are nothing.
pub fn optional(field: &str, value: Option<&str>, longest: usize) -> Result<Option<String>, Error> {
    let text = value
        .map(|value| bounded(field, value, longest))
        .transpose()?;
    Ok(text.filter(|text| !text.is_empty()))
}

fn bounded(field: &str, value: &str, longest: usize) -> Result<String, Error> {
    let text = value.trim();
    let length = text.chars().count();
    if length > longest {
        let message = format!("this is {length} characters long, {longest} are allowed");
        return Err(Error::invalid(field, message));
    }
    if text
        .chars()
        .any(|c| c.is_control() && c != '\n' && c != '\t')
    {
        return Err(Error::invalid(
            field,
            "control characters are not allowed here",
        ));
    }
    Ok(text.to_owned())
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 0xf] {
            text.extend(char::from_digit(nibble.into(), 16));
        }
    }
    text
}

/// An e-mail address in lower case. Only its shape is checked: whether it exists, a letter will tell.
pub fn email(field: &str, value: &str) -> Result<String, Error> {
    let text = required(field, value, 254)?.to_lowercase();
    let (local, domain) = text.split_once('@').unwrap_or_default();
    let shaped = !local.is_empty()
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !text.contains(char::is_whitespace)
        && !domain.contains('@');
    if shaped {
        Ok(text)
    } else {
        Err(Error::invalid(field, "this is not an e-mail address"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_trimmed_and_bounded() {
        assert_eq!(required("name", "  Ada ", 5).unwrap(), "Ada");
        assert_eq!(
            required("name", "   ", 5).unwrap_err().field.as_deref(),
            Some("name")
        );
        assert!(
            required("name", "Adaaaa", 5)
                .unwrap_err()
                .message
                .contains("6 characters")
        );
        assert!(required("name", "A\u{0}da", 9).is_err());
        assert_eq!(optional("title", Some("  "), 5).unwrap(), None);
    }

    #[test]
    fn bytes_are_two_digits_each() {
        assert_eq!(hex(&[0x00, 0x0f, 0xa1]), "000fa1");
    }

    #[test]
    fn an_address_has_a_shape() {
        assert_eq!(
            email("email", "Ada@Example.ORG").unwrap(),
            "ada@example.org"
        );
        for bad in [
            "ada",
            "@example.org",
            "ada@",
            "ada@org",
            "a da@example.org",
            "a@b@c.org",
        ] {
            assert!(email("email", bad).is_err(), "{bad}");
        }
    }
}
