//! The native client: what `blockrun_llm.LLMClient` stands on.

use std::{
    future::Future,
    mem, process,
    sync::{Mutex, PoisonError},
};

use blockrun_llm::{
    ChatRequest, ClientOptions, LLMClient, Result, chat::ChatResponse, journal::PaymentFilter,
};
use pyo3::{exceptions::PyRuntimeError, prelude::*, types::PyDict};

use crate::{
    convert::{Arguments, to_json},
    errors::exception,
    runtime::wait,
};

/// A client of the core, owned by the process that made it.
#[pyclass(frozen, module = "blockrun_llm._native")]
pub(crate) struct Client {
    core: Mutex<Option<LLMClient>>,
    process: u32,
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
        let options = client_options(&Arguments(options))?;
        // Reads certificates from files.
        let made = py.detach(|| LLMClient::with_options(options));
        let core = made.map_err(|error| exception(py, &error))?;
        Ok(Self {
            process: process::id(),
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
        let response = self.complete(py, arguments)?;
        let receipt = response.receipt.as_ref().map(to_json).transpose()?;
        Ok((response.raw, receipt))
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

    /// What this client paid, as JSON.
    fn payments(&self, py: Python<'_>) -> PyResult<String> {
        let own = PaymentFilter { own: true, ..PaymentFilter::default() };
        to_json(&self.call(py, |core| async move { core.payments(own).await })?)
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
        let future = call(self.open()?);
        wait(py, future)?.map_err(|error| exception(py, &error))
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

fn client_options(arguments: &Arguments<'_, '_>) -> PyResult<ClientOptions> {
    Ok(ClientOptions {
        private_key: arguments.text("private_key")?.map(Into::into),
        api_url: arguments.text("api_url")?,
        model: arguments.text("model")?,
        timeout: arguments.seconds("timeout")?,
        max_cost_per_call: arguments.dollars("max_cost_per_call")?,
        max_session_cost: arguments.dollars("max_session_cost")?,
        ca_file: arguments.path("ca_file")?,
        user_agent: Some(concat!("blockrun-python/", env!("CARGO_PKG_VERSION")).to_owned()),
        ..ClientOptions::default()
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
        timeout: arguments.seconds("timeout")?,
        ..request
    })
}
