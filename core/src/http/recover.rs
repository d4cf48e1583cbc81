//! The answer of a paid call, fetched again with the token that only this wallet home has.

use http::Method;

use super::{PaidHttp, PaidRequest, PaidResponse, headers, paid::origin, reading::answer_url};
use crate::{
    error::Result,
    x402::{nonce, payment_id},
};

impl PaidHttp {
    /// Fetches the stored answer of the call that `key` names: a public id (`pay_…`), or the
    /// idempotency key of a request like `like`.
    ///
    /// # Errors
    /// `InvalidArgument` for a call that the journal does not know, `Connection`, `Timeout`.
    pub async fn recover(&self, key: &str, like: &PaidRequest) -> Result<PaidResponse> {
        let id = if key.starts_with("pay_") { key.to_owned() } else { self.id_of(key, like)? };
        let token = self.journal.resumable(id.clone()).await?.recovery;
        let mut headers = headers::json(false);
        headers::add_recovery(&mut headers, &token)?;
        let url = answer_url(&self.api_url, &id)?;
        self.exchange_unpaid(PaidRequest::new(Method::GET, url, like.timeout), headers).await
    }

    fn id_of(&self, key: &str, like: &PaidRequest) -> Result<String> {
        let (method, path) = (like.method.as_str(), like.url.path());
        let nonce = nonce(self.signer.address(), key, method, &origin(&like.url)?, path);
        Ok(payment_id(&nonce))
    }
}
