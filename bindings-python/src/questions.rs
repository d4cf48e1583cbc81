//! What the core asks the application while a call is under way: whether to pay (`on_payment`), for
//! a signature (`signer`), and to carry a call to a server of tools.
//!
//! The core asks from a thread of the runtime. The question goes over to whoever waits for the
//! call, a thread or a coroutine, and is answered there: the application's code sees its own thread
//! and context, may use the client itself, and is interrupted by Ctrl-C or cancelled with its task.
//! No thread of the runtime ever waits for the GIL.

use std::sync::{Arc, Mutex, PoisonError, mpsc::Sender};

use blockrun_llm::{
    Error, ErrorKind, Result, ToolSession, Usdc,
    http::PaymentHook,
    wallet::{Address, Signer, TypedData},
    x402::Terms,
};
use pyo3::{exceptions::PyException, prelude::*};
use serde::Serialize;
use serde_json::Value;
use tokio::{sync::oneshot, task_local};

use crate::mail::{Inbox, News};

task_local! {
    /// Where the call of this task has its questions answered.
    pub(crate) static DESK: Desk;
}

/// Who waits for a call.
#[derive(Clone)]
pub(crate) enum Desk {
    /// A thread.
    Thread(Sender<News>),
    /// A coroutine.
    Inbox(Arc<Inbox>),
}

/// Something that the application is asked. Unanswered, it is refused.
#[pyclass(frozen, module = "blockrun_llm._native")]
pub(crate) struct Question {
    /// `payment`, `signature` or `tool`.
    #[pyo3(get)]
    kind: &'static str,
    /// What it is about, as JSON.
    #[pyo3(get)]
    text: String,
    reply: Mutex<Option<oneshot::Sender<Result<Vec<u8>>>>>,
}

#[pymethods]
impl Question {
    /// Agrees, or gives the signature.
    fn answer(&self, reply: Vec<u8>) {
        self.reply(Ok(reply));
    }

    /// Refuses.
    #[pyo3(signature = (why, cause=None))]
    fn refuse(&self, why: &str, cause: Option<Bound<'_, PyException>>) {
        let error = match self.kind {
            // It may have arrived.
            "tool" => Error::new(ErrorKind::Connection, why),
            _ => refused(why),
        };
        self.reply(Err(match cause {
            Some(raised) => error.with_source(PyErr::from_value(raised.into_any())),
            None => error,
        }));
    }
}

impl Question {
    fn reply(&self, answer: Result<Vec<u8>>) {
        let reply = self.reply.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A call whose time has passed in the meantime has ended already, unpaid.
        let _in_time = reply.map(|reply| reply.send(answer));
    }
}

/// Asks whoever waits for the call of this task.
async fn ask(kind: &'static str, text: String) -> Result<Vec<u8>> {
    let (reply, answer) = oneshot::channel();
    let question = Question { kind, text, reply: Mutex::new(Some(reply)) };
    // Where nobody waits any more, or nobody ever did, nobody agrees: the reply is dropped.
    let _asked = DESK.try_with(|desk| match desk {
        Desk::Thread(thread) => drop(thread.send(News::Asked(question))),
        Desk::Inbox(inbox) => inbox.send(News::Asked(question)),
    });
    answer.await.unwrap_or_else(|_| Err(refused("nobody was there to be asked")))
}

/// `on_payment`.
#[derive(Debug)]
pub(crate) struct AskToPay;

#[async_trait::async_trait]
impl PaymentHook for AskToPay {
    async fn approve(&self, terms: &Terms, model: Option<&str>) -> Result<()> {
        /// What the application is told; `_money.PaymentRequest` reads it.
        #[derive(Serialize)]
        struct Payment<'a> {
            amount: Usdc,
            network: &'static str,
            payee: String,
            model: Option<&'a str>,
        }
        let payment = Payment {
            amount: terms.amount,
            network: terms.network.caip2,
            payee: terms.payee.to_string(),
            model,
        };
        let text = serde_json::to_string(&payment).map_err(|cause| refused(&cause.to_string()))?;
        ask("payment", text).await.map(drop)
    }
}

/// `signer`: a key that is not ours.
#[derive(Debug)]
pub(crate) struct AskToSign {
    /// The account whose key it is.
    pub(crate) address: Address,
}

#[async_trait::async_trait]
impl Signer for AskToSign {
    fn address(&self) -> Address {
        self.address
    }

    async fn sign(&self, message: &dyn TypedData) -> Result<[u8; 65]> {
        let signature = ask("signature", message.to_json()).await?;
        let length = signature.len();
        signature
            .try_into()
            .map_err(|_| refused(&format!("a signature has 65 bytes, the signer's has {length}")))
    }
}

/// The application's own session with an MCP server.
#[derive(Debug)]
pub(crate) struct AskSession;

#[async_trait::async_trait]
impl ToolSession for AskSession {
    async fn call(&self, params: Value) -> Result<String> {
        let response = ask("tool", params.to_string()).await?;
        let broken = |cause| {
            Error::new(ErrorKind::Connection, "the session's answer is no text").with_source(cause)
        };
        String::from_utf8(response).map_err(broken)
    }
}

fn refused(why: &str) -> Error {
    let message = format!("{why}; nothing was sent and nothing was charged");
    Error::new(ErrorKind::Payment, message)
}
