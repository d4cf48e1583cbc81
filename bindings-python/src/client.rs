//! The native client: what `blockrun_llm.LLMClient` stands on.

use std::{
    ffi::CString,
    future::Future,
    mem, process,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use blockrun_llm::{
    ChatRequest, ClientOptions, LLMClient, Result,
    chat::ChatResponse,
    http::PaymentHook,
    journal::{Durability, JournalKind, JournalOptions, OnUnresolved, PaymentFilter, RecordState},
};
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyRuntimeError, PyRuntimeWarning},
    prelude::*,
    types::PyDict,
};

use crate::{
    approval::AskTheWaitingThread,
    convert::{Arguments, to_json},
    errors::exception,
    runtime::wait,
};

/// A client of the core, owned by the process that made it.
#[pyclass(frozen, module = "blockrun_llm._native")]
pub(crate) struct Client {
    core: Mutex<Option<LLMClient>>,
    process: u32,
    on_payment: Option<Py<PyAny>>,
    warned: AtomicBool,
    #[pyo3(get)]
    address: String,
    #[pyo3(get)]
    api_url: String,
    #[pyo3(get)]
    model: String,
    #[pyo3(get)]
    timeout: f64,
}

#[pymethods]
impl Client {
    #[new]
    fn new(py: Python<'_>, options: &Bound<'_, PyDict>) -> PyResult<Self> {
        let arguments = Arguments(options);
        let on_payment = arguments.callable("on_payment")?;
        let options = ClientOptions {
            on_payment: on_payment
                .is_some()
                .then(|| Arc::new(AskTheWaitingThread) as Arc<dyn PaymentHook>),
            ..client_options(&arguments)?
        };
        // Reads certificates from files.
        let made = py.detach(|| LLMClient::with_options(options));
        let core = made.map_err(|error| exception(py, &error))?;
        Ok(Self {
            process: process::id(),
            on_payment,
            warned: AtomicBool::new(false),
            address: core.address().to_string(),
            api_url: core.api_url().to_owned(),
            model: core.model().to_owned(),
            timeout: core.timeout().as_secs_f64(),
            core: Mutex::new(Some(core)),
        })
    }

