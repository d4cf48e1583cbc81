//! Turning answers, receipts and failures into responses.

use alloy::primitives::B256;
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use blockrun_llm::{
    Usdc,
    networks::Network,
    x402::{InvalidReason, PAYMENT_RESPONSE, Settlement, Version, X_PAYMENT_RESPONSE},
};
use http::{HeaderValue, StatusCode, header};

use crate::{observe::Charged, offer::Offer, problem::Problem, provider::ProviderError};

/// Says that an answer can be fetched again from `/api/v1/answers/`, and by which id.
pub(crate) const ANSWER: &str = "blockrun-answer";

/// How an answer travels.
pub(super) const fn content_type(stream: bool) -> HeaderValue {
    if stream {
        HeaderValue::from_static("text/event-stream")
    } else {
        HeaderValue::from_static("application/json")
    }
}

/// A 200.
pub(super) fn ok(stream: bool, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(header::CONTENT_TYPE, content_type(stream));
    response
}

/// A settlement as the payer is told of it.
#[derive(Debug, Clone)]
pub(super) struct Receipt {
    /// The version of the payment; `None` tells it in both.
    pub(super) version: Option<Version>,
    pub(super) network: &'static Network,
    pub(super) payer: alloy::primitives::Address,
    pub(super) amount: Usdc,
    /// The id under which the answer can be fetched again; `None` when no token opens it.
    pub(super) answer: Option<String>,
}

impl Offer {
    /// The 402 of a payment that was good but was refused when it was to be executed.
    pub(super) fn refused(&self, receipt: Receipt, reason: &InvalidReason) -> Response {
        receipt.failed(self.response(Some(reason)), reason.code)
    }
}

impl Receipt {
    /// A paid response: with its receipt, the name to fetch it again by, and for this payer's caches
    /// only.
    pub(super) fn settled(&self, mut response: Response, txid: B256) -> Response {
        self.attach(&mut response, Some(txid), None);
        let Self { amount, payer, .. } = *self;
        response.extensions_mut().insert(Charged { amount, payer });
        let there = response.status().is_success();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private"));
        let answer = self.answer.as_ref().filter(|_| there);
        // Hexadecimal is always a valid header value.
        if let Some(Ok(id)) = answer.map(HeaderValue::try_from) {
            headers.insert(ANSWER, id);
        }
        response
    }

    /// The token refused the transfer after all: nothing was charged.
    pub(super) fn failed(&self, mut response: Response, reason: &str) -> Response {
        self.attach(&mut response, None, Some(reason));
        response
    }

    /// Whether the transfer was executed is not known yet; the same payment again will tell. Without
    /// the id of a transaction the receipt has an empty one.
    pub(super) fn pending(&self, txid: Option<B256>) -> Response {
        let message = "The settlement is not confirmed yet. Send the same request with the same \
                       payment again: it is executed at most once.";
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "settlement_pending", message);
        let mut response = problem.retry_after(1).into_response();
        self.attach(&mut response, txid, Some("settlement_pending"));
        response
    }

    fn attach(&self, response: &mut Response, txid: Option<B256>, failure: Option<&str>) {
        for version in [Version::V1, Version::V2] {
            if self.version.is_some_and(|own| own != version) {
                continue;
            }
            let (name, network) = match version {
                Version::V1 => {
                    (X_PAYMENT_RESPONSE, self.network.v1_name.unwrap_or(self.network.caip2))
                }
                Version::V2 => (PAYMENT_RESPONSE, self.network.caip2),
            };
            let settlement = Settlement {
                success: failure.is_none(),
                transaction: txid.map(|txid| txid.to_string()).unwrap_or_default(),
                network: network.to_owned(),
                payer: Some(self.payer.to_string()),
                amount: Some(self.amount.micro().to_string()),
                error_reason: failure.map(str::to_owned),
            };
            // Base64 is always a valid header value.
            if let Ok(value) = HeaderValue::try_from(settlement.to_header()) {
                response.headers_mut().insert(name, value);
            }
        }
    }
}

/// The provider failed, or refused the request, before anything was settled.
pub(super) fn provider_failed(error: &ProviderError) -> Problem {
    if error.refused {
        let message = format!(
            "The provider refused the request: {}. Nothing was charged; change the request.",
            error.message
        );
        return Problem::invalid("provider_refused", message);
    }
    let message = format!(
        "The provider failed: {}. Nothing was charged; the same payment can be sent again.",
        error.message
    );
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "provider_error", message)
}

