//! `on_payment`: the application is asked before a payment is signed, on the thread that made the
//! call.
//!
//! The core asks from a thread of the runtime. The question goes over to the thread that waits for
//! the call, which asks the application there: its callback sees its own thread and context, may
//! use the client itself, and is interrupted by Ctrl-C. No thread of the runtime ever waits for the
//! GIL.

use blockrun_llm::{Error, ErrorKind, Result, Usdc, http::PaymentHook, x402::Terms};
use pyo3::{
    exceptions::PyException,
    prelude::*,
    sync::PyOnceLock,
    types::{PyBool, PyType},
};
use serde::Serialize;
use tokio::{
    sync::{mpsc::UnboundedSender, oneshot},
    task_local,
};

use crate::convert::{mistyped, to_json};

task_local! {
    /// Where the call of this task has its questions answered.
    pub(crate) static DESK: UnboundedSender<Question>;
}

/// A payment to be agreed to.
#[derive(Debug)]
pub(crate) struct Question {
    payment: Payment,
    reply: oneshot::Sender<Result<()>>,
}

/// What the application is told; `_money.PaymentRequest` reads it.
#[derive(Debug, Serialize)]
struct Payment {
    amount: Usdc,
    network: &'static str,
    payee: String,
    model: Option<String>,
}

/// Passes the question on to the thread that waits for the call.
#[derive(Debug)]
pub(crate) struct AskTheWaitingThread;

#[async_trait::async_trait]
impl PaymentHook for AskTheWaitingThread {
    async fn approve(&self, terms: &Terms, model: Option<&str>) -> Result<()> {
        let payment = Payment {
            amount: terms.amount,
            network: terms.network.caip2,
            payee: terms.payee.to_string(),
            model: model.map(str::to_owned),
        };
        let (reply, answer) = oneshot::channel();
        // Where nobody waits any more, or nobody ever did, nobody agrees: the reply is dropped.
        let _asked = DESK.try_with(|desk| desk.send(Question { payment, reply }));
        answer.await.unwrap_or_else(|_| Err(declined("nobody was there to ask on_payment")))
    }
}

impl Question {
    /// Asks the application and tells the core.
    ///
    /// # Errors
    /// What is no `Exception`, such as the `KeyboardInterrupt` of Ctrl-C: it ends the call at once.
    pub(crate) fn put(self, py: Python<'_>, on_payment: &Py<PyAny>) -> PyResult<()> {
        let answer = match ask(on_payment.bind(py), &self.payment) {
            Ok(true) => Ok(()),
            Ok(false) => Err(declined("on_payment refused the payment")),
            Err(raised) if raised.is_instance_of::<PyException>(py) => {
                Err(declined(&format!("on_payment failed: {raised}")).with_source(raised))
            }
            Err(raised) => return Err(raised),
        };
        // A call whose time has passed in the meantime has ended already, unpaid.
        let _in_time = self.reply.send(answer);
        Ok(())
    }
}

fn ask(on_payment: &Bound<'_, PyAny>, payment: &Payment) -> PyResult<bool> {
    static REQUEST: PyOnceLock<Py<PyType>> = PyOnceLock::new();

    let kind = REQUEST.import(on_payment.py(), "blockrun_llm._money", "PaymentRequest")?;
    let request = kind.call_method1("from_native", (to_json(payment)?,))?;
    let answer = on_payment.call1((request,))?;
    if answer.is_none() {
        return Ok(true);
    }
    let agreed = answer.cast::<PyBool>();
    Ok(agreed.map_err(|_| mistyped("on_payment", "True, False or None", &answer))?.is_true())
}

fn declined(why: &str) -> Error {
    let message = format!("{why}; nothing was sent and nothing was charged");
    Error::new(ErrorKind::Payment, message)
}
