//! The answer of any endpoint, piece by piece.

use blockrun_llm::{chat::ServerFallback, http::PaidStream};
use pyo3::{prelude::*, types::PyBytes};
use tokio::sync::Mutex as Turn;

use crate::{
    answers::{About, Headers, headers},
    call::Call,
    owned::Owned,
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
    stream: Owned<Turn<Option<PaidStream>>>,
}

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
            stream: Owned::new(Turn::new(Some(stream))),
        })
    }
}

#[pymethods]
impl AnswerStream {
    /// The next event as its type, data and id; `None` at the end. An answer that is no event
    /// stream is one event.
    fn next_event(&self, py: Python<'_>) -> PyResult<Call> {
        let stream = self.stream.get()?;
        let next = async move {
            let Some(open) = &mut *stream.lock().await else { return Ok(None) };
            if !open.is_events() {
                return Ok(open.take_whole().map(|body| whole_event(&body)));
            }
            let event = open.next_event().await?;
            if event.as_ref().is_some_and(|event| event.data == DONE) {
                open.finish().await;
                return Ok(None);
            }
            Ok(event.map(|event| (event.event, event.data, event.id)))
        };
        Ok(Call::new(py, &self.desk, next, Ok))
    }

    /// The next bytes as they were received, whole events at a time; `None` at the end.
    fn next_bytes(&self, py: Python<'_>) -> PyResult<Call> {
        let stream = self.stream.get()?;
        let next = async move {
            let Some(open) = &mut *stream.lock().await else { return Ok(None) };
            open.next_bytes().await
        };
        Ok(Call::new(py, &self.desk, next, |bytes| Ok(bytes.map(|bytes| bytes.to_vec()))))
    }

    /// The body of an answer that is no event stream: once.
    fn take_whole<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let stream = self.stream.get()?;
        let bytes = stream.try_lock().ok().and_then(|mut open| open.as_mut()?.take_whole());
        Ok(bytes.map(|bytes| PyBytes::new(py, &bytes)))
    }

    /// Ends the answer here: closes its connection and its books.
    fn close(&self) -> PyResult<()> {
        // Of the parent process: left alone.
        let Ok(stream) = self.stream.get() else { return Ok(()) };
        if let Ok(mut open) = stream.try_lock() {
            drop(open.take());
            return Ok(());
        }
        // Somebody is reading at this moment: after that.
        let (runtime, _) = runtime::current()?;
        runtime.spawn(async move { drop(stream.lock().await.take()) });
        Ok(())
    }
}

fn whole_event(body: &[u8]) -> (String, String, Option<String>) {
    ("message".to_owned(), String::from_utf8_lossy(body).into_owned(), None)
}
