//! One piece of a streamed answer. Every field is kept, and a piece of another shape is still
//! handed over: it was paid for.

use serde_json::Value;

use super::ChatUsage;
use crate::{
    error::{Error, ErrorKind, Result},
    http::said,
    sse::ServerEvent,
};

/// The data that ends a stream.
const DONE: &str = "[DONE]";

/// One chunk of a streamed chat completion.
///
/// What it says is read when asked for: a field that is missing or of another type is empty, and
/// [`json`](Self::json) has it as it came. [`ChatAccumulator`](super::ChatAccumulator) puts chunks
/// together again.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatChunk {
    raw: String,
    json: Value,
    /// `json` says the same as `raw`.
    as_received: bool,
}

/// One answer's part of a chunk.
#[derive(Clone, Copy, Debug)]
pub struct ChunkChoice<'a>(&'a Value);

impl ChatChunk {
    /// Reads an event of the stream; `None` for the `[DONE]` at its end.
    ///
    /// # Errors
    /// `Api` with the server's message when the event is named `error` or its JSON has an `error`.
    pub fn from_event(event: &ServerEvent) -> Result<Option<Self>> {
        let data = event.data.trim();
        if data == DONE {
            return Ok(None);
        }
        let json: Value = serde_json::from_str(data).unwrap_or_default();
        let has_error = json.get("error").is_some_and(|error| !error.is_null());
        if has_error || event.event == "error" {
            return Err(stream_error(data, &json));
        }
        Ok(Some(Self { raw: data.to_owned(), json, as_received: true }))
    }

    /// A whole answer as one chunk, from a server that was asked to stream and did not: each
    /// `message` is its choice's `delta`.
    pub fn from_whole(body: &[u8]) -> Self {
        let raw = String::from_utf8_lossy(body).into_owned();
        let mut json: Value = serde_json::from_str(&raw).unwrap_or_default();
        let choices = json.get_mut("choices").and_then(Value::as_array_mut);
        for choice in choices.into_iter().flatten().filter_map(Value::as_object_mut) {
            if let Some(message) = choice.remove("message") {
                choice.insert("delta".to_owned(), message);
            }
        }
        let as_received = !json.is_object();
        Self { raw, json, as_received }
    }

    /// The chunk's JSON text exactly as it was received.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// The chunk as text to be read elsewhere: that which was received, unless it was a whole
    /// answer.
    pub fn into_text(self) -> String {
        if self.as_received { self.raw } else { self.json.to_string() }
    }

    /// The chunk with all its fields; null when it is not JSON.
    pub const fn json(&self) -> &Value {
        &self.json
    }

    /// Id of the completion, the same in all its chunks.
    pub fn id(&self) -> &str {
        text(&self.json, "id")
    }

    /// `chat.completion.chunk`.
    pub fn object(&self) -> &str {
        text(&self.json, "object")
    }

    /// Unix time; 0 when not told.
    pub fn created(&self) -> u64 {
        self.json.get("created").and_then(Value::as_u64).unwrap_or_default()
    }

    /// The model that answers.
    pub fn model(&self) -> &str {
        text(&self.json, "model")
    }

    /// The parts of the answers that came with this chunk: none in the one with the token counts.
    pub fn choices(&self) -> impl Iterator<Item = ChunkChoice<'_>> {
        items(&self.json, "choices").map(ChunkChoice)
    }

    /// Token counts, in the chunk that has them.
    pub fn usage(&self) -> Option<ChatUsage> {
        ChatUsage::from_json(self.json.get("usage")?)
    }

    /// What this chunk adds to the text of the first answer; empty when it adds none.
    pub fn text(&self) -> String {
        let first = self.choices().find(|choice| choice.index() == 0);
        first.map(|choice| choice.text()).unwrap_or_default()
    }
}

impl<'a> ChunkChoice<'a> {
    /// Which answer; 0 when not told.
    pub fn index(&self) -> u64 {
        self.0.get("index").and_then(Value::as_u64).unwrap_or_default()
    }

