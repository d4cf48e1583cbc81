//! [`ChatStream`]: an answer in chunks, paid for once.

use std::collections::VecDeque;

use http::HeaderMap;

use super::{ChatAccumulator, ChatChunk, ChatResponse, ServerFallback};
use crate::{
    client::Rail,
    error::{Error, ErrorKind, Result},
    http::{CallKey, PaidRequest, PaidStream, Receipt},
    money::Usdc,
    sse::ServerEvent,
};

/// A streamed chat completion. Nothing is sent before it is first read.
///
/// Its key is fixed when it is made: whatever is done with it, it pays at most once. A connection
/// that is lost is found again without paying, where the server stores its answers. Dropping it
/// ends the answer there and closes its books. Pulled: chunks that nobody asks for are not read.
///
/// ```no_run
/// # async fn run(client: blockrun_llm::LLMClient) -> blockrun_llm::Result<()> {
/// use blockrun_llm::ChatRequest;
///
/// let mut stream = client.chat_completion_stream(&ChatRequest::new("Tell me a story."))?;
/// while let Some(chunk) = stream.next().await? {
///     print!("{}", chunk.text());
/// }
/// println!("\n{} USDC", stream.cost());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ChatStream {
    rail: Rail,
    request: PaidRequest,
    open: Option<PaidStream>,
    received: ChatAccumulator,
    /// Chunks that were received together with one that was asked for.
    ready: VecDeque<ChatChunk>,
    /// What came after them instead of a chunk.
    failed: Option<Error>,
    /// An answer was seen to end.
    finished: bool,
    /// The last chunk was seen; the books may still be open.
    ended: bool,
    over: bool,
}

impl ChatStream {
    pub(crate) fn new(rail: Rail, request: PaidRequest) -> Self {
        Self {
            rail,
            request,
            open: None,
            received: ChatAccumulator::default(),
            ready: VecDeque::new(),
            failed: None,
            finished: false,
            ended: false,
            over: false,
        }
    }

    /// Sends the request, pays if asked, and waits for the head of the answer. Reading does it too;
    /// once it has succeeded, it does nothing.
    ///
    /// After an error it can be called again: the same call is made, with the same payment if one
    /// was sent.
    ///
    /// # Errors
    /// As [`chat_completion`](crate::LLMClient::chat_completion).
    pub async fn open(&mut self) -> Result<()> {
        if self.open.is_some() {
            return Ok(());
        }
        match self.rail.open(self.request.clone()).await {
            Ok(stream) => {
                self.open = Some(stream.success()?);
                Ok(())
            }
            Err(error) => {
                self.keep_key(&error);
                Err(error)
            }
        }
    }

    /// The next chunk; `None` at the end. Dropping the future loses nothing.
    ///
    /// # Errors
    /// As [`ChatStream::open`]; `StreamBroken` when the answer was cut short or the server says
    /// that it failed, and `Timeout` when the call's time was spent waiting. Both say what was
    /// charged and name the key, and the error's response is what was received, in the form of a
    /// whole answer.
    pub async fn next(&mut self) -> Result<Option<ChatChunk>> {
        self.fill(1).await?;
        Ok(self.ready.pop_front())
    }

    /// The next chunk and those after it that were received already, `most` at most, for a caller to
    /// whom each call is dear; none at the end. The first one waits for no other, and nothing is read
    /// ahead. Dropping the future loses nothing.
    ///
    /// # Errors
    /// As [`ChatStream::next`]; what fails after the first chunk is told the next time.
    pub async fn next_batch(&mut self, most: usize) -> Result<Vec<ChatChunk>> {
        self.fill(most).await?;
        let count = self.ready.len().min(most);
        Ok(self.ready.drain(..count).collect())
    }

    /// Reads the answer to its end and returns it whole.
    ///
    /// # Errors
    /// As [`ChatStream::next`].
    pub async fn collect(mut self) -> Result<ChatResponse> {
        while self.next().await?.is_some() {}
        Ok(self.received())
    }

