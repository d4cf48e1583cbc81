//! What callers saw, against what they must see.

use serde_json::{Map, Value};

use super::{Call, Scenario, matcher::mismatch};
use crate::TEST_KEY;

/// What a runner may say of a call.
const NAMES: [&str; 17] = [
    "text",
    "json",
    "chunks",
    "amount_micro",
    "transaction",
    "fallback",
    "status",
    "headers",
    "error",
    "message",
    "payment",
    "charged_micro",
    "field",
    "retry_after",
    "key",
    "response",
    "printed",
];

/// What is wrong with the outcomes of a scenario's calls.
pub fn check_outcomes(scenario: &Scenario, outcomes: &[Value]) -> Vec<String> {
    let calls = scenario.calls();
    if calls.len() != outcomes.len() {
        return vec![format!("{} calls, but {} outcomes", calls.len(), outcomes.len())];
    }
    let secret = scenario.client.get("private_key").and_then(Value::as_str).unwrap_or(TEST_KEY);
    let both = calls.iter().zip(outcomes).enumerate();
    let found = both.flat_map(|(index, (call, outcome))| {
        let place = format!("call {index} ({})", call.method);
        let problems = check(call, outcome, secret.trim_start_matches("0x"));
        problems.into_iter().map(move |problem| format!("{place}: {problem}"))
    });
    found.collect()
}

fn check(call: &Call, outcome: &Value, secret: &str) -> Vec<String> {
    let Some(said) = outcome.as_object() else { return vec![format!("is no object: {outcome}")] };
    let mut problems: Vec<String> = said
        .keys()
        .filter(|name| !NAMES.contains(&name.as_str()))
        .map(|name| format!("nobody knows {name:?}"))
        .collect();
    if outcome.to_string().contains(secret) {
        problems.push("the private key was printed".to_owned());
    }
    let failed = said.get("error").is_some_and(|error| !error.is_null());
    if failed && !call.expect.contains_key("error") {
        problems.push(format!("failed: {} {}", said["error"], text(said, "message")));
        return problems;
    }
    let outcome = with_parsed_response(said);
    for (place, wanted) in &call.expect {
        let pointer = if place.starts_with('/') { place.clone() } else { format!("/{place}") };
        let name = pointer.trim_start_matches('/').split('/').next().unwrap_or_default();
        match NAMES.contains(&name) {
            true => {
                let problem = mismatch(wanted, outcome.pointer(&pointer));
                problems.extend(problem.map(|problem| format!("{place} {problem}")));
            }
            false => problems.push(format!("nobody knows {place:?}, which the scenario expects")),
        }
    }
    if !problems.is_empty() && failed {
        problems.push(format!("the error says: {}", text(said, "message")));
    }
    problems
}

fn text<'a>(said: &'a Map<String, Value>, name: &str) -> &'a str {
    said.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A response that is JSON as text is looked into as well.
fn with_parsed_response(said: &Map<String, Value>) -> Value {
    let mut said = said.clone();
    let parsed = serde_json::from_str::<Value>(text(&said, "response")).ok();
    if let Some(json) = parsed.filter(|json| json.is_object() || json.is_array()) {
        said.insert("response".to_owned(), json);
    }
    Value::Object(said)
}
