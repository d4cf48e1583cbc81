//! The answer of any endpoint, piece by piece.

use blockrun_llm::{chat::ServerFallback, error::Result, http::PaidStream};
use pyo3::{prelude::*, types::PyBytes};
use tokio::sync::Mutex as Turn;

use crate::{
    answers::{About, Headers, headers},
    call::Call,
    owned::Owned,
    ready::{MOST, Ready},
    runtime,
};

/// What a stream ends with where it follows OpenAI.
const DONE: &str = "[DONE]";

/// The answer of any endpoint.
#[pyclass(frozen, module = "blockrun_llm._native")]
pub(crate) struct AnswerStream {
    #[pyo3(get)]
    status: u16,
    #[pyo3(get)]
    headers: Headers,
    /// What else is known, as JSON.
    #[pyo3(get)]
    about: Option<String>,
    /// Whether it is an event stream; otherwise it is whole, in one piece.
    #[pyo3(get)]
    is_events: bool,
    desk: Option<Py<PyAny>>,
    stream: Owned<Shared>,
}

struct Shared {
    reading: Turn<Option<Reading>>,
    ready: Ready<Event>,
}

struct Reading {
    stream: PaidStream,
    /// Its last event was seen.
    done: bool,
}

/// Its type, data and id.
type Event = (String, String, Option<String>);

impl AnswerStream {
    pub(crate) fn new(
        stream: PaidStream,
        billed_to_account: bool,
        desk: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let fallback = ServerFallback::from_headers(&stream.headers);
        let about = About {
            receipt: stream.receipt.as_ref(),
            fallback: fallback.as_ref(),
            billed_to_account,
        };
        Ok(Self {
            status: stream.status,
            headers: headers(&stream.headers),
            about: about.text()?,
            is_events: stream.is_events(),
            desk,
            stream: Owned::new(Shared {
                reading: Turn::new(Some(Reading { stream, done: false })),
                ready: Ready::default(),
            }),
        })
    }
}

#[pymethods]
impl AnswerStream {
    /// The next event, if it has come already: takes no waiting. An answer that is no event stream
    /// is one event.
    fn take(&self) -> PyResult<Option<Event>> {
        Ok(self.stream.get()?.ready.take())
    }

    /// Waits until there is something to take; false at the end.
    fn more(&self, py: Python<'_>) -> PyResult<Call> {
        let shared = self.stream.get()?;
        let more = async move {
            let mut reading = shared.reading.lock().await;
            if shared.ready.is_empty()
                && let Some(reading) = &mut *reading
            {
                shared.ready.add(reading.next_events().await?);
            }
            Ok(!shared.ready.is_empty())
        };
        Ok(Call::new(py, &self.desk, more, Ok))
    }

    /// The next bytes as they were received, whole events at a time; `None` at the end.
    fn next_bytes(&self, py: Python<'_>) -> PyResult<Call> {
        let shared = self.stream.get()?;
        let next = async move {
            let Some(reading) = &mut *shared.reading.lock().await else { return Ok(None) };
            reading.stream.next_bytes().await
        };
        Ok(Call::new(py, &self.desk, next, |bytes| Ok(bytes.map(|bytes| bytes.to_vec()))))
    }

    /// The body of an answer that is no event stream: once.
    fn take_whole<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let shared = self.stream.get()?;
        let bytes = shared
            .reading
            .try_lock()
            .ok()
            .and_then(|mut reading| reading.as_mut()?.stream.take_whole());
        Ok(bytes.map(|bytes| PyBytes::new(py, &bytes)))
    }

    /// Ends the answer here: closes its connection and its books.
    fn close(&self) -> PyResult<()> {
        // Of the parent process: left alone.
        let Ok(shared) = self.stream.get() else { return Ok(()) };
        shared.ready.clear();
        if let Ok(mut reading) = shared.reading.try_lock() {
            drop(reading.take());
            return Ok(());
        }
        // Somebody is reading at this moment: after that.
        let (runtime, _) = runtime::current()?;
        runtime.spawn(async move {
            let mut reading = shared.reading.lock().await;
            drop(reading.take());
            shared.ready.clear();
        });
        Ok(())
    }
}

impl Reading {
    /// The next events, up to the end where they say it; none at the end.
    async fn next_events(&mut self) -> Result<Vec<Event>> {
        if !self.stream.is_events() {
            let body = self.stream.take_whole();
            let text = body.map(|body| String::from_utf8_lossy(&body).into_owned());
            return Ok(text.map(|text| ("message".to_owned(), text, None)).into_iter().collect());
        }
        let mut events = match self.done {
            true => Vec::new(),
            false => self.stream.next_events(MOST).await?,
        };
        if let Some(end) = events.iter().position(|event| event.data == DONE) {
            self.done = true;
            events.truncate(end);
        }
        if events.is_empty() {
            self.stream.finish().await;
        }
        Ok(events.into_iter().map(|event| (event.event, event.data, event.id)).collect())
    }
}
