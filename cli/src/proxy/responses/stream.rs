//! From the pieces of a chat to the events of the Responses form. Pure.

use blockrun_llm::ChatChunk;
use serde_json::{Value, json};

use super::answer::{Answered, Call, Echo, Status, message, text_part, usage};
use crate::proxy::{
    blocks::{Blocks, Ending},
    pieces::{Translate, event},
    problem::{Form, Problem},
};

/// A response under way.
#[derive(Debug)]
pub(super) struct ResponseStream {
    echo: Echo,
    /// Events so far: each has its number.
    told: u64,
    started: bool,
    id: String,
    created: u64,
    model: String,
    /// What was answered so far, in the order in which it began.
    items: Vec<Item>,
    ending: Ending,
}

#[derive(Debug)]
enum Item {
    Text(String),
    Call { place: u64, call: Call },
}

impl Item {
    /// The item at its place, as it stands.
    fn json(&self, answer: &str, index: usize, status: &str) -> Value {
        match self {
            Self::Text(text) => message(answer, index, status, &[text_part(text)]),
            Self::Call { call, .. } => call.item(answer, index, status),
        }
    }
}

impl ResponseStream {
    pub(super) const fn new(echo: Echo) -> Self {
        Self {
            echo,
            told: 0,
            started: false,
            id: String::new(),
            created: 0,
            model: String::new(),
            items: Vec::new(),
            ending: Ending { finish_reason: None, usage: None },
        }
    }

    fn tell(&mut self, name: &str, data: Value) -> String {
        let mut told = json!({"type": name, "sequence_number": self.told});
        if let (Some(told), Value::Object(mut data)) = (told.as_object_mut(), data) {
            told.append(&mut data);
        }
        self.told += 1;
        event(Some(name), &told.to_string())
    }

    fn response(&self, status: Status) -> Value {
        let answered = Answered { id: &self.id, created: self.created, model: &self.model };
        let done = |(index, item): (usize, &Item)| item.json(&self.id, index, "completed");
        let (output, usage) = match status {
            Status::InProgress => (Vec::new(), Value::Null),
            _ => (
                self.items.iter().enumerate().map(done).collect(),
                usage(self.ending.usage.as_ref()),
            ),
        };
        self.echo.response(&answered, status, &output, usage)
    }

    fn begin_text(&mut self) -> (usize, String) {
        let index = self.items.len();
        self.items.push(Item::Text(String::new()));
        let item = message(&self.id, index, "in_progress", &[]);
        let mut out =
            self.tell("response.output_item.added", json!({"output_index": index, "item": item}));
        let mut data = self.place(index);
        (data["content_index"], data["part"]) = (0.into(), text_part(""));
        out += &self.tell("response.content_part.added", data);
        (index, out)
    }

    /// An item is over.
    fn close(&mut self, index: usize) -> String {
        let item = self.items[index].json(&self.id, index, "completed");
        let mut data = self.place(index);
        let mut out = String::new();
        match &self.items[index] {
            Item::Text(text) => {
                let part = text_part(text);
                data["content_index"] = 0.into();
                let mut done = data.clone();
                (done["text"], done["logprobs"]) = (part["text"].clone(), json!([]));
                out += &self.tell("response.output_text.done", done);
                data["part"] = part;
                out += &self.tell("response.content_part.done", data);
            }
            Item::Call { call, .. } => {
                let (name, arguments) = (call.name.clone(), call.arguments.clone());
                (data["name"], data["arguments"]) = (name.into(), arguments.into());
                out += &self.tell("response.function_call_arguments.done", data);
            }
        }
        out + &self.tell("response.output_item.done", json!({"output_index": index, "item": item}))
    }

    fn place(&self, index: usize) -> Value {
        let kind = match &self.items[index] {
            Item::Text(_) => "msg",
            Item::Call { .. } => "fc",
        };
        json!({"item_id": format!("{kind}_{}_{index}", self.id), "output_index": index})
    }
}

impl Blocks for ResponseStream {
    fn start(&mut self, piece: &ChatChunk) -> String {
        if std::mem::replace(&mut self.started, true) {
            return String::new();
        }
        (self.id, self.created) = (piece.id().to_owned(), piece.created());
        self.model = piece.model().to_owned();
        let response = self.response(Status::InProgress);
        self.tell("response.created", json!({"response": response.clone()}))
            + &self.tell("response.in_progress", json!({"response": response}))
    }

    fn add_text(&mut self, more: &str) -> String {
        let found = self.items.iter().position(|item| matches!(item, Item::Text(_)));
        let (index, mut out) = match found {
            Some(index) => (index, String::new()),
            None => self.begin_text(),
        };
        if let Some(Item::Text(text)) = self.items.get_mut(index) {
            text.push_str(more);
        }
        let mut data = self.place(index);
        (data["content_index"], data["delta"], data["logprobs"]) =
            (0.into(), more.into(), json!([]));
        out += &self.tell("response.output_text.delta", data);
        out
    }

    fn add_call(&mut self, said: &Value) -> String {
        let text = |path: &str| said.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let at = said.get("index").and_then(Value::as_u64).unwrap_or_default();
        let mut out = String::new();
        let of_call = |item: &Item| matches!(item, Item::Call { place, .. } if *place == at);
        let found = self.items.iter().position(of_call);
        let index = found.unwrap_or(self.items.len());
        if found.is_none() {
            let (id, name) = (text("/id").to_owned(), text("/function/name").to_owned());
            let call = Call { id, name, arguments: String::new() };
            let item = call.item(&self.id, index, "in_progress");
            self.items.push(Item::Call { place: at, call });
            let data = json!({"output_index": index, "item": item});
            out += &self.tell("response.output_item.added", data);
        }
        let more = text("/function/arguments");
        if let Some(Item::Call { call, .. }) =
            self.items.get_mut(index).filter(|_| !more.is_empty())
        {
            call.arguments.push_str(more);
            let mut data = self.place(index);
            data["delta"] = more.into();
            out += &self.tell("response.function_call_arguments.delta", data);
        }
        out
    }

    fn ending(&mut self) -> &mut Ending {
        &mut self.ending
    }
}

impl Translate for ResponseStream {
    fn piece(&mut self, piece: &ChatChunk) -> String {
        self.say(piece)
    }

    fn end(&mut self) -> String {
        let mut out = self.start(&ChatChunk::from_whole(b"{}"));
        for index in 0..self.items.len() {
            out += &self.close(index);
        }
        let status = Status::of(self.ending.finish_reason.as_deref());
        let response = self.response(status);
        out + &self.tell(&format!("response.{}", status.name()), json!({"response": response}))
    }

    fn fail(&mut self, problem: &Problem) -> String {
        let out = self.start(&ChatChunk::from_whole(b"{}"));
        let mut response = self.response(Status::InProgress);
        response["status"] = "failed".into();
        response["error"] = problem.body(Form::OpenAi)["error"].take();
        out + &self.tell("response.failed", json!({"response": response}))
    }

    fn ping(&self) -> &'static str {
        ": keep-alive\n\n"
    }
}
