//! What a facilitator answers.

use alloy::primitives::{Address, B256};
use blockrun_llm::{Usdc, x402::InvalidReason};
use serde::Serialize;

/// Answer of `/verify`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VerifyReply {
    is_valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    invalid_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invalid_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payer: Option<String>,
}

impl VerifyReply {
    /// The token would execute it.
    pub(super) fn good(payer: Address) -> Self {
        let payer = Some(payer.to_string());
        Self { is_valid: true, invalid_reason: None, invalid_message: None, payer }
    }

    /// It would not, or nobody could be asked.
    pub(crate) fn refused(reason: InvalidReason, payer: Option<Address>) -> Self {
        Self {
            is_valid: false,
            invalid_reason: Some(reason.code),
            invalid_message: Some(reason.detail),
            payer: payer.map(|payer| payer.to_string()),
        }
    }
}

/// Answer of `/settle`.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SettleReply {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payer: Option<String>,
    /// Empty when there is none.
    transaction: String,
    /// As the request names it.
    network: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
}

impl SettleReply {
    /// Executed by this transaction.
    pub(super) fn settled(of: &Of<'_>, txid: B256, amount: Usdc) -> Self {
        let amount = Some(amount.micro().to_string());
        Self { success: true, transaction: txid.to_string(), amount, ..of.blank() }
    }

    /// Not executed by us.
    pub(super) fn refused(of: &Of<'_>, reason: InvalidReason) -> Self {
        Self { error_reason: Some(reason.code), error_message: Some(reason.detail), ..of.blank() }
    }

    /// A transaction may have executed it or may still do so: the same request again will tell.
    pub(super) fn pending(of: &Of<'_>, txid: Option<B256>) -> Self {
        let transaction = txid.map(|txid| txid.to_string()).unwrap_or_default();
        Self { error_reason: Some("settlement_pending"), transaction, ..of.blank() }
    }

    /// There is no payment that anything could be said about.
    pub(crate) fn unread(reason: InvalidReason) -> Self {
        Self {
            error_reason: Some(reason.code),
            error_message: Some(reason.detail),
            ..Self::default()
        }
    }
}

/// What every answer to one request repeats.
pub(super) struct Of<'a> {
    pub(super) payer: Address,
    pub(super) network: &'a str,
}

impl Of<'_> {
    fn blank(&self) -> SettleReply {
        SettleReply {
            payer: Some(self.payer.to_string()),
            network: self.network.to_owned(),
            ..SettleReply::default()
        }
    }
}
