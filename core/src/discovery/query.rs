//! Looking for resources.

use std::time::Duration;

use url::Url;

use super::{Page, Resource};
use crate::{
    client::LLMClient,
    error::{Error, ErrorKind, Result},
    money::Usdc,
    networks::Network,
    policy::check_url,
};

/// Where a listing is, below a server.
const PATH: &str = "/discovery/resources";
/// Items that are asked for at once: the most that x402 allows.
const PAGE: usize = 100;
/// Items that are looked at before a listing is left, whatever it has.
const MOST: usize = 2_000;
/// Largest page that is read, in bytes.
const MAX_BODY: usize = 4 * 1024 * 1024;
/// Time for a whole search unless it is set.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What is looked for, and where. [`DiscoverOptions::default`] is all that the client's own server has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiscoverOptions {
    /// A server that lists resources: a gateway, a facilitator, a catalog. Default: the client's own.
    pub url: Option<String>,
    /// Words that must all be in address, description, service name or tags, in any case.
    pub query: Option<String>,
    /// Only what can be paid on this network: a CAIP-2 identifier, or a name of x402 v1.
    pub network: Option<String>,
    /// Only what is offered for at most this much USDC (on that network).
    pub max_price: Option<Usdc>,
    /// Most results. Default 20.
    pub limit: Option<usize>,
    /// Time for the whole search. Default 30 s.
    pub timeout: Option<Duration>,
}

impl LLMClient {
    /// Finds resources that can be paid for, in the order of the listing. Pays and sends nothing but
    /// the question: no key, no wallet.
    ///
    /// The server is asked to filter by network; everything is filtered here too, since it may not.
    /// At most 2,000 items are looked at.
    ///
    /// # Errors
    /// `InvalidArgument` that names the field; `Api`, `Connection` or `Timeout`.
    pub async fn discover(&self, options: &DiscoverOptions) -> Result<Vec<Resource>> {
        let search = Search::of(options, self.api_url())?;
        let timeout = options.timeout.unwrap_or(TIMEOUT);
        let found = tokio::time::timeout(timeout, self.search(&search)).await;
        found.unwrap_or_else(|_| {
            let message = format!("the listing was not read within {} s", timeout.as_secs_f64());
            Err(Error::new(ErrorKind::Timeout, message))
        })
    }

    async fn search(&self, search: &Search) -> Result<Vec<Resource>> {
        let (mut found, mut offset) = (Vec::new(), 0);
        loop {
            let answer = self.transport().fetch(&search.page(offset), MAX_BODY).await?;
            if answer.status != 200 {
                let message = format!("{} answered {} to a search", search.url, answer.status);
                let error = Error::new(ErrorKind::Api, message).with_status(answer.status);
                return Err(error.with_response(String::from_utf8_lossy(&answer.body)));
            }
            let page = Page::parse(&answer.body)?;
            for resource in page.resources {
                // A server that knows no offset says the same again.
                if search.wants(&resource) && !found.contains(&resource) {
                    found.push(resource);
                }
            }
            offset += page.items;
            let more = page.total.map_or(page.items >= PAGE, |total| (offset as u64) < total);
            if page.items == 0 || !more || found.len() >= search.limit || offset >= MOST {
                found.truncate(search.limit);
                return Ok(found);
            }
        }
    }
}

/// A search, checked.
struct Search {
    url: Url,
    words: Vec<String>,
    network: Option<String>,
    max_price: Option<Usdc>,
    limit: usize,
}

impl Search {
    fn of(options: &DiscoverOptions, api_url: &str) -> Result<Self> {
        let own = Url::parse(api_url).map(|url| url.origin().ascii_serialization());
        let own = own.unwrap_or_default();
        let mut url = check_url("url", options.url.as_deref().unwrap_or(&own))?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(Error::argument("url", "has a query: give the address of the server"));
        }
        let path = url.path().trim_end_matches('/');
        let path = if path.ends_with(PATH) { path.to_owned() } else { format!("{path}{PATH}") };
        url.set_path(&path);
        let limit = options.limit.unwrap_or(20);
        if limit == 0 || limit > MOST {
            return Err(Error::argument("limit", &format!("{limit} is not from 1 to {MOST}")));
        }
        if options.timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(Error::argument("timeout", "must be more than 0 seconds"));
        }
        let words = options.query.as_deref().unwrap_or_default().to_lowercase();
        Ok(Self {
            url,
            words: words.split_whitespace().map(str::to_owned).collect(),
            network: options.network.clone(),
            max_price: options.max_price,
            limit,
        })
    }

    fn page(&self, offset: usize) -> Url {
        let mut url = self.url.clone();
        let mut pairs = url.query_pairs_mut();
        pairs.append_pair("limit", &PAGE.to_string());
        pairs.append_pair("offset", &offset.to_string());
        if let Some(id) = &self.network {
            // What a listing of today calls it.
            let network = Network::by_id(id).map_or(id.as_str(), |network| network.caip2);
            pairs.append_pair("network", network);
        }
        drop(pairs);
        url
    }

    fn wants(&self, resource: &Resource) -> bool {
        let on = |id: &String| resource.accepts.iter().any(|offer| offer.is_on(id));
        let price = || resource.price(self.network.as_deref());
        resource.speaks_of(&self.words)
            && self.network.as_ref().is_none_or(on)
            && self.max_price.is_none_or(|most| price().is_some_and(|price| price <= most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_goes_where_it_was_sent() {
        let url = |url: Option<&str>| {
            let options = DiscoverOptions { url: url.map(str::to_owned), ..Default::default() };
            Search::of(&options, "https://blockrun.ai/api").map(|search| search.page(0).to_string())
        };
        let found = |base: Option<&str>| url(base).ok();
        let query = "?limit=100&offset=0";
        let at = |base: &str| Some(format!("{base}/discovery/resources{query}"));
        assert_eq!(found(None), at("https://blockrun.ai"));
        assert_eq!(
            found(Some("https://x402.example/facilitator/")),
            at("https://x402.example/facilitator")
        );
        assert_eq!(
            found(Some("https://x402.example/discovery/resources")),
            at("https://x402.example")
        );
        for bad in
            ["http://x402.example", "https://a:b@x402.example", "https://x402.example?a=b", "x"]
        {
            assert_eq!(url(Some(bad)).unwrap_err().field(), Some("url"), "{bad}");
        }
    }

    #[test]
    fn bounds_are_named() {
        let field =
            |options| Search::of(&options, "https://a.example").err()?.field().map(str::to_owned);
        for limit in [0, 2_001] {
            let options = DiscoverOptions { limit: Some(limit), ..Default::default() };
            assert_eq!(field(options).as_deref(), Some("limit"));
        }
        let options = DiscoverOptions { timeout: Some(Duration::ZERO), ..Default::default() };
        assert_eq!(field(options).as_deref(), Some("timeout"));
        assert_eq!(field(DiscoverOptions::default()), None);
    }
}
