//! Answers that are read piece by piece: pieces are asked for, none is pushed. Those that are there
//! already cross together.

use std::{mem, sync::Arc};

use blockrun_llm::{
    ChatChunk, ChatResponse, Error, chat::ChatStream, error::Result as CoreResult, http::PaidStream,
};
use napi::{
    Env,
    bindgen_prelude::{Buffer, ClassInstance, PromiseRaw, Result, spawn},
};
use napi_derive::napi;
use tokio::sync::Mutex;

use crate::{
    cancel::{CancelHandle, cancellable},
    errors::core,
    output::{AnswerOutput, Cost, EventOutput, HeadOutput},
};

/// Most pieces that cross at once.
const MOST: usize = 64;

/// A chat completion in chunks. Collected by the garbage collector, it ends as by `close`.
#[napi]
pub struct NativeChatStream(Arc<Mutex<Chat>>);

/// One state at a time, behind a lock that readers wait for in turn.
enum Chat {
    Open(Box<ChatStream>),
    /// What had been received.
    Closed(Box<ChatResponse>),
}

#[napi]
impl NativeChatStream {
    pub(crate) fn new(stream: ChatStream) -> Self {
        Self(Arc::new(Mutex::new(Chat::Open(Box::new(stream)))))
    }

    /// Waits for the head of the answer. Nothing is sent before.
    #[napi(catch_unwind)]
    pub fn open<'env>(
        &self,
        env: &'env Env,
        cancel: ClassInstance<'_, CancelHandle>,
    ) -> Result<PromiseRaw<'env, HeadOutput>> {
        let chat = Arc::clone(&self.0);
        let call = async move {
            let mut chat = chat.lock().await;
            let stream = core(chat.stream())?;
            core(stream.open().await)?;
            Ok(head(stream))
        };
        env.spawn_future(cancellable(Some(&cancel), call))
    }

    /// The next chunks as JSON texts, those that are there already; none at the end.
    #[napi(catch_unwind)]
    pub fn next<'env>(
        &self,
        env: &'env Env,
        cancel: ClassInstance<'_, CancelHandle>,
    ) -> Result<PromiseRaw<'env, Vec<String>>> {
        let chat = Arc::clone(&self.0);
        let call = async move {
            let mut chat = chat.lock().await;
            let chunks = core(core(chat.stream())?.next_batch(MOST).await)?;
            Ok(chunks.into_iter().map(ChatChunk::into_text).collect())
        };
        env.spawn_future(cancellable(Some(&cancel), call))
    }

    /// What was received so far, as a whole answer.
    #[napi(catch_unwind)]
    pub fn received<'env>(&self, env: &'env Env) -> Result<PromiseRaw<'env, AnswerOutput>> {
        let chat = Arc::clone(&self.0);
        env.spawn_future(async move { Ok(chat.lock().await.received().into()) })
    }

    /// Ends the answer where it is and closes its connection, once a reader under way is done.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        let chat = Arc::clone(&self.0);
        spawn(async move {
            let mut chat = chat.lock().await;
            let received = chat.received();
            drop(mem::replace(&mut *chat, Chat::Closed(Box::new(received))));
        });
    }
}

impl Chat {
    fn stream(&mut self) -> CoreResult<&mut ChatStream> {
        match self {
            Self::Open(stream) => Ok(stream),
            Self::Closed(_) => Err(Error::argument("stream", "is closed")),
        }
    }

    fn received(&self) -> ChatResponse {
        match self {
            Self::Open(stream) => stream.received(),
            Self::Closed(received) => (**received).clone(),
        }
    }
}

fn head(stream: &ChatStream) -> HeadOutput {
    let cost = Cost::new(stream.receipt(), stream.billed_to_account());
    let none = http::HeaderMap::new();
    HeadOutput::new(stream.status().unwrap_or_default(), stream.headers().unwrap_or(&none), cost)
}

/// The answer of any endpoint, as events or bytes.
#[napi]
pub struct NativeStream {
    stream: Arc<Mutex<Option<PaidStream>>>,
    billed_to_account: bool,
}

#[napi]
impl NativeStream {
    pub(crate) fn new(stream: PaidStream, billed_to_account: bool) -> Self {
        Self { stream: Arc::new(Mutex::new(Some(stream))), billed_to_account }
    }

    /// The head of the answer; nothing once it is being read.
    #[napi(catch_unwind)]
    pub fn head(&self) -> Option<HeadOutput> {
        let stream = self.stream.try_lock().ok()?;
        let PaidStream { status, headers, receipt, .. } = stream.as_ref()?;
        Some(HeadOutput::new(*status, headers, Cost::new(receipt.as_ref(), self.billed_to_account)))
    }

    /// The next events, those that are there already; none at the end. A whole answer is one event.
    #[napi(catch_unwind)]
    pub fn next_events<'env>(
        &self,
        env: &'env Env,
        cancel: ClassInstance<'_, CancelHandle>,
    ) -> Result<PromiseRaw<'env, Vec<EventOutput>>> {
        let stream = Arc::clone(&self.stream);
        let call = async move {
            let mut slot = stream.lock().await;
            let Some(stream) = slot.as_mut() else { return Ok(Vec::new()) };
            if let Some(body) = stream.take_whole() {
                let data = String::from_utf8_lossy(&body).into_owned();
                return Ok(vec![EventOutput { id: None, event: "message".to_owned(), data }]);
            }
            let events = core(stream.next_events(MOST).await)?;
            if events.is_empty() {
                finish(&mut slot).await;
            }
            Ok(events.into_iter().map(Into::into).collect())
        };
        env.spawn_future(cancellable(Some(&cancel), call))
    }

    /// The next bytes as received; nothing at the end. Their type is one that browsers know, too.
    #[napi(catch_unwind, ts_return_type = "Promise<Uint8Array | null>")]
    pub fn next_bytes<'env>(
        &self,
        env: &'env Env,
        cancel: ClassInstance<'_, CancelHandle>,
    ) -> Result<PromiseRaw<'env, Option<Buffer>>> {
        let stream = Arc::clone(&self.stream);
        let call = async move {
            let mut slot = stream.lock().await;
            let Some(stream) = slot.as_mut() else { return Ok(None) };
            let bytes = core(stream.next_bytes().await)?;
            if bytes.is_none() {
                finish(&mut slot).await;
            }
            Ok(bytes.map(|bytes| Vec::from(bytes).into()))
        };
        env.spawn_future(cancellable(Some(&cancel), call))
    }

    /// Ends the answer where it is and closes its connection, once a reader under way is done.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        let stream = Arc::clone(&self.stream);
        spawn(async move { drop(stream.lock().await.take()) });
    }
}

async fn finish(slot: &mut Option<PaidStream>) {
    if let Some(mut stream) = slot.take() {
        stream.finish().await;
    }
}
