//! `onPayment`: JavaScript is asked before a payment is signed.

use std::fmt;

use blockrun_llm::{
    Error, ErrorKind, Usdc, error::Result as CoreResult, http::PaymentHook, x402::Terms,
};
use napi::{
    Status,
    bindgen_prelude::{BigInt, Promise},
    threadsafe_function::ThreadsafeFunction,
};
use napi_derive::napi;

use crate::output::micro;

/// What is about to be paid.
#[napi(object, object_from_js = false)]
pub struct PaymentRequestOutput {
    pub amount_usd: f64,
    pub amount_micro: BigInt,
    pub network: String,
    pub payee: String,
    pub model: Option<String>,
}

/// A function of JavaScript that can be called from the threads of the core. It is weak: not the
/// function keeps a process alive, only the promise of the call that waits for its answer.
pub(crate) type Ask = ThreadsafeFunction<
    PaymentRequestOutput,
    Promise<bool>,
    PaymentRequestOutput,
    Status,
    false,
    true,
>;

/// The application's say in payments.
pub(crate) struct OnPayment(pub(crate) Ask);

impl fmt::Debug for OnPayment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnPayment")
    }
}

#[async_trait::async_trait]
impl PaymentHook for OnPayment {
    async fn approve(&self, terms: &Terms, model: Option<&str>) -> CoreResult<()> {
        let request = PaymentRequestOutput {
            amount_usd: terms.amount.dollars(),
            amount_micro: micro(terms.amount),
            network: terms.network.caip2.to_owned(),
            payee: terms.payee.to_string(),
            model: model.map(str::to_owned),
        };
        match self.ask(request).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(refused(terms.amount, "")),
            // What was thrown stays with the error, and is its cause in JavaScript again.
            Err(thrown) => {
                let reason = format!(": {}", thrown.reason);
                Err(refused(terms.amount, &reason).with_source(thrown))
            }
        }
    }
}

impl OnPayment {
    async fn ask(&self, request: PaymentRequestOutput) -> napi::Result<bool> {
        self.0.call_async_catch(request).await?.await
    }
}

fn refused(amount: Usdc, reason: &str) -> Error {
    let message = format!("onPayment refused to pay ${amount}, nothing was sent{reason}");
    Error::new(ErrorKind::Payment, message)
}
