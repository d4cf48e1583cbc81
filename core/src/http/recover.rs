//! The answer of a paid call, fetched again with the token that only this wallet home has.

use http::Method;

use super::{
    PaidHttp, PaidRequest, PaidResponse, Receipt, headers, paid::origin, reading::answer_url,
};
use crate::{
    error::Result,
    flow::Outcome,
    journal::Resumable,
    x402::{nonce, payment_id},
};

impl PaidHttp {
    /// Fetches the stored answer of the call that `key` names: a public id (`pay_…`), or the
    /// idempotency key of a request like `like`. Its receipt is what the journal knows was paid for
    /// it, by the call that paid.
    ///
    /// # Errors
    /// `InvalidArgument` for a call that the journal does not know, `Connection`, `Timeout`.
    pub async fn recover(&self, key: &str, like: &PaidRequest) -> Result<PaidResponse> {
        let id = if key.starts_with("pay_") { key.to_owned() } else { self.id_of(key, like)? };
        let Resumable { recovery, ended, .. } = self.journal.resumable(id.clone()).await?;
        let mut headers = headers::json(false);
        headers::add_recovery(&mut headers, &recovery)?;
        let url = answer_url(&self.api_url, &id);
        let asked = PaidRequest::new(Method::GET, url, like.timeout);
        let answer = self.exchange_unpaid(asked, headers).await?;
        let receipt = match ended {
            Some(Outcome::Settled { amount, transaction, .. }) => {
                Some(Receipt { amount, transaction, settlement: None })
            }
            _ => None,
        };
        Ok(PaidResponse { receipt, ..answer })
    }

    fn id_of(&self, key: &str, like: &PaidRequest) -> Result<String> {
        let (method, path) = (like.method.as_str(), like.url.path());
        let nonce = nonce(self.signer.address(), key, method, &origin(&like.url)?, path);
        Ok(payment_id(&nonce))
    }
}
