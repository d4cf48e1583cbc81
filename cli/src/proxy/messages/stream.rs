//! From the pieces of a chat to the events of Anthropic's form. Pure.

use std::collections::BTreeMap;

use blockrun_llm::ChatChunk;
use serde_json::{Value, json};

use super::answer::{message_id, stop_reason, usage};
use crate::proxy::{
    blocks::{Blocks, Ending},
    pieces::{Translate, event},
    problem::{Form, Problem},
};

/// A message under way.
#[derive(Debug, Default)]
pub(super) struct MessageStream {
    started: bool,
    /// Blocks so far.
    blocks: u64,
    /// The block of text that may still grow.
    text: Option<u64>,
    /// The blocks of tools by their place among the calls. Pieces of several may come in turns, so
    /// all stay open to the end.
    tools: BTreeMap<u64, u64>,
    ending: Ending,
}

impl Translate for MessageStream {
    fn piece(&mut self, piece: &ChatChunk) -> String {
        self.say(piece)
    }

    fn end(&mut self) -> String {
        let mut out = String::new();
        if !self.started {
            out += &self.start(&ChatChunk::from_whole(b"{}"));
        }
        let open: Vec<u64> = self.text.into_iter().chain(self.tools.values().copied()).collect();
        for index in open {
            out += &told("content_block_stop", json!({"index": index}));
        }
        let reason = stop_reason(self.ending.finish_reason.as_deref());
        let delta = json!({"stop_reason": reason, "stop_sequence": null});
        let usage = usage(self.ending.usage.as_ref());
        out += &told("message_delta", json!({"delta": delta, "usage": usage}));
        out += &told("message_stop", json!({}));
        out
    }

    fn fail(&mut self, problem: &Problem) -> String {
        event(Some("error"), &problem.body(Form::Anthropic).to_string())
    }

    fn ping(&self) -> &'static str {
        "event: ping\ndata: {\"type\": \"ping\"}\n\n"
    }
}

impl Blocks for MessageStream {
    /// The input is counted at the end: a chat tells it there.
    fn start(&mut self, piece: &ChatChunk) -> String {
        if std::mem::replace(&mut self.started, true) {
            return String::new();
        }
        let message = json!({
            "id": message_id(piece.id()),
            "type": "message",
            "role": "assistant",
            "model": piece.model(),
            "content": [],
            "stop_reason": null,
            "stop_sequence": null,
            "usage": usage(None),
        });
        told("message_start", json!({"message": message}))
    }

    fn add_text(&mut self, text: &str) -> String {
        let mut out = String::new();
        let index = match self.text {
            Some(index) => index,
            None => {
                let index = self.next_block();
                let block = json!({"type": "text", "text": ""});
                out +=
                    &told("content_block_start", json!({"index": index, "content_block": block}));
                self.text = Some(index);
                index
            }
        };
        let delta = json!({"type": "text_delta", "text": text});
        out + &told("content_block_delta", json!({"index": index, "delta": delta}))
    }

    fn add_call(&mut self, call: &Value) -> String {
        let text = |path: &str| call.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let place = call.get("index").and_then(Value::as_u64).unwrap_or_default();
        let mut out = String::new();
        let index = match self.tools.get(&place) {
            Some(index) => *index,
            None => {
                // Text that follows a call is a block of its own.
                if let Some(index) = self.text.take() {
                    out += &told("content_block_stop", json!({"index": index}));
                }
                let index = self.next_block();
                let (id, name) = (text("/id"), text("/function/name"));
                let block = json!({"type": "tool_use", "id": id, "name": name, "input": {}});
                out +=
                    &told("content_block_start", json!({"index": index, "content_block": block}));
                self.tools.insert(place, index);
                index
            }
        };
        let arguments = text("/function/arguments");
        if !arguments.is_empty() {
            let delta = json!({"type": "input_json_delta", "partial_json": arguments});
            out += &told("content_block_delta", json!({"index": index, "delta": delta}));
        }
        out
    }

    fn ending(&mut self) -> &mut Ending {
        &mut self.ending
    }
}

impl MessageStream {
    const fn next_block(&mut self) -> u64 {
        self.blocks += 1;
        self.blocks - 1
    }
}

/// An event, whose data begins with its name.
fn told(name: &str, data: Value) -> String {
    let mut told = json!({"type": name});
    if let (Some(told), Value::Object(mut data)) = (told.as_object_mut(), data) {
        told.append(&mut data);
    }
    event(Some(name), &told.to_string())
}