    /// What was received so far, in the form of a whole answer, with what was paid. Chunks of a
    /// batch count from its beginning.
    pub fn received(&self) -> ChatResponse {
        let mut response = self.received.response();
        response.receipt = self.receipt().cloned();
        response.fallback = self.fallback();
        response.billed_to_account = self.rail.is_account();
        response
    }

    /// HTTP status of the answer; `None` before its head has come.
    pub fn status(&self) -> Option<u16> {
        self.open.as_ref().map(|open| open.status)
    }

    /// Headers of the answer; `None` before its head has come.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.open.as_ref().map(|open| &open.headers)
    }

    /// What was paid; `None` before the head of the answer has come, and when nothing was asked.
    pub fn receipt(&self) -> Option<&Receipt> {
        self.open.as_ref()?.receipt.as_ref()
    }

    /// What the call cost, in micro-USDC; zero before the head of the answer has come, when nothing
    /// was asked, and when an account is billed.
    pub fn cost(&self) -> Usdc {
        self.receipt().map_or(Usdc::ZERO, |receipt| receipt.amount)
    }

    /// Which other model the server says has answered.
    pub fn fallback(&self) -> Option<ServerFallback> {
        ServerFallback::from_headers(self.headers()?)
    }

    /// Whether an account is billed, so that the cost is not known here.
    pub const fn billed_to_account(&self) -> bool {
        self.rail.is_account()
    }

    /// Waits until a chunk is ready, and takes `most` at most; closes the books at the end.
    async fn fill(&mut self, most: usize) -> Result<()> {
        while self.ready.is_empty() && !self.over {
            if let Some(error) = self.failed.take() {
                self.over = true;
                return Err(error.with_response(self.received.json().to_string()));
            }
            self.open().await?;
            let Some(open) = &mut self.open else { break };
            if self.ended {
                open.finish().await;
                self.over = true;
            } else if open.is_events() {
                self.read(most).await;
            } else {
                // A server that does not stream has answered whole.
                let whole = open.take_whole().map(|body| ChatChunk::from_whole(&body));
                self.ended = whole.is_none();
                whole.into_iter().for_each(|chunk| self.push(chunk));
            }
        }
        Ok(())
    }

    /// Reads events: chunks, the end of the answer, or an error.
    async fn read(&mut self, most: usize) {
        let Some(open) = &mut self.open else { return };
        self.failed = match open.next_events(most).await {
            Ok(events) if !events.is_empty() => {
                let taken =
                    self.take(&events).map_err(|error| error.with_kind(ErrorKind::StreamBroken));
                taken.err().zip(self.open.as_mut()).map(|(error, open)| open.fail(error))
            }
            Ok(_) if self.finished => {
                self.ended = true;
                None
            }
            Ok(_) => Some(open.cut_short()),
            Err(error) => Some(error),
        };
    }

    /// Takes the chunks of events up to the end of the answer, or the first that is an error.
    fn take(&mut self, events: &[ServerEvent]) -> Result<()> {
        for event in events.iter().filter(|event| !is_idle(event)) {
            match ChatChunk::from_event(event)? {
                Some(chunk) => self.push(chunk),
                None => {
                    self.ended = true;
                    break;
                }
            }
        }
        Ok(())
    }

    fn push(&mut self, chunk: ChatChunk) {
        self.received.push(&chunk);
        self.finished |= chunk.choices().any(|choice| choice.finish_reason().is_some());
        self.ready.push_back(chunk);
    }

    /// A payment that was sent, under whatever key, is this stream's from now on.
    fn keep_key(&mut self, error: &Error) {
        // One that somebody made under a key of their own is named by its public id only, and found
        // by its content again.
        if let Some(key) = error.key().filter(|key| !key.starts_with("pay_")) {
            self.request.key = CallKey::Given(key.to_owned());
        }
    }
}

/// It keeps the connection awake and says nothing.
fn is_idle(event: &ServerEvent) -> bool {
    event.data.trim().is_empty() && event.event != "error"
}
