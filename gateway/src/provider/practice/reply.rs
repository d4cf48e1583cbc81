//! What the practice provider says.

use serde_json::{Value, json};

use crate::chat::ChatRequest;

const GREETINGS: [&str; 8] =
    ["hello", "hi", "hey", "good morning", "good afternoon", "good evening", "howdy", "greetings"];

/// An answer in prose; further ones say their number.
pub(super) fn prose(chat: &ChatRequest, model: &str, index: u64) -> String {
    let text = respond(chat, model);
    if index == 0 { text } else { format!("{text} (answer {} of {})", index + 1, chat.choices) }
}

/// An answer to a request for any JSON object.
pub(super) fn json(chat: &ChatRequest) -> Value {
    json!({ "provider": "practice", "you_said": chat.last_text("user") })
}

fn respond(chat: &ChatRequest, model: &str) -> String {
    if chat.messages().last().is_some_and(|last| last["role"] == "tool") {
        return format!("[practice] The tool answered: {}", chat.last_text("tool"));
    }
    let said = chat.last_text("user");
    let said = said.trim();
    if is_greeting(said) {
        return format!(
            "Hello! How can I help you today? I am the practice provider, standing in for {model}."
        );
    }
    match transform(said).or_else(|| arithmetic(said)) {
        Some(result) => format!("[practice] {result}"),
        None => format!("[practice] {model} would answer here. You said: {said}"),
    }
}

fn is_greeting(said: &str) -> bool {
    let lower = said.to_lowercase();
    let start = lower.split(['!', ',', '.', '?']).next().unwrap_or_default().trim();
    GREETINGS.iter().any(|greeting| {
        start == *greeting || start.strip_suffix(" there").is_some_and(|rest| rest == *greeting)
    })
}

/// `upper: text`, `lower: text`, `reverse: text`, `count: text`.
fn transform(said: &str) -> Option<String> {
    let (verb, text) = said.split_once(':')?;
    let text = text.trim();
    match verb.trim().to_lowercase().as_str() {
        "upper" | "uppercase" => Some(text.to_uppercase()),
        "lower" | "lowercase" => Some(text.to_lowercase()),
        "reverse" => Some(text.chars().rev().collect()),
        "count" | "count words" => Some(format!("{} words", text.split_whitespace().count())),
        _ => None,
    }
}

/// One operation between two integers, as in `What is 6 * 7?`.
fn arithmetic(said: &str) -> Option<String> {
    let words: Vec<_> = said.trim_end_matches(['?', '=', '.', ' ']).split_whitespace().collect();
    let [.., left, operator, right] = words.as_slice() else { return None };
    let (left, right): (i64, i64) = (left.parse().ok()?, right.parse().ok()?);
    let result = match *operator {
        "+" | "plus" => left.checked_add(right),
        "-" | "minus" => left.checked_sub(right),
        "*" | "x" | "times" => left.checked_mul(right),
        "/" if right != 0 && left % right == 0 => left.checked_div(right),
        _ => None,
    }?;
    Some(format!("{left} {operator} {right} = {result}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        let body = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]});
        let chat = ChatRequest::parse(body.to_string().as_bytes()).unwrap();
        prose(&chat, "openai/gpt-4o-mini", 0)
    }

    #[test]
    fn a_greeting_is_returned() {
        for text in ["Hello!", "hi", "Hey there", "Good morning, how are you?"] {
            assert!(said(text).starts_with("Hello! How can I help you today?"), "{text}");
        }
        assert!(said("Highlight this").contains("You said: Highlight this"));
    }

    #[test]
    fn simple_tasks_are_done() {
        for (text, result) in [
            ("upper: abc", "[practice] ABC"),
            ("Reverse: abc", "[practice] cba"),
            ("count: one two  three", "[practice] 3 words"),
            ("What is 6 * 7?", "[practice] 6 * 7 = 42"),
            (
                "9223372036854775807 + 1",
                "[practice] openai/gpt-4o-mini would answer here. You said: 9223372036854775807 + 1",
            ),
        ] {
            assert_eq!(said(text), result);
        }
    }

    #[test]
    fn every_prose_says_that_it_is_practice() {
        for text in ["Hello!", "upper: a", "1 + 1", "anything else"] {
            assert!(said(text).contains("practice"), "{text}");
        }
    }
}
