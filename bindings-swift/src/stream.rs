//! An answer in chunks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use blockrun_llm::{
    Error, ErrorKind,
    chat::{self, ChatStream},
};
use tokio::sync::Mutex;

use crate::{
    answer::{ChatResponse, ChatUsage},
    cancel::{CancelHandle, on_runtime},
    convert::{Count, Status, time},
    error::NativeResult,
};

/// One chunk of a streamed chat completion.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ChatChunk {
    /// Id of the completion, the same in all its chunks.
    pub id: String,
    /// When the completion was begun.
    pub created: SystemTime,
    /// The model that answers.
    pub model: String,
    /// What this chunk adds to the text of the first answer; empty when it adds none.
    pub text: String,
    /// What it adds to each answer: nothing in the chunk with the token counts.
    pub choices: Vec<ChunkChoice>,
    /// Token counts, in the chunk that has them.
    pub usage: Option<ChatUsage>,
    /// The chunk exactly as received: JSON text.
    pub raw: String,
}

/// What a chunk adds to one answer.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ChunkChoice {
    /// Which answer.
    pub index: Count,
    /// What is added to its text.
    pub text: String,
    /// What is added to its message, parts of tool calls too: JSON in OpenAI's form.
    pub delta: String,
    /// Why the answer ended, in its last chunk.
    pub finish_reason: Option<String>,
}

impl From<&chat::ChatChunk> for ChatChunk {
    fn from(chunk: &chat::ChatChunk) -> Self {
        let choices = chunk.choices().map(|choice| ChunkChoice {
            index: choice.index().into(),
            text: choice.text(),
            delta: choice.delta().to_string(),
            finish_reason: choice.finish_reason().map(str::to_owned),
        });
        Self {
            id: chunk.id().to_owned(),
            created: time(chunk.created()),
            model: chunk.model().to_owned(),
            text: chunk.text(),
            choices: choices.collect(),
            usage: chunk.usage().map(ChatUsage::from),
            raw: chunk.raw().to_owned(),
        }
    }
}

/// Internal: a stream that is read by one consumer.
#[derive(Debug, uniffi::Object)]
pub struct NativeStream {
    begun: AtomicBool,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
enum State {
    Open(Box<ChatStream>),
    /// What was received until then, and the status that it came with.
    Closed(Box<chat::ChatResponse>, Option<Status>),
}

impl NativeStream {
    pub(crate) fn new(stream: ChatStream) -> Self {
        let state = State::Open(Box::new(stream));
        Self { begun: AtomicBool::new(false), state: Arc::new(Mutex::new(state)) }
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl NativeStream {
    /// Says that somebody reads it from here on.
    ///
    /// # Errors
    /// `StreamConsumed` when somebody has begun before.
    pub fn begin(&self) -> NativeResult<()> {
        if self.begun.swap(true, Ordering::Relaxed) {
            let message = "this stream was read already, and reading it again pays for nothing: \
                           make another one for another answer";
            return Err(Error::new(ErrorKind::StreamConsumed, message).into());
        }
        Ok(())
    }

    /// The next chunk; nothing at the end, and after `leave`.
    ///
    /// # Errors
    /// As `chat_completion`; `StreamBroken`.
    #[uniffi::method(default(cancel = None))]
    pub async fn next(&self, cancel: Option<Arc<CancelHandle>>) -> NativeResult<Option<ChatChunk>> {
        let state = Arc::clone(&self.state);
        let call = async move {
            match &mut *state.lock().await {
                State::Open(stream) => Ok(stream.next().await?.as_ref().map(ChatChunk::from)),
                State::Closed(..) => Ok(None),
            }
        };
        on_runtime(cancel, call).await
    }

    /// What was received so far as a whole answer, with what was paid.
    pub async fn received(&self) -> ChatResponse {
        match &*self.state.lock().await {
            State::Open(stream) => stream.received().into(),
            State::Closed(received, _) => (**received).clone().into(),
        }
    }

    /// HTTP status of the answer; nothing before it came.
    pub async fn status_code(&self) -> Option<Status> {
        match &*self.state.lock().await {
            State::Open(stream) => stream.status().map(Status::from),
            State::Closed(_, status) => *status,
        }
    }

    /// Ends the answer here and closes its books.
    pub async fn leave(&self) {
        let mut state = self.state.lock().await;
        if let State::Open(stream) = &*state {
            *state = State::Closed(Box::new(stream.received()), stream.status().map(Status::from));
        }
    }
}
