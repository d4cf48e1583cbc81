//! The same purse at another server.

use std::sync::Arc;

use super::{Inner, LLMClient, Rail};
use crate::{
    error::{Error, Result},
    http::PaidHttp,
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
        let wallet = self.inner.rail.wallet("at")?;
        let mut base = check_url("url", url)?;
        base.set_path("");
        base.set_query(None);
        base.set_fragment(None);
        if base.scheme() != wallet.api_url.scheme() {
            let problem = format!(
                "{} is on this machine and {} is not: make a client of its own for either",
                if base.scheme() == "http" { &base } else { &wallet.api_url },
                if base.scheme() == "http" { &wallet.api_url } else { &base },
            );
            return Err(Error::argument("url", &problem));
        }
        let foresight = Arc::new(wallet.foresight.of_nothing());
        let http = PaidHttp { api_url: base, foresight, ..wallet.clone() };
        let rail = Rail::Wallet(Box::new(http));
        let Inner { model, timeout, .. } = &*self.inner;
        Ok(Self { inner: Arc::new(Inner { rail, model: model.clone(), timeout: *timeout }) })
    }
}
