//! The native client: what `LLMClient` and `AsyncLLMClient` stand on. Every method that waits gives
//! a [`Call`], to be waited for in the one way or the other.

use std::{
    ffi::CString,
    future::Future,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use blockrun_llm::{
    ClientOptions, LLMClient, Resource, Result,
    http::PaymentHook,
    journal::JournalKind,
    wallet::{Funding, Signer},
};
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyRuntimeError, PyRuntimeWarning},
    prelude::*,
    types::PyDict,
};

use crate::{
    answer_stream::AnswerStream,
    answers::{chat_answer, image_answer, tool_answer, whole_answer},
    call::Call,
    chat_stream::ChatStream,
    convert::{Arguments, invalid, to_json},
    errors::exception,
    owned::Owner,
    questions::{AskSession, AskToPay, AskToSign},
    requests::{
        api_request, chat_request, client_options, discover_options, image_request, payment_filter,
        poll_options, tool_call,
    },
};

/// A client of the core, owned by the process that made it.
#[pyclass(frozen, module = "blockrun_llm._native")]
pub(crate) struct Client {
    core: Mutex<Option<LLMClient>>,
    owner: Owner,
    /// Answers what the core asks; `None` where it never does.
    desk: Option<Py<PyAny>>,
    warned: AtomicBool,
    /// The wallet that pays; empty with an API key.
    #[pyo3(get)]
    address: String,
    #[pyo3(get)]
    api_url: String,
    #[pyo3(get)]
    model: String,
    #[pyo3(get)]
    timeout: f64,
    /// `wallet` or `apikey`.
    #[pyo3(get)]
    payment_mode: &'static str,
    #[pyo3(get)]
    is_testnet: bool,
}

#[pymethods]
impl Client {
    #[new]
    fn new(py: Python<'_>, options: &Bound<'_, PyDict>) -> PyResult<Self> {
        let arguments = Arguments(options);
        let options = ClientOptions {
            on_payment: arguments
                .flag("asks_to_pay")?
                .unwrap_or_default()
                .then(|| Arc::new(AskToPay) as Arc<dyn PaymentHook>),
            signer: signer(&arguments)?,
            ..client_options(&arguments)?
        };
        // Reads certificates from files.
        let made = py.detach(|| LLMClient::with_options(options));
        let core = made.map_err(|error| exception(py, &error))?;
        Ok(Self {
            owner: Owner::new(),
            desk: arguments.any("desk")?,
            warned: AtomicBool::new(false),
            address: core.address().map(|address| address.to_string()).unwrap_or_default(),
            api_url: core.api_url().to_owned(),
            model: core.model().to_owned(),
            timeout: core.timeout().as_secs_f64(),
            payment_mode: core.payment_mode().name(),
            is_testnet: core.is_testnet(),
            core: Mutex::new(Some(core)),
        })
    }

