//! A value that fits a JSON schema: the smallest sensible one, always the same.

use serde_json::{Map, Value, json};

/// Nesting after which a schema that refers to itself is cut with `null`.
const MAX_DEPTH: usize = 16;

/// A value for `schema`. Understands types, `enum`, `const`, `default`, bounds, common string
/// formats, alternatives and local references; it is not a validator and does not solve `pattern`,
/// `not` or contradictions.
pub(super) fn sample(schema: &Value) -> Value {
    sample_within(schema, schema, MAX_DEPTH)
}

fn sample_within(root: &Value, schema: &Value, depth: usize) -> Value {
    if depth == 0 {
        return Value::Null;
    }
    if let Some(fixed) = fixed(schema) {
        return fixed;
    }
    if let Some(inner) = alternative(root, schema) {
        return sample_within(root, inner, depth - 1);
    }
    match kind(schema) {
        "object" => object(root, schema, depth - 1),
        "array" => array(root, schema, depth - 1),
        "integer" => json!(least(schema).ceil() as i64),
        "number" => json!(least(schema)),
        "boolean" => json!(true),
        "null" => Value::Null,
        _ => string(schema),
    }
}

/// A value that the schema spells out.
fn fixed(schema: &Value) -> Option<Value> {
    let first = schema["enum"].as_array().and_then(|values| values.first());
    schema.get("const").or(schema.get("default")).or(first).cloned()
}

/// The schema that stands for this one: a reference's target or the first alternative.
fn alternative<'a>(root: &'a Value, schema: &'a Value) -> Option<&'a Value> {
    if let Some(reference) = schema["$ref"].as_str() {
        return root.pointer(reference.strip_prefix('#')?);
    }
    ["anyOf", "oneOf", "allOf"].iter().find_map(|key| schema[*key].as_array()?.first())
}

fn kind(schema: &Value) -> &str {
    let named = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        kind => kind.as_str(),
    };
    let implied = if schema["properties"].is_object() { "object" } else { "string" };
    named.unwrap_or(implied)
}

fn object(root: &Value, schema: &Value, depth: usize) -> Value {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let fields: Map<_, _> =
        properties.map(|(name, inner)| (name.clone(), sample_within(root, inner, depth))).collect();
    Value::Object(fields)
}

fn array(root: &Value, schema: &Value, depth: usize) -> Value {
    let count = schema["minItems"].as_u64().unwrap_or(1).min(MAX_DEPTH as u64);
    let item = sample_within(root, &schema["items"], depth);
    Value::Array((0..count).map(|_| item.clone()).collect())
}

/// The smallest number that is allowed, or 1.
fn least(schema: &Value) -> f64 {
    let above = schema["exclusiveMinimum"].as_f64().map(|bound| bound + 1.0);
    let at_most = schema["maximum"].as_f64().unwrap_or(f64::INFINITY);
    schema["minimum"].as_f64().or(above).unwrap_or(1.0_f64.min(at_most))
}

fn string(schema: &Value) -> Value {
    let text = match schema["format"].as_str() {
        Some("date-time") => "2026-01-01T00:00:00Z",
        Some("date") => "2026-01-01",
        Some("time") => "00:00:00Z",
        Some("email") => "practice@example.com",
        Some("uri" | "url") => "https://example.com/practice",
        Some("uuid") => "00000000-0000-4000-8000-000000000000",
        _ => "practice",
    };
    let bound = |key: &str| schema[key].as_u64().and_then(|n| usize::try_from(n).ok());
    let longest = bound("maxLength").unwrap_or(usize::MAX);
    let mut text: String = text.chars().take(longest).collect();
    let missing = bound("minLength").unwrap_or(0).min(1_000).saturating_sub(text.chars().count());
    text.extend(std::iter::repeat_n('.', missing));
    Value::String(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_fits_its_schema() {
        let schema = json!({
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "unit": {"enum": ["celsius", "fahrenheit"]},
                "days": {"type": "integer", "minimum": 3},
                "when": {"type": ["null", "string"], "format": "date"},
                "tags": {"type": "array", "items": {"type": "string", "maxLength": 3}, "minItems": 2},
                "place": {"$ref": "#/$defs/place"},
            },
            "$defs": {"place": {"properties": {"lat": {"type": "number", "maximum": 0}}}},
        });
        assert_eq!(
            sample(&schema),
            json!({
                "city": "practice",
                "unit": "celsius",
                "days": 3,
                "when": "2026-01-01",
                "tags": ["pra", "pra"],
                "place": {"lat": 0.0},
            })
        );
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({"properties": {"next": {"$ref": "#"}}});
        assert!(sample(&schema)["next"]["next"].is_object());
    }
}
