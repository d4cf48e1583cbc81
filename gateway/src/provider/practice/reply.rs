//! What the practice provider says.

use serde_json::{Value, json};

use crate::chat::ChatRequest;

const GREETINGS: [&str; 8] =
    ["hello", "hi", "hey", "good morning", "good afternoon", "good evening", "howdy", "greetings"];

/// As far as it counts.
const MAX_COUNT: u32 = 10_000;

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
    if let Some(result) = transform(said).or_else(|| arithmetic(said)).or_else(|| count(said)) {
        return format!("[practice] {result}");
    }
    let images = match chat.last_images("user") {
        0 => String::new(),
        1 => " (with 1 image)".to_owned(),
        more => format!(" (with {more} images)"),
    };
    format!("[practice] {model} would answer here. You said: {said}{images}")
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

/// The numbers from 1 to N, as in `Count to 100` and `Count slowly to 100`: one word, and in a stream
/// one event, for each.
fn count(said: &str) -> Option<String> {
    let end = asked_to_count(said)?.1;
    Some((1..=end).map(|number| number.to_string()).collect::<Vec<_>>().join(" "))
}

/// Whether the words of the answer are wanted one by one, with a pause before each.
pub(super) fn is_slow(chat: &ChatRequest) -> bool {
    asked_to_count(chat.last_text("user").trim()).is_some_and(|(slowly, _)| slowly)
}

fn asked_to_count(said: &str) -> Option<(bool, u32)> {
    let said = said.to_lowercase();
    let words: Vec<_> = said.trim_end_matches(['.', '!', ' ']).split_whitespace().collect();
    let (slowly, number) = match words.as_slice() {
        ["count", "to", number] => (false, number),
        ["count", "slowly", "to", number] => (true, number),
        _ => return None,
    };
    let number = number.replace(',', "").parse().ok()?;
    (1..=MAX_COUNT).contains(&number).then_some((slowly, number))
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
            ("Count to 5!", "[practice] 1 2 3 4 5"),
            ("count slowly to 2", "[practice] 1 2"),
            (
                "9223372036854775807 + 1",
                "[practice] openai/gpt-4o-mini would answer here. You said: 9223372036854775807 + 1",
            ),
        ] {
            assert_eq!(said(text), result);
        }
    }

    #[test]
    fn it_counts_so_far() {
        assert!(said("Count to 10,000").ends_with(" 9999 10000"));
        for text in ["Count to 10001", "Count to 0", "Count to ten", "Count up to 5"] {
            assert!(said(text).contains("You said"), "{text}");
        }
    }

    #[test]
    fn every_prose_says_that_it_is_practice() {
        for text in ["Hello!", "upper: a", "1 + 1", "anything else"] {
            assert!(said(text).contains("practice"), "{text}");
        }
    }
}
