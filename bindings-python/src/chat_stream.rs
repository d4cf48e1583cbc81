//! A streamed chat completion. Its chunks are pulled by one reader at a time; what is known of the
//! answer beside them can be asked at any time.

use std::sync::{Mutex, PoisonError};

use blockrun_llm::{ChatChunk, ChatResponse, chat};
use pyo3::{exceptions::PyRuntimeError, prelude::*};
use tokio::sync::Mutex as Turn;

use crate::{
    answers::{About, Headers, Told, chat_answer, headers},
    call::Call,
    owned::Owned,
    ready::{MOST, Ready},
    runtime,
};

/// A streamed chat completion.
#[pyclass(frozen, module = "blockrun_llm._native")]
pub(crate) struct ChatStream {
    desk: Option<Py<PyAny>>,
    stream: Owned<Shared>,
}

struct Shared {
    reading: Turn<Reading>,
    /// Chunks as JSON.
    ready: Ready<String>,
    head: Mutex<Option<Head>>,
}

/// A stream that was closed keeps what it had received.
enum Reading {
    Open(Box<chat::ChatStream>),
    Closed(Box<ChatResponse>),
}

/// Status, headers, and what else is known as JSON.
type Head = (u16, Headers, Option<String>);

impl ChatStream {
    pub(crate) fn new(stream: chat::ChatStream, desk: Option<Py<PyAny>>) -> Self {
        let reading = Turn::new(Reading::Open(Box::new(stream)));
        let shared = Shared { reading, ready: Ready::default(), head: Mutex::default() };
        Self { desk, stream: Owned::new(shared) }
    }
}

#[pymethods]
impl ChatStream {
    /// Waits for the head of the answer.
    fn open(&self, py: Python<'_>) -> PyResult<Call> {
        let shared = self.stream.get()?;
        let open = async move {
            if let Reading::Open(stream) = &mut *shared.reading.lock().await {
                stream.open().await?;
                shared.note_head(stream);
            }
            Ok(())
        };
        Ok(Call::new(py, &self.desk, open, |()| Ok(None::<bool>)))
    }

    /// The next chunk as JSON, if it has come already: takes no waiting.
    fn take(&self) -> PyResult<Option<String>> {
        Ok(self.stream.get()?.ready.take())
    }

    /// Waits until there is something to take; false at the end.
    fn more(&self, py: Python<'_>) -> PyResult<Call> {
        let shared = self.stream.get()?;
        let more = async move {
            let mut reading = shared.reading.lock().await;
            if !shared.ready.is_empty() {
                return Ok(true);
            }
            let Reading::Open(stream) = &mut *reading else { return Ok(false) };
            let batch = stream.next_batch(MOST).await;
            shared.note_head(stream);
            shared.ready.add(batch?.into_iter().map(ChatChunk::into_text));
            Ok(!shared.ready.is_empty())
        };
        Ok(Call::new(py, &self.desk, more, Ok))
    }

    /// What is known since the head of the answer has come.
    #[getter]
    fn head(&self) -> PyResult<Option<Head>> {
        let shared = self.stream.get()?;
        let head = shared.head.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(head.clone())
    }

    /// What was received so far, in the form of a whole answer.
    fn received(&self) -> PyResult<Told> {
        let shared = self.stream.get()?;
        let reading = shared.reading.try_lock().map_err(|_| {
            PyRuntimeError::new_err("the stream is being read at this moment, elsewhere")
        })?;
        match &*reading {
            Reading::Open(stream) => chat_answer(&stream.received()),
            Reading::Closed(received) => chat_answer(received),
        }
    }

    /// Ends the answer here: closes its connection and its books.
    fn close(&self) -> PyResult<()> {
        // Of the parent process: left alone.
        let Ok(shared) = self.stream.get() else { return Ok(()) };
        if let Ok(mut reading) = shared.reading.try_lock() {
            shared.close(&mut reading);
            return Ok(());
        }
        // Somebody is reading at this moment: after that.
        let (runtime, _) = runtime::current()?;
        runtime.spawn(async move { shared.close(&mut *shared.reading.lock().await) });
        Ok(())
    }
}

impl Shared {
    fn close(&self, reading: &mut Reading) {
        self.ready.clear();
        reading.close();
    }

    fn note_head(&self, stream: &chat::ChatStream) {
        let mut head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        if head.is_some() {
            return;
        }
        let (Some(status), Some(map)) = (stream.status(), stream.headers()) else { return };
        let fallback = stream.fallback();
        let about = About {
            receipt: stream.receipt(),
            fallback: fallback.as_ref(),
            billed_to_account: stream.billed_to_account(),
        };
        *head = Some((status, headers(map), about.text().unwrap_or_default()));
    }
}

impl Reading {
    fn close(&mut self) {
        if let Self::Open(stream) = self {
            *self = Self::Closed(Box::new(stream.received()));
        }
    }
}
