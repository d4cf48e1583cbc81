//! The application is asked before a payment is signed.

use std::{fmt, sync::Arc};

use blockrun_llm::{error::Result, http, x402::Terms};

use crate::{convert::declined, money::Usdc};

/// What the application's own code reported: the text of what it threw.
#[derive(Clone, Debug, thiserror::Error, uniffi::Error)]
pub enum ForeignError {
    /// It threw.
    #[error("{reason}")]
    Failed {
        /// What it threw, as text.
        reason: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ForeignError {
    fn from(unexpected: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { reason: unexpected.reason }
    }
}

/// A payment that is about to be signed.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PaymentRequest {
    /// The price.
    pub amount: Usdc,
    /// CAIP-2 identifier of the network.
    pub network: String,
    /// Who would be paid.
    pub payee: String,
    /// Model that is asked.
    pub model: Option<String>,
}

/// Internal: the application's say in payments.
#[uniffi::export(foreign)]
#[async_trait::async_trait]
pub trait PaymentHook: Send + Sync {
    /// Agrees to a payment, or does not; with an error nothing is paid either.
    async fn approve(&self, request: PaymentRequest) -> std::result::Result<bool, ForeignError>;
}

/// The application's hook as the core asks it.
pub(crate) struct Hook(pub(crate) Arc<dyn PaymentHook>);

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}

#[async_trait::async_trait]
impl http::PaymentHook for Hook {
    async fn approve(&self, terms: &Terms, model: Option<&str>) -> Result<()> {
        let request = PaymentRequest {
            amount: terms.amount.into(),
            network: terms.network.caip2.to_owned(),
            payee: terms.payee.to_string(),
            model: model.map(str::to_owned),
        };
        match self.0.approve(request).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(declined("onPayment refused the payment")),
            Err(thrown) => {
                Err(declined(&format!("onPayment failed: {thrown}")).with_source(thrown))
            }
        }
    }
}
