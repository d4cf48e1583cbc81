//! The text that a price and a call's fingerprint are taken of.

use blockrun_llm::canonical_json;
use serde_json::Value;

/// The canonical form means the same as its original and is its own canonical form.
pub fn canonical(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(canonical) = canonical_json(text) else { return };
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    // A number that is too large for a float is kept as it is and cannot be compared.
    if let Some(original) = read(text) {
        assert_eq!(read(&canonical), Some(original));
    }
    assert_eq!(canonical_json(&canonical).expect("it was read once"), canonical);
}