    /// Why the answer ended, in the last chunk of it.
    pub fn finish_reason(&self) -> Option<&'a str> {
        self.0.get("finish_reason")?.as_str()
    }

    /// What is added to the message, with every field; null when nothing is.
    pub fn delta(&self) -> &'a Value {
        self.0.get("delta").unwrap_or(&Value::Null)
    }

    /// Parts of tool calls in OpenAI's form.
    pub fn tool_calls(&self) -> impl Iterator<Item = &'a Value> {
        items(self.delta(), "tool_calls")
    }

    /// What is added to the text.
    pub fn text(&self) -> String {
        self.delta().get("content").map(super::response::text_of).unwrap_or_default()
    }

    /// The whole part, with every field.
    pub const fn json(&self) -> &'a Value {
        self.0
    }
}

fn text<'a>(json: &'a Value, name: &str) -> &'a str {
    json.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn items<'a>(json: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    json.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// The error that an event tells of. What it means for the money is not known here.
fn stream_error(data: &str, json: &Value) -> Error {
    let said = said(json).map(str::to_owned);
    let message = match &said {
        Some(said) => format!("the server ended the stream with an error: {said}"),
        None => "the server ended the stream with an error".to_owned(),
    };
    Error::new(ErrorKind::Api, message).with_reason(said).with_response(data)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn read(event: &str, data: &str) -> Result<Option<ChatChunk>> {
        let (event, data) = (event.to_owned(), data.to_owned());
        ChatChunk::from_event(&ServerEvent { id: None, event, data, raw: Bytes::new() })
    }

    fn chunk(data: &str) -> ChatChunk {
        read("message", data).unwrap().unwrap()
    }

    #[test]
    fn known_fields_are_read_and_unknown_ones_kept() {
        let data = r#"{"id":"x","object":"chat.completion.chunk","created":7,"model":"m","new":1,
            "choices":[{"index":1,"delta":{"content":"no"}},
            {"index":0,"delta":{"content":"Hi","tool_calls":[{"index":0}]},"finish_reason":"stop"}],
            "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#;
        let chunk = chunk(data);
        assert_eq!((chunk.id(), chunk.model(), chunk.created()), ("x", "m", 7));
        assert_eq!((chunk.object(), chunk.text().as_str()), ("chat.completion.chunk", "Hi"));
        assert_eq!(chunk.usage().unwrap().total_tokens, 3);
        assert_eq!((chunk.raw(), &chunk.json()["new"]), (data, &1.into()));
        let last = chunk.choices().last().unwrap();
        assert_eq!((last.finish_reason(), last.tool_calls().count()), (Some("stop"), 1));
    }

    #[test]
    fn a_surprising_chunk_is_handed_over() {
        let odd = chunk(r#"{"id":7,"choices":[{"delta":{"content":[{"text":"still"}]}}]}"#);
        assert_eq!((odd.id(), odd.text().as_str()), ("", "still"));
        for data in ["plain text", "[]", "null", r#"{"choices":5}"#, r#"{"error":null}"#] {
            assert_eq!((chunk(data).raw(), chunk(data).text().as_str()), (data, ""));
        }
    }

    #[test]
    fn the_end_is_no_chunk() {
        assert_eq!(read("message", "[DONE]").unwrap(), None);
        assert_eq!(read("message", " [DONE] ").unwrap(), None);
    }

    #[test]
    fn an_error_says_what_the_server_said() {
        let cases = [
            ("message", r#"{"error":{"message":"overloaded","type":"server_error"}}"#),
            ("message", r#"{"error":"overloaded","code":"X"}"#),
            ("error", r#"{"message":"overloaded"}"#),
        ];
        for (event, data) in cases {
            let error = read(event, data).unwrap_err();
            assert_eq!((error.kind(), error.reason()), (ErrorKind::Api, Some("overloaded")));
            assert_eq!(error.response(), Some(data));
        }
        let bare = read("error", "boom").unwrap_err();
        assert_eq!((bare.reason(), bare.response()), (None, Some("boom")));
    }
}
