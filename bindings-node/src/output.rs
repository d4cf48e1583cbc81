//! Values of the core into values of JavaScript.
//!
//! Every amount goes out twice: exactly, as a `BigInt` of micro-USDC, and in dollars as a number.

use blockrun_llm::{
    ChatResponse, ImageResponse, Quote, Usdc,
    chat::ServerFallback,
    http::{PaidResponse, Receipt, Reconciliation},
    journal::{JournalKind, PaymentRecord, Spending},
    sse::ServerEvent,
    x402::Settlement,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use napi::bindgen_prelude::BigInt;
use napi_derive::napi;

/// What an answer cost. Nothing where an account is billed: then it is not known here.
#[derive(Default)]
pub(crate) struct Cost {
    pub(crate) usd: Option<f64>,
    pub(crate) micro: Option<BigInt>,
    pub(crate) settlement: Option<SettlementOutput>,
}

impl Cost {
    pub(crate) fn new(receipt: Option<&Receipt>, billed_to_account: bool) -> Self {
        if billed_to_account {
            return Self::default();
        }
        let amount = receipt.map_or(Usdc::ZERO, |receipt| receipt.amount);
        let settlement = receipt.and_then(|receipt| receipt.settlement.clone());
        Self {
            usd: Some(amount.dollars()),
            micro: Some(micro(amount)),
            settlement: settlement.map(Into::into),
        }
    }
}

/// A whole answer.
#[napi(object, object_from_js = false)]
pub struct AnswerOutput {
    /// The body exactly as received.
    pub raw: String,
    pub cost_usd: Option<f64>,
    pub cost_micro: Option<BigInt>,
    pub settlement: Option<SettlementOutput>,
    pub fallback: Option<FallbackOutput>,
}

impl AnswerOutput {
    fn new(raw: String, cost: Cost, fallback: Option<ServerFallback>) -> Self {
        let Cost { usd, micro, settlement } = cost;
        let fallback = fallback.map(Into::into);
        Self { raw, cost_usd: usd, cost_micro: micro, settlement, fallback }
    }
}

impl From<ChatResponse> for AnswerOutput {
    fn from(response: ChatResponse) -> Self {
        let cost = Cost::new(response.receipt.as_ref(), response.billed_to_account);
        Self::new(response.raw, cost, response.fallback)
    }
}

impl From<ImageResponse> for AnswerOutput {
    fn from(response: ImageResponse) -> Self {
        let cost = Cost::new(response.receipt.as_ref(), response.billed_to_account);
        Self::new(response.raw, cost, None)
    }
}

/// Another model answered than the one that was asked.
#[napi(object, object_from_js = false)]
pub struct FallbackOutput {
    pub model: Option<String>,
    pub settlement_skipped: bool,
}

impl From<ServerFallback> for FallbackOutput {
    fn from(fallback: ServerFallback) -> Self {
        let ServerFallback { model, settlement_skipped } = fallback;
        Self { model, settlement_skipped }
    }
}

/// The head of an answer.
#[napi(object, object_from_js = false)]
pub struct HeadOutput {
    pub status: u16,
    /// Pairs.
    pub headers: Vec<Vec<String>>,
    pub cost_usd: Option<f64>,
    pub cost_micro: Option<BigInt>,
    pub settlement: Option<SettlementOutput>,
    pub fallback: Option<FallbackOutput>,
}

impl HeadOutput {
    pub(crate) fn new(status: u16, headers: &HeaderMap, cost: Cost) -> Self {
        let Cost { usd, micro, settlement } = cost;
        let pair = |(name, value): (&HeaderName, &HeaderValue)| {
            vec![name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()]
        };
        Self {
            status,
            headers: headers.iter().map(pair).collect(),
            cost_usd: usd,
            cost_micro: micro,
            settlement,
            fallback: ServerFallback::from_headers(headers).map(Into::into),
        }
    }
}

/// The answer of any endpoint.
#[napi(object, object_from_js = false)]
pub struct ApiOutput {
    pub head: HeadOutput,
    /// The body exactly as received.
    pub raw: String,
}

impl ApiOutput {
    pub(crate) fn new(response: &PaidResponse, billed_to_account: bool) -> Self {
        let cost = Cost::new(response.receipt.as_ref(), billed_to_account);
        Self {
            head: HeadOutput::new(response.status, &response.headers, cost),
            raw: String::from_utf8_lossy(&response.body).into_owned(),
        }
    }
}

/// A server-sent event.
#[napi(object, object_from_js = false)]
pub struct EventOutput {
    pub id: Option<String>,
    pub event: String,
    pub data: String,
}

impl From<ServerEvent> for EventOutput {
    fn from(event: ServerEvent) -> Self {
        Self { id: event.id, event: event.event, data: event.data }
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
