//! The same purse at another server.

use std::sync::Arc;

use super::{ApiRequest, Inner, LLMClient, Rail};
use crate::{
    error::{Error, Result},
    http::{PaidHttp, PaidResponse},
    policy::check_url,
};

impl LLMClient {
    /// A client of the server of another address, such as that of a
    /// [found resource](crate::discovery::Resource): its base address is the origin of `url`. Wallet,
    /// policy, journal, hook and all budgets are those of this client, the session's included; what
    /// either of them spends, both have spent.
    ///
    /// A server is named here by the program, never by a server: a payment goes to the origin that its
    /// client was made for, and to no other.
    ///
    /// # Errors
    /// `InvalidArgument` for an address that no payment may travel to, for one on this machine where
    /// this client's server is not, or the other way round (play money and real money have different
    /// proofs), and with an API key, which belongs to one server.
    pub fn at(&self, url: &str) -> Result<Self> {
        let rail = Rail::Wallet(Box::new(self.http_at("url", url)?));
        let Inner { model, timeout, .. } = &*self.inner;
        Ok(Self { inner: Arc::new(Inner { rail, model: model.clone(), timeout: *timeout }) })
    }

    /// What pays at the client's own server; `method` is what only a wallet can do.
    pub(crate) fn http_of(&self, method: &str) -> Result<&PaidHttp> {
        self.inner.rail.wallet(method)
    }

    /// What pays at the server of an address, which `field` named.
    pub(crate) fn http_at(&self, field: &str, url: &str) -> Result<PaidHttp> {
        let wallet = self.http_of("at")?;
        let mut base = check_url(field, url)?;
        base.set_path("");
        base.set_query(None);
        base.set_fragment(None);
        if base.scheme() != wallet.api_url.scheme() {
            let problem = format!(
                "{} is on this machine and {} is not: make a client of its own for either",
                if base.scheme() == "http" { &base } else { &wallet.api_url },
                if base.scheme() == "http" { &wallet.api_url } else { &base },
            );
            return Err(Error::argument(field, &problem));
        }
        let foresight = Arc::new(wallet.foresight.of_nothing());
        Ok(PaidHttp { api_url: base, foresight, ..wallet.clone() })
    }

    /// Sends a request to a whole address, such as that of a found resource, and pays for it when
    /// asked: [`at`](Self::at) and [`request`](Self::request) in one. The request's path is empty, as
    /// the address has it; its query comes after that of the address.
    ///
    /// # Errors
    /// As both, and `InvalidArgument` for a request with a path of its own.
    pub async fn request_at(&self, url: &str, request: ApiRequest) -> Result<PaidResponse> {
        if !request.path.is_empty() {
            let problem = format!("is {:?}: the address {url:?} has it already", request.path);
            return Err(Error::argument("path", &problem));
        }
        let address = check_url("url", url)?;
        let mut query: Vec<_> = address.query_pairs().into_owned().collect();
        query.extend(request.query);
        let request = ApiRequest { path: address.path().to_owned(), query, ..request };
        self.at(url)?.request(&request).await
    }
}
