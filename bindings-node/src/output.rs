//! Values of the core into values of JavaScript.
//!
//! Every amount goes out twice: exactly, as a `BigInt` of micro-USDC, and in dollars as a number.

use blockrun_llm::{
    ChatResponse, Quote, Usdc,
    http::{Receipt, Reconciliation},
    journal::{JournalKind, PaymentRecord, Spending},
    x402::Settlement,
};
use napi::bindgen_prelude::BigInt;
use napi_derive::napi;

/// An answer.
#[napi(object, object_from_js = false)]
pub struct ChatOutput {
    /// The body exactly as received.
    pub raw: String,
    pub cost_usd: f64,
    pub cost_micro: BigInt,
    pub settlement: Option<SettlementOutput>,
}

impl From<ChatResponse> for ChatOutput {
    fn from(response: ChatResponse) -> Self {
        Self {
            cost_usd: response.cost().dollars(),
            cost_micro: micro(response.cost()),
            settlement: response
                .receipt
                .and_then(|Receipt { settlement, .. }| settlement)
                .map(Into::into),
            raw: response.raw,
        }
    }
}

/// What the server reported of the settlement.
#[napi(object, object_from_js = false)]
pub struct SettlementOutput {
    pub success: bool,
    pub transaction: Option<String>,
    pub network: String,
    pub payer: Option<String>,
    pub amount: Option<String>,
    pub error_reason: Option<String>,
}

impl From<Settlement> for SettlementOutput {
    fn from(settlement: Settlement) -> Self {
        Self {
            success: settlement.success,
            transaction: settlement.transaction().map(str::to_owned),
            network: settlement.network,
            payer: settlement.payer,
            amount: settlement.amount,
            error_reason: settlement.error_reason,
        }
    }
}

/// What a call would cost.
#[napi(object, object_from_js = false)]
pub struct QuoteOutput {
    pub model: String,
    pub amount_usd: f64,
    pub amount_micro: BigInt,
    pub network: Option<String>,
    pub payee: Option<String>,
}

impl From<Quote> for QuoteOutput {
    fn from(quote: Quote) -> Self {
        Self {
            model: quote.model,
            amount_usd: quote.amount.dollars(),
            amount_micro: micro(quote.amount),
            network: quote.network,
            payee: quote.payee,
        }
    }
}

/// Sums over payments.
#[napi(object, object_from_js = false)]
pub struct SpendingOutput {
    pub calls: f64,
    pub total_usd: f64,
    pub total_micro: BigInt,
    pub reserved_usd: f64,
    pub reserved_micro: BigInt,
    pub presumed_usd: f64,
    pub presumed_micro: BigInt,
}

impl From<Spending> for SpendingOutput {
    fn from(spending: Spending) -> Self {
        Self {
            calls: spending.calls as f64,
            total_usd: spending.total.dollars(),
            total_micro: micro(spending.total),
            reserved_usd: spending.reserved.dollars(),
            reserved_micro: micro(spending.reserved),
            presumed_usd: spending.presumed.dollars(),
            presumed_micro: micro(spending.presumed),
        }
    }
}

/// One payment.
#[napi(object, object_from_js = false)]
pub struct PaymentOutput {
    pub key: Option<String>,
    pub payment_id: String,
    pub state: String,
    /// Unix time.
    pub created_at: f64,
    pub method: String,
    pub url: String,
    pub model: Option<String>,
    pub network: String,
    pub amount_usd: f64,
    pub amount_micro: BigInt,
    pub payee: String,
    pub nonce: String,
    /// Unix time.
    pub valid_before: Option<f64>,
    pub transaction: Option<String>,
}

impl From<PaymentRecord> for PaymentOutput {
    fn from(record: PaymentRecord) -> Self {
        Self {
            key: record.key,
            payment_id: record.payment_id,
            state: record.state.name().to_owned(),
            created_at: record.created_at as f64,
            method: record.method,
            url: record.url,
            model: record.model,
            network: record.network,
            amount_usd: record.amount.dollars(),
            amount_micro: micro(record.amount),
            payee: record.payee,
            nonce: record.nonce,
            valid_before: record.valid_before.map(|time| time as f64),
            transaction: record.transaction,
        }
    }
}

/// What a reconciliation found.
#[napi(object, object_from_js = false)]
pub struct ReconciliationOutput {
    pub open: f64,
    pub paid: f64,
    pub freed: f64,
    pub unknown: f64,
}

impl From<Reconciliation> for ReconciliationOutput {
    fn from(found: Reconciliation) -> Self {
        Self {
            open: found.open as f64,
            paid: found.paid as f64,
            freed: found.freed as f64,
            unknown: found.unknown as f64,
        }
    }
}

/// Where payments are recorded.
#[napi(object, object_from_js = false)]
pub struct JournalOutput {
    #[napi(ts_type = "'file' | 'memory'")]
    pub kind: &'static str,
    /// Why it is not a file, where it should have been one.
    pub problem: Option<String>,
}

impl From<&JournalKind> for JournalOutput {
    fn from(kind: &JournalKind) -> Self {
        match kind {
            JournalKind::File(_) => Self { kind: "file", problem: None },
            JournalKind::Memory => Self { kind: "memory", problem: None },
            JournalKind::MemoryBecause(problem) => {
                Self { kind: "memory", problem: Some(problem.clone()) }
            }
        }
    }
}

/// The exact amount.
pub(crate) fn micro(amount: Usdc) -> BigInt {
    amount.micro().into()
}