    /// The text of a chat's first answer.
    fn chat(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<String> {
        Ok(self.complete(py, arguments)?.text())
    }

    /// The body of a chat completion, and what was paid for it as JSON, if anything was.
    fn chat_completion(
        &self,
        py: Python<'_>,
        arguments: &Bound<'_, PyDict>,
    ) -> PyResult<(String, Option<String>)> {
        body_and_receipt(self.complete(py, arguments)?)
    }

    /// The stored answer of a paid call, in the form of `chat_completion`.
    fn recover(
        &self,
        py: Python<'_>,
        arguments: &Bound<'_, PyDict>,
    ) -> PyResult<(String, Option<String>)> {
        let key = Arguments(arguments).required("key", Arguments::text)?;
        body_and_receipt(self.call(py, |core| async move { core.recover(&key).await })?)
    }

    /// The price of a chat completion, as JSON.
    fn quote(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<String> {
        let request = chat_request(&Arguments(arguments))?;
        to_json(&self.call(py, |core| async move { core.quote(&request).await })?)
    }

    /// The models, as JSON.
    fn list_models(&self, py: Python<'_>) -> PyResult<String> {
        to_json(&self.call(py, |core| async move { core.list_models().await })?)
    }

    /// Payments that pass a filter, as JSON.
    fn payments(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<String> {
        let filter = payment_filter(&Arguments(arguments))?;
        to_json(&self.call(py, |core| async move { core.payments(filter).await })?)
    }

    /// What the chain says of open payments, as JSON.
    fn reconcile(&self, py: Python<'_>) -> PyResult<String> {
        to_json(&self.call(py, |core| async move { core.reconcile().await })?)
    }

    /// Where payments are recorded, once they are.
    #[getter]
    fn journal(&self) -> PyResult<Option<&'static str>> {
        Ok(self.open()?.journal().map(|kind| match kind {
            JournalKind::File(_) => "file",
            JournalKind::Memory | JournalKind::MemoryBecause(_) => "memory",
        }))
    }

    /// The sums of what was paid, as JSON.
    fn spending(&self, py: Python<'_>) -> PyResult<String> {
        to_json(&self.call(py, |core| async move { core.spending().await })?)
    }

    /// Lets go of the key and, when the last call has ended, of the connections.
    fn close(&self) {
        let core = self.core.lock().unwrap_or_else(PoisonError::into_inner).take();
        if self.process != process::id() {
            forget(core);
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        visit.call(&self.on_payment)
    }
}

impl Client {
    fn complete(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<ChatResponse> {
        let request = chat_request(&Arguments(arguments))?;
        self.call(py, |core| async move { core.chat_completion(&request).await })
    }

    /// Makes a call and waits for it.
    fn call<T, F>(&self, py: Python<'_>, call: impl FnOnce(LLMClient) -> F) -> PyResult<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let core = self.open()?;
        let outcome = wait(py, call(core.clone()), |question| match &self.on_payment {
            Some(on_payment) => question.put(py, on_payment),
            None => Ok(()),
        });
        self.warn_of_memory(py, core.journal());
        outcome?.map_err(|error| exception(py, &error))
    }

    /// Warns once of payments that will be forgotten with the process.
    fn warn_of_memory(&self, py: Python<'_>, journal: Option<&JournalKind>) {
        let Some(JournalKind::MemoryBecause(reason)) = journal else { return };
        if self.warned.swap(true, Ordering::Relaxed) {
            return;
        }
        let warned = CString::new(format!("payments are recorded in memory only: {reason}"))
            .map_err(PyErr::from)
            // The caller of our Python half.
            .and_then(|text| PyErr::warn(py, py.get_type::<PyRuntimeWarning>().as_any(), &text, 2));
        if let Err(raised) = warned {
            // Warnings are errors here, but none is worth the answer that was just paid for.
            raised.write_unraisable(py, None);
        }
    }

    fn open(&self) -> PyResult<LLMClient> {
        if self.process != process::id() {
            // The connections are shared with the parent: two processes on one of them would mix
            // their requests, payments included.
            return Err(PyRuntimeError::new_err(
                "this client was made before the process forked; make a new LLMClient in the child",
            ));
        }
        let core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        core.clone().ok_or_else(|| PyRuntimeError::new_err("the client is closed"))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.close();
    }
}

/// Leaves a client of the parent process alone: to drop it would wake threads that do not exist
/// here, under locks that they may have held at the moment of the fork.
fn forget(core: Option<LLMClient>) {
    mem::forget(core);
}

fn body_and_receipt(response: ChatResponse) -> PyResult<(String, Option<String>)> {
    let receipt = response.receipt.as_ref().map(to_json).transpose()?;
    Ok((response.raw, receipt))
}

fn client_options(arguments: &Arguments<'_, '_>) -> PyResult<ClientOptions> {
    Ok(ClientOptions {
        private_key: arguments.text("private_key")?.map(Into::into),
        api_url: arguments.text("api_url")?,
        model: arguments.text("model")?,
        timeout: arguments.seconds("timeout")?,
        max_cost_per_call: arguments.dollars("max_cost_per_call")?,
        max_session_cost: arguments.dollars("max_session_cost")?,
        max_cost_per_hour: arguments.dollars("max_cost_per_hour")?,
        max_cost_per_day: arguments.dollars("max_cost_per_day")?,
        on_unresolved: arguments
            .choice(
                "on_unresolved",
                &[
                    ("resume", OnUnresolved::Resume),
                    ("refuse", OnUnresolved::Refuse),
                    ("new", OnUnresolved::New),
                ],
            )?
            .unwrap_or_default(),
        journal: journal_options(arguments)?,
        rpc_url: arguments.text("rpc_url")?,
        ca_file: arguments.path("ca_file")?,
        user_agent: Some(concat!("blockrun-python/", env!("CARGO_PKG_VERSION")).to_owned()),
        ..ClientOptions::default()
    })
}

fn journal_options(arguments: &Arguments<'_, '_>) -> PyResult<JournalOptions> {
    let levels = [("process", Durability::Process), ("power", Durability::Power)];
    Ok(JournalOptions {
        home: arguments.path("home")?,
        durability: arguments.choice("durability", &levels)?.unwrap_or_default(),
        ..JournalOptions::default()
    })
}

fn payment_filter(arguments: &Arguments<'_, '_>) -> PyResult<PaymentFilter> {
    let states = RecordState::ALL.map(|state| (state.name(), state));
    let limit = arguments.count("limit")?;
    Ok(PaymentFilter {
        own: arguments.choice("scope", &[("client", true), ("home", false)])?.unwrap_or(true),
        state: arguments.choice("state", &states)?,
        since: arguments.count("since")?,
        model: arguments.text("model")?,
        origin: arguments.text("origin")?,
        limit: limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
    })
}

fn chat_request(arguments: &Arguments<'_, '_>) -> PyResult<ChatRequest> {
    let messages = match arguments.text("prompt")? {
        Some(prompt) => ChatRequest::new(prompt),
        None => ChatRequest::from_messages(arguments.json("messages")?.unwrap_or_default()),
    };
    let request = match arguments.text("system")? {
        Some(system) => messages.system(system),
        None => messages,
    };
    Ok(ChatRequest {
        model: arguments.text("model")?,
        max_tokens: arguments.count("max_tokens")?,
        temperature: arguments.number("temperature")?,
        top_p: arguments.number("top_p")?,
        n: arguments.count("n")?,
        stop: arguments.texts("stop")?,
        tools: arguments.json("tools")?,
        tool_choice: arguments.json("tool_choice")?,
        response_format: arguments.json("response_format")?,
        extra: arguments.json("extra")?.unwrap_or_default(),
        idempotency_key: arguments.text("idempotency_key")?,
        timeout: arguments.seconds("timeout")?,
        ..request
    })
}
