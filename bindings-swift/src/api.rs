//! A request to an endpoint that has no function of its own.

use std::{collections::HashMap, time::Duration};

use blockrun_llm::{
    Error,
    error::Result,
    http::{PaidResponse, Replay},
};
use http::Method;

use crate::{
    convert::{Status, json},
    money::Usdc,
};

/// A request to any endpoint below the base address.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct ApiRequest {
    /// Path below the base address, such as `/v1/search`, without query.
    pub path: String,
    /// HTTP method.
    #[uniffi(default = "GET")]
    pub method: String,
    /// Query; it is encoded when sent.
    #[uniffi(default)]
    pub query: HashMap<String, String>,
    /// Body: JSON text.
    #[uniffi(default)]
    pub body: Option<String>,
    /// Names the call, as that of a chat does.
    #[uniffi(default)]
    pub idempotency_key: Option<String>,
    /// Total time of this call. Default: the client's.
    #[uniffi(default)]
    pub timeout: Option<Duration>,
    /// Whether a payment that was sent may be sent again when its answer is lost. Not to be, for an
    /// endpoint that does its work anew for each request.
    #[uniffi(default = true)]
    pub replay: bool,
}

impl ApiRequest {
    pub(crate) fn into_core(self) -> Result<blockrun_llm::ApiRequest> {
        let method = Method::from_bytes(self.method.as_bytes())
            .map_err(|_| Error::argument("method", &format!("{:?} is none", self.method)))?;
        if let Some(body) = &self.body {
            json("body", body)?;
        }
        let mut query: Vec<_> = self.query.into_iter().collect();
        // The same request twice is the same call.
        query.sort();
        Ok(blockrun_llm::ApiRequest {
            query,
            body: self.body.unwrap_or_default().into(),
            idempotency_key: self.idempotency_key,
            timeout: self.timeout,
            replay: if self.replay { Replay::Always } else { Replay::Never },
            ..blockrun_llm::ApiRequest::new(method, self.path)
        })
    }
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ApiResponse {
    /// HTTP status, 200 to 299: every other one is an error.
    pub status_code: Status,
    /// `content-type`, where it was told.
    pub content_type: Option<String>,
    /// Body.
    pub body: Vec<u8>,
    /// What was paid; zero when nothing was asked.
    pub cost: Usdc,
    /// The transaction, where the server told it.
    pub transaction: Option<String>,
}

impl From<PaidResponse> for ApiResponse {
    fn from(response: PaidResponse) -> Self {
        let content_type = response.headers.get(http::header::CONTENT_TYPE);
        let amount = response.receipt.as_ref().map(|receipt| receipt.amount);
        Self {
            status_code: response.status.into(),
            content_type: content_type.and_then(|text| text.to_str().ok()).map(str::to_owned),
            body: response.body.into(),
            cost: amount.unwrap_or_default().into(),
            transaction: response.receipt.and_then(|receipt| receipt.transaction),
        }
    }
}