/// The provider failed to make up for an answer that was paid for and cut short.
pub(super) fn still_owed(error: &ProviderError) -> Problem {
    let message = format!(
        "The provider failed: {}. This call is paid for and its answer is owed: send the same \
         request with the same payment again, it is not charged again.",
        error.message
    );
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "provider_error", message).retry_after(2)
}

/// The provider broke a paid stream off.
pub(super) fn broken_off(error: &ProviderError) -> Problem {
    let message = format!(
        "The provider broke off: {}. This call is paid for and its answer is owed: send the same \
         request with the same payment again, without Last-Event-ID, it is not charged again.",
        error.message
    );
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "provider_error", message)
}

/// Paid for and cut short; only the whole answer can be had, from whoever made it.
pub(super) fn owed() -> Problem {
    let message = "This call is paid for and its streamed answer was cut short: send the same \
                   request with the same payment again, without Last-Event-ID, to get it from the \
                   beginning; it is not charged again.";
    Problem::new(StatusCode::CONFLICT, "answer_owed", message)
}

/// Paid for, delivered or lost, and not kept any more.
pub(super) fn gone() -> Problem {
    let message = "This payment was executed and its answer is not kept any more; a new call needs \
                   a payment with a new nonce.";
    Problem::new(StatusCode::GONE, "answer_expired", message)
}

/// The settlement cannot be asked, and was not.
pub(super) fn unavailable() -> Problem {
    let message = "Payments cannot be settled right now. Nothing was sent or charged; send the same \
                   request with the same payment again.";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "settlement_unavailable", message).retry_after(2)
}

/// There is no room for one more answer.
pub(super) fn full() -> Problem {
    let message = "The gateway keeps as many answers as it may. Nothing was charged; send the same \
                   request with the same payment again later.";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "store_full", message).retry_after(10)
}

/// The nonce belongs to something else.
pub(super) fn conflict(what: &str) -> Problem {
    let message = format!(
        "The nonce of this payment was already used for {what}; sign a payment with a new nonce."
    );
    Problem::new(StatusCode::CONFLICT, "authorization_conflict", message)
}

/// The id belongs to another call of the same payer.
pub(super) fn other_call(id: &str) -> Problem {
    let message = format!(
        "The id {id} is of another call, paid with another nonce; send that payment again for its \
         answer, or use a new id for a new call. This payment was not executed."
    );
    Problem::new(StatusCode::CONFLICT, "idempotency_conflict", message)
}

/// The same paid request is still being answered elsewhere. Not a conflict: a client that is told of
/// one gives up, and this one only has to wait.
pub(super) fn in_flight() -> Problem {
    let message = "This payment is still being served; ask again later.";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "answer_pending", message).retry_after(2)
}

#[cfg(test)]
mod tests {
    use alloy::primitives::Address;
    use blockrun_llm::networks::BASE_SEPOLIA;

    use super::*;

    fn receipt(version: Version) -> Receipt {
        let amount = Usdc::from_micro(1_000);
        Receipt {
            version: Some(version),
            network: &BASE_SEPOLIA,
            payer: Address::repeat_byte(1),
            amount,
            answer: None,
        }
    }

    #[test]
    fn an_unknown_settlement_is_never_a_402() {
        let response = receipt(Version::V2).pending(Some(B256::repeat_byte(7)));
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().contains_key(header::RETRY_AFTER));
        let told = Settlement::from_headers(response.headers()).unwrap();
        assert!(told.is_pending() && !told.success);
        assert_eq!(told.transaction(), Some(B256::repeat_byte(7).to_string().as_str()));
    }

    #[test]
    fn a_failed_settlement_names_its_reason_and_no_transaction() {
        let response = receipt(Version::V1).failed(Response::default(), "insufficient_funds");
        assert!(response.headers().contains_key(X_PAYMENT_RESPONSE));
        let told = Settlement::from_headers(response.headers()).unwrap();
        assert_eq!((told.success, told.transaction()), (false, None));
        assert_eq!(told.error_reason.as_deref(), Some("insufficient_funds"));
        assert_eq!(told.network, "base-sepolia");
    }
}
