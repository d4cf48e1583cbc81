//! The name of a request in the log.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Carries the name, on the way in and on the way out.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest name that is taken over.
const LONGEST: usize = 64;

/// The name that a request came with, if it has the form of one (1 to 64 of `A-Z a-z 0-9 . _ -`), else
/// a new one of 32 hexadecimal digits.
pub(super) fn request_id(headers: &HeaderMap) -> HeaderValue {
    let given = headers.get(REQUEST_ID).filter(|value| is_id(value.as_bytes()));
    given.cloned().unwrap_or_else(made)
}

fn is_id(text: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    (1..=LONGEST).contains(&text.len()) && text.iter().all(allowed)
}

fn made() -> HeaderValue {
    let mut bytes = [0; 16];
    let drawn = getrandom::fill(&mut bytes).ok();
    let name = drawn.and_then(|()| HeaderValue::try_from(alloy::hex::encode(bytes)).ok());
    name.unwrap_or(HeaderValue::from_static("unnamed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(value: &[u8]) -> HeaderValue {
        let value = HeaderValue::from_bytes(value).unwrap();
        request_id(&HeaderMap::from_iter([(REQUEST_ID, value)]))
    }

    #[test]
    fn a_name_is_taken_over_or_made() {
        for good in ["a", "01J-abc_def.7", &"x".repeat(64)] {
            assert_eq!(named(good.as_bytes()), good);
        }
        for bad in ["", "two words", "a\tb", "é", &"x".repeat(65), "a\"b", "a=b"] {
            let made = named(bad.as_bytes());
            assert_eq!(made.len(), 32, "{bad:?}");
        }
        assert_ne!(request_id(&HeaderMap::new()), request_id(&HeaderMap::new()));
    }
}
