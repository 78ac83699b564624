//! Pages of a list: keyset cursors, newest first, 1–100 at a time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use uuid::Uuid;

use super::error::{Code, Error};
use super::time::Instant;

/// The most rows one page may hold.
pub const LONGEST_PAGE: i32 = 100;
/// The rows of a page when nobody says how many.
pub const USUAL_PAGE: i32 = 25;

/// Where a page begins: after the row with this instant and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub at: Instant,
    pub id: Uuid,
}

impl Cursor {
    pub fn encode(self) -> String {
        let mut bytes = self.at.timestamp_micros().to_be_bytes().to_vec();
        bytes.extend_from_slice(self.id.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub fn decode(text: &str) -> Result<Self, Error> {
        Self::read(text).ok_or_else(|| {
            Error::refused(
                Code::InvalidCursor,
                "this cursor did not come from this list",
            )
            .at("after")
        })
    }

    fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (at, id) = bytes.split_at_checked(8)?;
        let at = DateTime::from_timestamp_micros(i64::from_be_bytes(at.try_into().ok()?))?;
        Some(Self {
            at,
            id: Uuid::from_slice(id).ok()?,
        })
    }
}

/// Which page is wanted.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest {
    pub first: i64,
    pub after: Option<Cursor>,
}

impl PageRequest {
    pub fn new(first: Option<i32>, after: Option<&str>) -> Result<Self, Error> {
        let first = first.unwrap_or(USUAL_PAGE);
        if !(1..=LONGEST_PAGE).contains(&first) {
            let message = format!("a page holds 1 to {LONGEST_PAGE} rows, not {first}");
            return Err(Error::invalid("first", message));
        }
        let after = after.map(Cursor::decode).transpose()?;
        Ok(Self {
            first: first.into(),
            after,
        })
    }

    /// One row more than wanted: whether it came tells whether there is a next page.
    pub fn limit(&self) -> i64 {
        self.first + 1
    }
}

/// A page of rows and whether more follow.
#[derive(Debug, Clone)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub has_next: bool,
}

impl<T> Page<T> {
    /// From the rows of a query limited by [`PageRequest::limit`].
    pub fn from_rows(mut rows: Vec<T>, request: &PageRequest) -> Self {
        let wanted = usize::try_from(request.first).unwrap_or(0);
        let has_next = rows.len() > wanted;
        rows.truncate(wanted);
        Self { rows, has_next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_it_went(micros in 0_i64..4_000_000_000_000_000, id: u128) {
            let at = DateTime::from_timestamp_micros(micros).unwrap();
            let cursor = Cursor { at, id: Uuid::from_u128(id) };
            prop_assert_eq!(Cursor::decode(&cursor.encode()).unwrap(), cursor);
        }

        #[test]
        fn any_other_text_is_refused_or_a_cursor(text: String) {
            if let Err(error) = Cursor::decode(&text) {
                prop_assert_eq!(error.code, Code::InvalidCursor);
            }
        }
    }

    #[test]
    fn a_page_has_one_to_a_hundred_rows() {
        assert!(PageRequest::new(Some(0), None).is_err());
        assert!(PageRequest::new(Some(101), None).is_err());
        assert_eq!(PageRequest::new(None, None).unwrap().limit(), 26);
    }
}
