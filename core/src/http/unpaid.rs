//! Requests that never pay, and answers that are errors.

use http::HeaderMap;
use serde_json::Value;

use super::{PaidHttp, PaidRequest, PaidResponse, headers, transport::Leg};
use crate::{
    error::{Error, ErrorKind, Result},
    flow::{Event, retry_after},
};

impl PaidHttp {
    /// Sends a request once without a payment and returns whatever is answered, a 402 as well.
    ///
    /// # Errors
    /// `Connection` or `Timeout`.
    pub async fn send_unpaid(&self, request: PaidRequest) -> Result<PaidResponse> {
        let headers = headers::unpaid(&request);
        self.exchange_unpaid(request, headers).await
    }

    /// The same with headers of the caller's choice.
    pub(super) async fn exchange_unpaid(
        &self,
        request: PaidRequest,
        headers: HeaderMap,
    ) -> Result<PaidResponse> {
        let PaidRequest { method, url, body, timeout, .. } = request;
        let exchange = self.transport.exchange(Leg { method, url: &url, headers, body });
        match tokio::time::timeout(timeout, exchange).await {
            Ok(Event::Answered(answer)) => Ok(PaidResponse {
                status: answer.status,
                headers: answer.headers,
                body: answer.body,
                receipt: None,
            }),
            Ok(Event::NeverSent(error) | Event::Lost(error)) => Err(error),
            _ => Err(Error::new(ErrorKind::Timeout, "the deadline passed; nothing was charged")),
        }
    }
}

impl PaidResponse {
    /// The error that an answer is: status, body and the server's own message.
    pub fn into_error(self, kind: ErrorKind) -> Error {
        let said = server_message(&self.body);
        let message = match &said {
            Some(said) => format!("API error: {}: {said}", self.status),
            None => format!("API error: {}", self.status),
        };
        Error::new(kind, message)
            .with_status(self.status)
            .with_reason(said)
            .with_retry_after(retry_after(&self.headers))
            .with_response(String::from_utf8_lossy(&self.body))
    }
}

/// `error.message` of OpenAI's shape, or a flat `error` or `message`.
fn server_message(body: &[u8]) -> Option<String> {
    let json: Value = serde_json::from_slice(body).ok()?;
    said(&json).map(|text| text.chars().take(2_000).collect())
}

/// The same of a body that was read.
pub(crate) fn said(json: &Value) -> Option<&str> {
    ["/error/message", "/error", "/message"]
        .into_iter()
        .find_map(|pointer| json.pointer(pointer)?.as_str())
}
