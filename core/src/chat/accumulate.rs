//! Puts a streamed answer together again.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{ChatChunk, ChatResponse};

/// Members of a delta that come whole. A server may repeat them, so the first one counts; every
/// other text is a piece to be appended.
const WHOLE: [&str; 4] = ["role", "id", "type", "name"];

/// Gathers the chunks of a stream into the answer that the same call would have had without one.
///
/// Texts (`content`, `reasoning_content`, `refusal` and any other) are joined, tool calls merged by
/// choice and index; of `finish_reason`, `usage`, `citations` and everything outside the deltas
/// the newest that is told counts. Unknown fields are kept. What was gathered may be asked for at
/// any time, so a stream that broke leaves what it brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChatAccumulator {
    fields: Map<String, Value>,
    choices: BTreeMap<u64, Choice>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Choice {
    fields: Map<String, Value>,
    message: Map<String, Value>,
    tool_calls: BTreeMap<u64, Map<String, Value>>,
    /// Which call has which id: looked up, so that many calls do not take long.
    ids: BTreeMap<String, u64>,
}

impl ChatAccumulator {
    /// Adds the next chunk. One of another shape adds what it has.
    pub fn push(&mut self, chunk: &ChatChunk) {
        for (name, value) in members(chunk.json()) {
            if name != "choices" {
                replace(&mut self.fields, name, value);
            }
        }
        for part in chunk.choices() {
            self.choices.entry(part.index()).or_default().push(part.json());
        }
    }

    /// What was gathered so far, in the form of a whole answer.
    pub fn json(&self) -> Value {
        let mut whole = self.fields.clone();
        whole.insert("object".to_owned(), "chat.completion".into());
        let choices = self.choices.iter().map(|(index, choice)| choice.json(*index)).collect();
        whole.insert("choices".to_owned(), Value::Array(choices));
        Value::Object(whole)
    }

    /// The same, typed: its `raw` is that JSON, and what was paid is left to the caller.
    pub fn response(&self) -> ChatResponse {
        ChatResponse::from_text(self.json().to_string())
    }
}

impl Choice {
    fn push(&mut self, part: &Value) {
        for (name, value) in members(part) {
            match name.as_str() {
                "delta" => members(value).for_each(|(name, value)| self.push_delta(name, value)),
                // They come in pieces, as the text does.
                "logprobs" => append(&mut self.fields, name, value),
                _ => replace(&mut self.fields, name, value),
            }
        }
    }

    fn push_delta(&mut self, name: &str, value: &Value) {
        match value {
            Value::Array(calls) if name == "tool_calls" => {
                calls.iter().for_each(|call| self.push_call(call));
            }
            _ => append(&mut self.message, name, value),
        }
    }

    fn push_call(&mut self, part: &Value) {
        let id = part.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
        let index = part.get("index").and_then(Value::as_u64);
        let index = index.unwrap_or_else(|| self.index_of(id));
        if let Some(id) = id {
            self.ids.entry(id.to_owned()).or_insert(index);
        }
        let call = self.tool_calls.entry(index).or_default();
        let parts = members(part).filter(|(name, _)| *name != "index");
        parts.for_each(|(name, value)| append(call, name, value));
    }

    /// Where a part without an index belongs: to the call that has its id, else it begins another;
    /// without an id as well it goes on with the last.
    fn index_of(&self, id: Option<&str>) -> u64 {
        let last = self.tool_calls.last_key_value().map(|(index, _)| *index);
        match id {
            None => last.unwrap_or_default(),
            Some(id) => match self.ids.get(id) {
                Some(index) => *index,
                None => last.map_or(0, |last| last.saturating_add(1)),
            },
        }
    }

    fn json(&self, index: u64) -> Value {
        let mut message = self.message.clone();
        message.entry("role").or_insert_with(|| "assistant".into());
        message.entry("content").or_insert(Value::Null);
        if !self.tool_calls.is_empty() {
            let calls = self.tool_calls.values().cloned().map(Value::Object).collect();
            message.insert("tool_calls".to_owned(), calls);
        }
        let mut choice = self.fields.clone();
        choice.insert("index".to_owned(), index.into());
        choice.insert("message".to_owned(), Value::Object(message));
        choice.entry("finish_reason").or_insert(Value::Null);
        Value::Object(choice)
    }
}

fn members(json: &Value) -> impl Iterator<Item = (&String, &Value)> {
    json.as_object().into_iter().flatten()
}

/// What tells nothing: chunks have such members so that their shape is the same.
fn is_empty(value: &Value) -> bool {
    value.is_null() || value == ""
}

/// The newest value counts, unless it tells nothing.
fn replace(into: &mut Map<String, Value>, name: &str, value: &Value) {
    match into.get_mut(name) {
        // As most are: every chunk names the completion and the model.
        Some(old) if old == value || is_empty(value) => {}
        Some(old) => old.clone_from(value),
        None => drop(into.insert(name.to_owned(), value.clone())),
    }
}

/// The value is the next piece of what is there.
fn append(into: &mut Map<String, Value>, name: &str, value: &Value) {
    match into.get_mut(name) {
        Some(old) if is_empty(value) || (WHOLE.contains(&name) && !is_empty(old)) => {}
        Some(old) if !is_empty(old) => extend(old, value),
        _ => drop(into.insert(name.to_owned(), value.clone())),
    }
}

fn extend(old: &mut Value, piece: &Value) {
    match (old, piece) {
        (Value::String(text), Value::String(more)) => text.push_str(more),
        (Value::Array(list), Value::Array(more)) => list.extend_from_slice(more),
        (Value::Object(object), Value::Object(more)) => {
            more.iter().for_each(|(name, value)| append(object, name, value));
        }
        (old, piece) => *old = piece.clone(),
    }
}
