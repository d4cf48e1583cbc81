//! The answer of a paid call, fetched again with the token that only this wallet home has.

use bytes::Bytes;
use http::Method;
use url::Url;

use super::{PaidHttp, PaidRequest, PaidResponse, headers, paid::origin};
use crate::{
    error::{Error, Result},
    x402::{nonce, payment_id},
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
        headers::add_recovery(&mut headers, &token)?;
        let address = format!("{}/v1/answers/{id}", api_url.as_str().trim_end_matches('/'));
        let url = Url::parse(&address)
            .map_err(|cause| Error::argument("key", &format!("{id:?}: {cause}")))?;
        let asked = PaidRequest {
            method: Method::GET,
            url,
            body: Bytes::new(),
            model: None,
            timeout: like.timeout,
            key: None,
        };
        self.exchange_unpaid(asked, headers).await
    }

    fn id_of(&self, key: &str, like: &PaidRequest) -> Result<String> {
        let (method, path) = (like.method.as_str(), like.url.path());
        let nonce = nonce(self.signer.address(), key, method, &origin(&like.url)?, path);
        Ok(payment_id(&nonce))
    }
}
