//! Canonical JSON: keys sorted by their UTF-8 bytes, no spaces, strings in their shortest escape,
//! numbers exactly as they were received. One text for a price and for a call's fingerprint.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;
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
    let mut out = String::with_capacity(text.len());
    canonical_with(text, &mut |_| true, &mut out)?;
    Ok(out)
}

/// Takes canonical JSON piece by piece.
pub(crate) trait Sink {
    fn push(&mut self, text: &str);
}

impl Sink for String {
    fn push(&mut self, text: &str) {
        self.push_str(text);
    }
}

/// Counts bytes and keeps none.
#[derive(Default)]
pub(crate) struct Count(pub(crate) usize);

impl Sink for Count {
    fn push(&mut self, text: &str) {
        self.0 += text.len();
    }
}

/// As [`canonical_json`], with every string value (not the keys) that `keep` does not want made empty.
pub(crate) fn canonical_with(
    text: &str,
    keep: &mut dyn FnMut(&str) -> bool,
    out: &mut dyn Sink,
) -> Result<()> {
    let raw: &RawValue = parse(text.trim_matches(SPACES))?;
    write(raw, 0, keep, out)
}

/// The members of a JSON object as raw texts.
///
/// # Errors
/// `InvalidArgument` when the text is not a JSON object.
pub(crate) fn members(text: &str) -> Result<BTreeMap<String, &RawValue>> {
    parse(text)
}

fn write(
    value: &RawValue,
    depth: usize,
    keep: &mut dyn FnMut(&str) -> bool,
    out: &mut dyn Sink,
) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(Error::argument("body", "the JSON nests more than 64 levels deep"));
    }
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'{') => write_object(text, depth, keep, out),
        Some(b'[') => write_array(text, depth, keep, out),
        Some(b'"') => write_string(text, keep, out),
        _ => {
            out.push(text);
            Ok(())
        }
    }
}

fn write_object(
    text: &str,
    depth: usize,
    keep: &mut dyn FnMut(&str) -> bool,
    out: &mut dyn Sink,
) -> Result<()> {
    out.push("{");
    for (index, (key, value)) in members(text)?.into_iter().enumerate() {
        if index > 0 {
            out.push(",");
        }
        out.push(&escaped(&key)?);
        out.push(":");
        write(value, depth + 1, keep, out)?;
    }
    out.push("}");
    Ok(())
}

fn write_array(
    text: &str,
    depth: usize,
    keep: &mut dyn FnMut(&str) -> bool,
    out: &mut dyn Sink,
) -> Result<()> {
    let items: Vec<&RawValue> = parse(text)?;
    out.push("[");
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(",");
        }
        write(item, depth + 1, keep, out)?;
    }
    out.push("]");
    Ok(())
}

/// Most strings are in their shortest form already: a prompt is passed on as it is.
fn write_string(token: &str, keep: &mut dyn FnMut(&str) -> bool, out: &mut dyn Sink) -> Result<()> {
    let inside = &token[1..token.len() - 1];
    let shortest = is_shortest(inside);
    let string = match shortest && !inside.contains('\\') {
        true => Cow::Borrowed(inside),
        false => Cow::Owned(parse::<String>(token)?),
    };
    match keep(&string) {
        false => out.push("\"\""),
        true if shortest => out.push(token),
        true => out.push(&escaped(&string)?),
    }
    Ok(())
}

/// Whether each escape in a string is the shortest one of its character.
fn is_shortest(inside: &str) -> bool {
    let mut rest = inside;
    while let Some(at) = rest.find('\\') {
        let Some(b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't') = rest.as_bytes().get(at + 1)
        else {
            return false;
        };
        rest = &rest[at + 2..];
    }
    true
}

fn escaped(string: &str) -> Result<String> {
    serde_json::to_string(string).map_err(|cause| not_json(&cause))
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T> {
    serde_json::from_str(text).map_err(|cause| not_json(&cause))
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
    fn a_string_has_one_spelling() {
        for (text, expected) in [
            (r#""a\n\t\"\\""#, r#""a\n\t\"\\""#),
            (r#""\u000a\u0022\/""#, r#""\n\"/""#),
            (r#""\\u0041""#, r#""\\u0041""#),
            (r#""\u001F\u001f\u0041""#, r#""\u001f\u001fA""#),
            (r#""\ud83d\ude00😀""#, r#""😀😀""#),
        ] {
            assert_eq!(canonical_json(text).unwrap(), expected, "{text}");
        }
        assert!(canonical_json("\"a\nb\"").is_err(), "a line break has to be escaped");
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
