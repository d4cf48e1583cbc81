//! Turning answers, receipts and failures into responses.

use alloy::primitives::B256;
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use blockrun_llm::{
    Usdc,
    networks::Network,
    x402::{PAYMENT_RESPONSE, Settlement, Version, X_PAYMENT_RESPONSE},
};
use http::{HeaderValue, StatusCode, header};

use crate::{problem::Problem, provider::ProviderError};

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

/// A settlement as the payer is told of it, in the version of the payment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Receipt {
    pub(super) version: Version,
    pub(super) network: &'static Network,
    pub(super) payer: alloy::primitives::Address,
    pub(super) amount: Usdc,
}

impl Receipt {
    /// A paid response: with its receipt, and for this payer's caches only.
    pub(super) fn settled(&self, mut response: Response, txid: B256) -> Response {
        let settlement = Settlement { success: true, ..self.settlement(Some(txid)) };
        self.attach(&mut response, &settlement);
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private"));
        response
    }

    /// The token refused the transfer after all: nothing was charged.
    pub(super) fn failed(&self, mut response: Response, reason: &str) -> Response {
        let reason = Some(reason.to_owned());
        let settlement = Settlement { error_reason: reason, ..self.settlement(None) };
        self.attach(&mut response, &settlement);
        response
    }

    /// Whether the transfer was executed is not known yet; the same payment again will tell.
    pub(super) fn pending(&self, txid: B256) -> Response {
        let message = "The settlement is not confirmed yet. Send the same request with the same \
                       payment again: it is executed at most once.";
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "settlement_pending", message);
        let mut response = problem.retry_after(1).into_response();
        let reason = Some("settlement_pending".to_owned());
        let settlement = Settlement { error_reason: reason, ..self.settlement(Some(txid)) };
        self.attach(&mut response, &settlement);
        response
    }

    fn settlement(&self, txid: Option<B256>) -> Settlement {
        let network = match self.version {
            Version::V1 => self.network.v1_name.unwrap_or(self.network.caip2),
            Version::V2 => self.network.caip2,
        };
        Settlement {
            success: false,
            transaction: txid.map(|txid| txid.to_string()).unwrap_or_default(),
            network: network.to_owned(),
            payer: Some(self.payer.to_string()),
            amount: Some(self.amount.micro().to_string()),
            error_reason: None,
        }
    }

    fn attach(&self, response: &mut Response, settlement: &Settlement) {
        let name = match self.version {
            Version::V1 => X_PAYMENT_RESPONSE,
            Version::V2 => PAYMENT_RESPONSE,
        };
        // Base64 is always a valid header value.
        if let Ok(value) = HeaderValue::try_from(settlement.to_header()) {
            response.headers_mut().insert(name, value);
        }
    }
}

/// The provider failed before anything was settled.
pub(super) fn provider_failed(error: &ProviderError) -> Problem {
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

/// Paid for, delivered or lost, and not kept any more.
pub(super) fn gone() -> Problem {
    let message = "This payment was executed and its answer is not kept any more; a new call needs \
                   a payment with a new nonce.";
    Problem::new(StatusCode::GONE, "answer_expired", message)
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

/// The same paid request is still being answered elsewhere.
pub(super) fn in_flight() -> Problem {
    let message = "This very payment is still being served; send the same request again later.";
    Problem::new(StatusCode::CONFLICT, "authorization_in_flight", message).retry_after(2)
}

#[cfg(test)]
mod tests {
    use alloy::primitives::Address;
    use blockrun_llm::networks::BASE_SEPOLIA;

    use super::*;

    fn receipt(version: Version) -> Receipt {
        let amount = Usdc::from_micro(1_000);
        Receipt { version, network: &BASE_SEPOLIA, payer: Address::repeat_byte(1), amount }
    }

    #[test]
    fn an_unknown_settlement_is_never_a_402() {
        let response = receipt(Version::V2).pending(B256::repeat_byte(7));
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
