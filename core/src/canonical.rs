//! Canonical JSON: keys sorted by their UTF-8 bytes, no spaces, strings in their shortest escape,
//! numbers exactly as they were received. One text for a price and for a call's fingerprint.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::error::{Error, Result};

/// Deeper nesting than any request has; a bound so that hostile input cannot exhaust the stack.
const MAX_DEPTH: usize = 64;

/// What JSON takes for white space; Rust and Unicode know more.
const SPACES: [char; 4] = [' ', '\t', '\n', '\r'];

/// The canonical form of a JSON text. Of two equal keys in one object the last one counts.
///
/// # Errors
/// `InvalidArgument` when the text is not JSON or nests more than 64 levels deep.
pub fn canonical_json(text: &str) -> Result<String> {
    canonical_with(text, &mut |string| string)
}

/// As [`canonical_json`], with every string value (not the keys) passed through `map` first.
pub(crate) fn canonical_with(text: &str, map: &mut dyn FnMut(String) -> String) -> Result<String> {
    let mut out = String::with_capacity(text.len());
    write(text.trim_matches(SPACES), 0, map, &mut out)?;
    Ok(out)
}

/// The members of a JSON object as raw texts.
///
/// # Errors
/// `InvalidArgument` when the text is not a JSON object.
pub(crate) fn members(text: &str) -> Result<BTreeMap<String, &RawValue>> {
    serde_json::from_str(text).map_err(|cause| not_json(&cause))
}

fn write(
    text: &str,
    depth: usize,
    map: &mut dyn FnMut(String) -> String,
    out: &mut String,
) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(Error::argument("body", "the JSON nests more than 64 levels deep"));
    }
    match text.as_bytes().first() {
        Some(b'{') => write_object(text, depth, map, out),
        Some(b'[') => write_array(text, depth, map, out),
        Some(b'"') => {
            let string = serde_json::from_str(text).map_err(|cause| not_json(&cause))?;
            push_string(&map(string), out)
        }
        _ => {
            let scalar: &RawValue = serde_json::from_str(text).map_err(|cause| not_json(&cause))?;
            out.push_str(scalar.get());
            Ok(())
        }
    }
}

fn write_object(
    text: &str,
    depth: usize,
    map: &mut dyn FnMut(String) -> String,
    out: &mut String,
) -> Result<()> {
    out.push('{');
    for (index, (key, value)) in members(text)?.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        push_string(&key, out)?;
        out.push(':');
        write(value.get(), depth + 1, map, out)?;
    }
    out.push('}');
    Ok(())
}

fn write_array(
    text: &str,
    depth: usize,
    map: &mut dyn FnMut(String) -> String,
    out: &mut String,
) -> Result<()> {
    let items: Vec<&RawValue> = serde_json::from_str(text).map_err(|cause| not_json(&cause))?;
    out.push('[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item.get(), depth + 1, map, out)?;
    }
    out.push(']');
    Ok(())
}

fn push_string(string: &str, out: &mut String) -> Result<()> {
    out.push_str(&serde_json::to_string(string).map_err(|cause| not_json(&cause))?);
    Ok(())
}

fn not_json(cause: &serde_json::Error) -> Error {
    Error::argument("body", &format!("not valid JSON: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_numbers_kept() {
        let text = r#" { "b" : [ 1.0, 1e2 , -0 ], "a" : "\u00e9\/\n" , "c":{"z":null,"y":true} } "#;
        let expected = r#"{"a":"é/\n","b":[1.0,1e2,-0],"c":{"y":true,"z":null}}"#;
        assert_eq!(canonical_json(text).unwrap(), expected);
    }

    #[test]
    fn hostile_nesting_is_an_error() {
        let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
        assert!(canonical_json(&deep).is_err());
        assert!(canonical_json("{\"a\":1} x").is_err());
        for text in ["", "\u{c}1", "\u{a0}{}", "1\u{b}"] {
            assert!(canonical_json(text).is_err(), "{text:?}");
        }
    }
}
