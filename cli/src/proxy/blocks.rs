//! The forms whose one answer is made of texts and calls, which begin and end on their own: what they
//! share is the way through a chat's pieces.

use blockrun_llm::{ChatChunk, chat::ChatUsage};
use serde_json::Value;

/// What is told once all else was said.
#[derive(Debug, Default)]
pub(super) struct Ending {
    pub(super) finish_reason: Option<String>,
    pub(super) usage: Option<ChatUsage>,
}

/// An answer of such a form under way. What each function returns is sent.
pub(super) trait Blocks {
    /// Begins the answer, unless it has begun.
    fn start(&mut self, piece: &ChatChunk) -> String;
    /// More of a text.
    fn add_text(&mut self, text: &str) -> String;
    /// More of a call, in OpenAI's form.
    fn add_call(&mut self, call: &Value) -> String;
    /// What is kept for the end.
    fn ending(&mut self) -> &mut Ending;

    /// A piece of the chat.
    fn say(&mut self, piece: &ChatChunk) -> String {
        let mut out = self.start(piece);
        if let Some(usage) = piece.usage() {
            self.ending().usage = Some(usage);
        }
        // Only one answer can be asked for in these forms.
        for choice in piece.choices().filter(|choice| choice.index() == 0) {
            let text = choice.text();
            if !text.is_empty() {
                out += &self.add_text(&text);
            }
            for call in choice.tool_calls() {
                out += &self.add_call(call);
            }
            if let Some(reason) = choice.finish_reason() {
                self.ending().finish_reason = Some(reason.to_owned());
            }
        }
        out
    }
}
