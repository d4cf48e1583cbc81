//! What a value must be.

use serde_json::Value;

/// Says what is wrong with a value, if anything: `wanted` is the value itself, or an object with
/// one of the words below.
///
/// `{"absent": true}`, `{"present": true}`, `{"contains": text or list}`, `{"lacks": text or list}`,
/// `{"starts_with": text}`, `{"names": argument}` (in snake case or camel case), `{"length": n}`,
/// `{"at_most": number}`.
pub(super) fn mismatch(wanted: &Value, found: Option<&Value>) -> Option<String> {
    let Some((word, operand)) = word(wanted) else {
        let found = found.unwrap_or(&Value::Null);
        return (!equal(wanted, found)).then(|| format!("is {}, not {wanted}", short(found)));
    };
    let is_there = found.is_some_and(|found| !found.is_null());
    let text = found.map(plain).unwrap_or_default();
    let says = |part: &Value| text.contains(&plain(part));
    let good = match word {
        "absent" => !is_there,
        "present" => is_there,
        "contains" => is_there && items(operand).all(says),
        "lacks" => !items(operand).any(says),
        "starts_with" => is_there && text.starts_with(&plain(operand)),
        "names" => is_there && names(&text, &plain(operand)),
        "length" => found.and_then(length) == operand.as_u64(),
        _ => found.and_then(Value::as_f64).is_some_and(|one| Some(one) <= operand.as_f64()),
    };
    (!good).then(|| format!("is {}, which is not {wanted}", short(found.unwrap_or(&Value::Null))))
}

/// The word of an object that is no value itself.
fn word(wanted: &Value) -> Option<(&str, &Value)> {
    const WORDS: [&str; 8] =
        ["absent", "present", "contains", "lacks", "starts_with", "names", "length", "at_most"];
    let object = wanted.as_object().filter(|object| object.len() == 1)?;
    let (word, operand) = object.iter().next()?;
    WORDS.contains(&word.as_str()).then_some((word.as_str(), operand))
}

/// Equality that knows one kind of number.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|two| equal(one, two)))
        }
        _ => one == other,
    }
}

fn items(operand: &Value) -> impl Iterator<Item = &Value> {
    let list = operand.as_array().map_or(std::slice::from_ref(operand), Vec::as_slice);
    list.iter()
}

fn names(text: &str, argument: &str) -> bool {
    let mut camel = String::new();
    for (index, word) in argument.split('_').enumerate() {
        let (first, rest) = word.split_at(usize::from(index > 0).min(word.len()));
        camel.push_str(&first.to_uppercase());
        camel.push_str(rest);
    }
    text.contains(argument) || text.contains(&camel)
}

fn length(value: &Value) -> Option<u64> {
    let length = match value {
        Value::String(text) => text.chars().count(),
        Value::Array(list) => list.len(),
        Value::Object(object) => object.len(),
        _ => return None,
    };
    u64::try_from(length).ok()
}

/// Text as it is, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(400) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_word_can_fail() {
        let found = json!("max_tokens: 0 is too small");
        for (good, bad) in [
            (json!({"present": true}), json!({"absent": true})),
            (json!({"contains": ["0", "small"]}), json!({"contains": ["0", "large"]})),
            (json!({"lacks": "large"}), json!({"lacks": ["large", "small"]})),
            (json!({"starts_with": "max"}), json!({"starts_with": "min"})),
            (json!({"names": "max_tokens"}), json!({"names": "maxTokens"})),
            (json!({"length": 26}), json!({"length": 25})),
            (found.clone(), json!("else")),
        ] {
            assert_eq!(mismatch(&good, Some(&found)), None, "{good}");
            assert!(mismatch(&bad, Some(&found)).is_some(), "{bad}");
        }
        assert_eq!(mismatch(&json!({"names": "max_tokens"}), Some(&json!("maxTokens: 0"))), None);
        assert!(mismatch(&json!({"at_most": 3}), Some(&json!(3.5))).is_some());
        assert_eq!(mismatch(&json!({"at_most": 3}), Some(&json!(3))), None);
    }

    #[test]
    fn values_are_compared_whole_and_numbers_by_value() {
        assert_eq!(mismatch(&json!({"a": [1, 2]}), Some(&json!({"a": [1.0, 2]}))), None);
        assert!(mismatch(&json!({"a": 1}), Some(&json!({"a": 1, "b": 2}))).is_some());
        assert_eq!(mismatch(&Value::Null, None), None);
        assert!(mismatch(&json!(0), None).is_some());
    }
}