    /// The text of a chat's first answer.
    fn chat(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<Call> {
        let request = chat_request(&Arguments(arguments))?;
        let chat = async move |core: LLMClient| core.chat_completion(&request).await;
        self.call(py, chat, |response| Ok(response.text()))
    }

    /// The body of a chat completion, and what else is known of it as JSON.
    fn chat_completion(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<Call> {
        let request = chat_request(&Arguments(arguments))?;
        let chat = async move |core: LLMClient| core.chat_completion(&request).await;
        self.call(py, chat, |response| chat_answer(&response))
    }

    /// A chat completion in chunks; nothing is sent yet.
    fn chat_completion_stream(
        &self,
        py: Python<'_>,
        arguments: &Bound<'_, PyDict>,
    ) -> PyResult<ChatStream> {
        let request = chat_request(&Arguments(arguments))?;
        let stream = self.open()?.chat_completion_stream(&request);
        let stream = stream.map_err(|error| exception(py, &error))?;
        Ok(ChatStream::new(stream, self.desk(py)))
    }

    /// Images, in the form of `chat_completion`.
    fn image(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<Call> {
        let request = image_request(&Arguments(arguments))?;
        let image = async move |core: LLMClient| core.image(&request).await;
        self.call(py, image, |response| image_answer(&response))
    }

    /// The answer of any endpoint: status, headers, body, and what else is known as JSON.
    fn request(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<Call> {
        let request = api_request(&Arguments(arguments))?;
        let account = self.payment_mode == "apikey";
        let send = async move |core: LLMClient| core.request(&request).await;
        self.call(py, send, move |response| whole_answer(&response, account))
    }

    /// The answer of a whole address, in the form of `request`.
    fn request_at(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<Call> {
        let url = Arguments(arguments).required("url", Arguments::text)?;
        let request = api_request(&Arguments(arguments))?;
        let account = self.payment_mode == "apikey";
        let send = async move |core: LLMClient| core.request_at(&url, request).await;
        self.call(py, send, move |response| whole_answer(&response, account))
    }

    /// The result of a tool as JSON, and what else is known of it; `desk` lends the session.
    fn call_tool(
        &self,
        py: Python<'_>,
        arguments: &Bound<'_, PyDict>,
        desk: Py<PyAny>,
    ) -> PyResult<Call> {
        let (core, call) = (self.open()?, tool_call(&Arguments(arguments))?);
        let work = async move { core.call_tool(Arc::new(AskSession), &call).await };
        Ok(Call::new(py, &Some(desk), work, |result| tool_answer(&result)))
    }

    /// Found resources, each with its price, as JSON.
    fn discover(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<Call> {
        let options = discover_options(&Arguments(arguments))?;
        let network = options.network.clone();
        let find = async move |core: LLMClient| core.discover(&options).await;
        self.call(py, find, move |found| {
            let price = |one: &Resource| one.price(network.as_deref());
            to_json(&found.iter().map(|one| (one, price(one))).collect::<Vec<_>>())
        })
    }

    /// The answer of an endpoint that takes its time, in the form of `request`.
    fn poll(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<Call> {
        let request = api_request(&Arguments(arguments))?;
        let options = poll_options(&Arguments(arguments))?;
        let account = self.payment_mode == "apikey";
        let poll = async move |core: LLMClient| core.poll(&request, options).await;
        self.call(py, poll, move |response| whole_answer(&response, account))
    }

    /// The answer of any endpoint, piece by piece.
    fn stream(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<Call> {
        let request = api_request(&Arguments(arguments))?;
        let desk = self.desk(py);
        let account = self.payment_mode == "apikey";
        let send = async move |core: LLMClient| core.stream(&request).await;
        self.call(py, send, move |stream| AnswerStream::new(stream, account, desk))
    }

    /// The answer to a host's request, of any status.
    fn serve_host(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<Call> {
        let request = api_request(&Arguments(arguments))?;
        let retry = Arguments(arguments).flag("retry")?.unwrap_or_default();
        let desk = self.desk(py);
        let account = self.payment_mode == "apikey";
        let send = async move |core: LLMClient| core.serve_host(&request, retry).await;
        self.call(py, send, move |stream| AnswerStream::new(stream, account, desk))
    }

    /// The stored answer of a paid call, in the form of `chat_completion`.
    fn recover(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<Call> {
        let key = Arguments(arguments).required("key", Arguments::text)?;
        let recover = async move |core: LLMClient| core.recover(&key).await;
        self.call(py, recover, |response| chat_answer(&response))
    }

    /// The price of a chat completion, as JSON.
    fn quote(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<Call> {
        let request = chat_request(&Arguments(arguments))?;
        self.call(
            py,
            async move |core: LLMClient| core.quote(&request).await,
            |quote| to_json(&quote),
        )
    }

    /// The models, as JSON.
    fn list_models(&self, py: Python<'_>) -> PyResult<Call> {
        self.call(py, async |core: LLMClient| core.list_models().await, |models| to_json(&models))
    }

    /// The models that make images, as JSON.
    fn list_image_models(&self, py: Python<'_>) -> PyResult<Call> {
        self.call(
            py,
            async |core: LLMClient| core.list_image_models().await,
            |models| to_json(&models),
        )
    }

    /// What the wallet holds, in micro-USDC.
    fn balance(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<Call> {
        let network = Arguments(arguments).text("network")?;
        let ask = async move |core: LLMClient| core.balance(network.as_deref()).await;
        self.call(py, ask, |balance| Ok(balance.micro()))
    }

    /// The wallet and what it holds, as JSON.
    fn status(&self, py: Python<'_>) -> PyResult<Call> {
        self.call(py, async |core: LLMClient| core.status().await, |status| to_json(&status))
    }

    /// What a person is told of a new wallet.
    fn welcome(&self, key_file: PathBuf) -> PyResult<String> {
        Ok(self.open()?.welcome(&key_file))
    }

    /// How USDC gets into the wallet, as JSON.
    fn funding(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<String> {
        to_json(&self.ask_for_money(py, arguments)?.details())
    }

    /// The QR code of it in a PNG file.
    fn funding_png(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<Vec<u8>> {
        self.ask_for_money(py, arguments)?.qr_png().map_err(|error| exception(py, &error))
    }

    /// The QR code of it for a terminal.
    fn funding_text(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<String> {
        let dark_blocks = Arguments(arguments).flag("dark_blocks")?.unwrap_or_default();
        let funding = self.ask_for_money(py, arguments)?;
        funding.qr_text(dark_blocks).map_err(|error| exception(py, &error))
    }

    /// Payments that pass a filter, as JSON.
    fn payments(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<Call> {
        let filter = payment_filter(&Arguments(arguments))?;
        let list = async move |core: LLMClient| core.payments(filter).await;
        self.call(py, list, |payments| to_json(&payments))
    }

    /// What the chain says of open payments, as JSON.
    fn reconcile(&self, py: Python<'_>) -> PyResult<Call> {
        self.call(py, async |core: LLMClient| core.reconcile().await, |found| to_json(&found))
    }

    /// The sums of what was paid, as JSON.
    fn spending(&self, py: Python<'_>) -> PyResult<Call> {
        self.call(py, async |core: LLMClient| core.spending().await, |sums| to_json(&sums))
    }

    /// Where payments are recorded, once they are.
    #[getter]
    fn journal(&self) -> PyResult<Option<&'static str>> {
        Ok(self.open()?.journal().map(|kind| match kind {
            JournalKind::File(_) => "file",
            JournalKind::Memory | JournalKind::MemoryBecause(_) => "memory",
        }))
    }

    /// Warns once of payments that will be forgotten with the process. `level` is that of
    /// `warnings.warn`.
    fn warn(&self, py: Python<'_>, level: i32) -> PyResult<()> {
        if self.warned.load(Ordering::Relaxed) {
            return Ok(());
        }
        let core = self.core.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(JournalKind::MemoryBecause(reason)) = core.as_ref().and_then(LLMClient::journal)
        else {
            return Ok(());
        };
        if self.warned.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        let text = CString::new(format!("payments are recorded in memory only: {reason}"))?;
        let category = py.get_type::<PyRuntimeWarning>();
        if let Err(raised) = PyErr::warn(py, category.as_any(), &text, level) {
            // Warnings are errors here, but none is worth the answer that was just paid for.
            raised.write_unraisable(py, None);
        }
        Ok(())
    }

    /// Lets go of the key and, when the last call has ended, of the connections.
    fn close(&self) {
        let core = self.core.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.owner.drop_or_leave(core);
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        visit.call(&self.desk)
    }
}

impl Client {
    /// A call of the core, and how Python is shown what it brings.
    fn call<T, V, F>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(LLMClient) -> F,
        show: impl FnOnce(T) -> PyResult<V> + Send + 'static,
    ) -> PyResult<Call>
    where
        T: Send + 'static,
        V: for<'py> IntoPyObject<'py> + Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let core = self.open()?;
        Ok(Call::new(py, &self.desk, call(core), show))
    }

    fn ask_for_money(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<Funding> {
        let amount = Arguments(arguments).dollars("amount")?;
        self.open()?.funding(amount).map_err(|error| exception(py, &error))
    }

    fn desk(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.desk.as_ref().map(|desk| desk.clone_ref(py))
    }

    fn open(&self) -> PyResult<LLMClient> {
        self.owner.check()?;
        let core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        core.clone().ok_or_else(|| PyRuntimeError::new_err("the client is closed"))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.close();
    }
}

/// A signer that Python has, named by its address.
fn signer(arguments: &Arguments<'_, '_>) -> PyResult<Option<Arc<dyn Signer>>> {
    let Some(text) = arguments.text("signer_address")? else { return Ok(None) };
    let address =
        text.parse().map_err(|_| invalid("signer", &format!("{text:?} is not an address")))?;
    Ok(Some(Arc::new(AskToSign { address })))
}
