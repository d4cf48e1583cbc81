//! What is answered: prose, JSON or a tool call, cut to the limits of the request.

use super::{reply, schema, tool_call};
use crate::{
    chat::Format,
    provider::{ProviderCall, practice::tool_call::ToolCall},
};

/// Bytes that count as one token, here and in the quote.
const BYTES_PER_TOKEN: usize = 4;

/// One of the answers to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) said: Said,
    /// OpenAI's `finish_reason`.
    pub(super) finish: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    Text(String),
    Calls(Vec<ToolCall>),
}

impl Answer {
    /// Tokens of this answer.
    pub(super) fn tokens(&self) -> u64 {
        match &self.said {
            Said::Text(text) => tokens(text),
            Said::Calls(calls) => calls.iter().map(|call| tokens(&call.arguments)).sum(),
        }
    }
}

/// Tokens of a text: four bytes each, rounded up.
fn tokens(text: &str) -> u64 {
    text.len().div_ceil(BYTES_PER_TOKEN) as u64
}

/// All answers to a call, as many as it asked for.
pub(super) fn answers(call: &ProviderCall) -> Vec<Answer> {
    (0..call.chat.choices).map(|index| answer(call, index)).collect()
}

fn answer(call: &ProviderCall, index: u64) -> Answer {
    let mut calls = tool_call::wanted(&call.chat);
    if !calls.is_empty() {
        let cut = truncate_all(&mut calls, call.max_output);
        let finish = if cut { "length" } else { "tool_calls" };
        return Answer { said: Said::Calls(calls), finish };
    }
    let mut text = match &call.chat.format {
        Format::Text => reply::prose(&call.chat, &call.model.id, index),
        Format::JsonObject => reply::json(&call.chat).to_string(),
        Format::JsonSchema(schema) => schema::sample(schema).to_string(),
    };
    stop_at(&mut text, &call.chat.stop);
    let finish = if truncate(&mut text, call.max_output) { "length" } else { "stop" };
    Answer { said: Said::Text(text), finish }
}

/// Ends the text before the first of the stop sequences.
fn stop_at(text: &mut String, stops: &[String]) {
    if let Some(end) = stops.iter().filter_map(|stop| text.find(stop)).min() {
        text.truncate(end);
    }
}

/// Ends the last of the calls at a token limit that they share; says whether anything was cut.
fn truncate_all(calls: &mut Vec<ToolCall>, limit: u64) -> bool {
    let mut left = limit;
    for index in 0..calls.len() {
        if truncate(&mut calls[index].arguments, left) {
            calls.truncate(index + 1);
            return true;
        }
        left -= tokens(&calls[index].arguments);
    }
    false
}

/// Ends the text at a token limit, at a whole character; says whether anything was cut.
fn truncate(text: &mut String, limit: u64) -> bool {
    if tokens(text) <= limit {
        return false;
    }
    let bytes = usize::try_from(limit).unwrap_or(usize::MAX).saturating_mul(BYTES_PER_TOKEN);
    text.truncate(text.floor_char_boundary(bytes));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_to_its_tokens_at_a_character() {
        let mut text = "ééééé".to_owned();
        assert!(truncate(&mut text, 2));
        assert_eq!((text.as_str(), tokens(&text)), ("éééé", 2));
        let mut text = "abcé".to_owned();
        assert!(truncate(&mut text, 1));
        assert_eq!(text, "abc");
        assert!(!truncate(&mut text, 1));
    }

    #[test]
    fn the_earliest_stop_wins() {
        let mut text = "one two three".to_owned();
        stop_at(&mut text, &["three".into(), " t".into()]);
        assert_eq!(text, "one");
    }
}
