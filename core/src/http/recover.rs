//! The answer of a paid call, fetched again with the token that only this wallet home has.

use http::{HeaderName, HeaderValue, Method};
use url::Url;

use super::{PaidHttp, PaidRequest, PaidResponse, headers, paid::origin};
use crate::{
    error::{Error, ErrorKind, Result},
    flow::Event,
    x402::{RECOVERY, nonce, payment_id},
};

impl PaidHttp {
    /// Fetches the stored answer of the call that `key` names: a public id (`pay_…`), or the
    /// idempotency key of a request like `like`.
    ///
    /// # Errors
    /// `InvalidArgument` for a call that the journal does not know, `Connection`, `Timeout`.
    pub async fn recover(
        &self,
        key: &str,
        like: &PaidRequest,
        api_url: &Url,
    ) -> Result<PaidResponse> {
        let id = if key.starts_with("pay_") { key.to_owned() } else { self.id_of(key, like)? };
        let token = self.journal.resumable(id.clone()).await?.recovery;
        let mut headers = headers::unpaid(false);
        let mut token = HeaderValue::from_str(&token).map_err(|cause| {
            Error::new(ErrorKind::Journal, "the recovery token is damaged").with_source(cause)
        })?;
        token.set_sensitive(true);
        headers.insert(HeaderName::from_static(RECOVERY), token);
        let address = format!("{}/v1/answers/{id}", api_url.as_str().trim_end_matches('/'));
        let url = Url::parse(&address)
            .map_err(|cause| Error::argument("key", &format!("{id:?}: {cause}")))?;
        let exchange = self.transport.exchange(Method::GET, &url, headers, bytes::Bytes::new());
        match tokio::time::timeout(like.timeout, exchange).await {
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

    fn id_of(&self, key: &str, like: &PaidRequest) -> Result<String> {
        let (method, path) = (like.method.as_str(), like.url.path());
        let nonce = nonce(self.signer.address(), key, method, &origin(&like.url)?, path);
        Ok(payment_id(&nonce))
    }
}
