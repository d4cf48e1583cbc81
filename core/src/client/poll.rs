//! Requests whose answer is made in the background.

use std::time::Duration;

use http::Method;
use serde::Deserialize;
use url::Url;

use super::{ApiRequest, LLMClient, success};
use crate::{
    error::{Error, ErrorKind, Result},
    flow::retry_after,
    http::{PaidRequest, PaidResponse, Ticket},
    policy::check_path,
};

/// How long an answer that is made in the background is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollOptions {
    /// Time to wait for it, once its request was accepted. Default 300 s.
    pub budget: Duration,
    /// Pause before each question; `Retry-After` prolongs it. Default 5 s.
    pub interval: Duration,
}

impl Default for PollOptions {
    fn default() -> Self {
        Self { budget: Duration::from_secs(300), interval: Duration::from_secs(5) }
    }
}

impl LLMClient {
    /// Sends a request to an endpoint that may answer 202 with a `poll_url`, pays when asked, and
    /// asks there, showing the same payment, until the answer is made. Any other success is
    /// returned at once.
    ///
    /// # Errors
    /// As [`LLMClient::request`]. Once accepted: `Api` when the server says that it failed, or names
    /// a `poll_url` that leads elsewhere (nothing is sent there); `Timeout` at the end of the
    /// budget: the same call with the same idempotency key asks on. They say what was charged.
    pub async fn poll(&self, request: &ApiRequest, options: PollOptions) -> Result<PaidResponse> {
        let paid = request.to_paid(self.base(), self.inner.timeout)?;
        let (accepted, ticket) = self.inner.rail.begin(paid).await?;
        let accepted = success(accepted)?;
        let Progress { poll_url: Some(place), .. } = Progress::of(&accepted) else {
            return Ok(accepted);
        };
        let asked = async {
            let place = poll_url(self.base(), self.inner.rail.is_account(), &place)?;
            let made = self.made(&place, ticket.as_ref(), options.interval);
            tokio::time::timeout(options.budget, made).await.unwrap_or_else(|_| {
                let waited = options.budget.as_secs_f64();
                let message = format!("accepted, but not made within {waited} s");
                Err(Error::new(ErrorKind::Timeout, message))
            })
        };
        match asked.await {
            Ok(answer) => Ok(PaidResponse { receipt: accepted.receipt, ..answer }),
            Err(error) => Err(explain(error, &accepted, ticket)),
        }
    }

    /// The answer, when it is made.
    async fn made(
        &self,
        place: &Url,
        ticket: Option<&Ticket>,
        interval: Duration,
    ) -> Result<PaidResponse> {
        let mut pause = interval;
        loop {
            tokio::time::sleep(pause).await;
            let asked = PaidRequest::new(Method::GET, place.clone(), self.inner.timeout);
            match self.inner.rail.ask(asked, ticket).await {
                Ok(answer) if Progress::of(&answer).is_made(answer.status) => {
                    return finished(answer);
                }
                Ok(answer) => {
                    pause = retry_after(&answer.headers).unwrap_or(interval).max(interval)
                }
                Err(error) if error.is_retryable() => pause = interval,
                Err(error) => return Err(error),
            }
        }
    }
}

/// What an answer says of its making.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Progress {
    poll_url: Option<String>,
    status: Option<String>,
}

impl Progress {
    fn of(answer: &PaidResponse) -> Self {
        let said: Self = serde_json::from_slice(&answer.body).unwrap_or_default();
        let poll_url = said.poll_url.filter(|_| answer.status == 202);
        Self { poll_url, ..said }
    }

    fn is_made(&self, status: u16) -> bool {
        let working = ["queued", "pending", "processing", "running", "in_progress"];
        let works = self.status.as_deref().is_some_and(|said| working.contains(&said));
        !works && !matches!(status, 202 | 408 | 425 | 429 | 502 | 503 | 504)
    }
}

/// An answer that is made, or the server's word that it never will be.
fn finished(answer: PaidResponse) -> Result<PaidResponse> {
    let answer = success(answer)?;
    match Progress::of(&answer).status.as_deref() {
        Some("failed" | "cancelled") => Err(answer.into_error(ErrorKind::Api)),
        _ => Ok(answer),
    }
}

/// Where to ask: at our own origin only, since the payment is shown there.
fn poll_url(base: &Url, account: bool, said: &str) -> Result<Url> {
    let elsewhere = || {
        let message =
            format!("the server's poll_url {said:?} leads elsewhere, nothing was sent there");
        Error::new(ErrorKind::Api, message)
    };
    let mut url = base.join(said).map_err(|_| elsewhere())?;
    let userinfo = !url.username().is_empty() || url.password().is_some();
    if url.origin() != base.origin() || userinfo || check_path("poll_url", url.path()).is_err() {
        return Err(elsewhere());
    }
    // The host of accounts has no `/api` before its paths, and its answers may have one.
    if let Some(path) = url.path().strip_prefix("/api/").filter(|_| account) {
        let path = format!("/{path}");
        url.set_path(&path);
    }
    Ok(url)
}

fn explain(error: Error, accepted: &PaidResponse, ticket: Option<Ticket>) -> Error {
    let error = match ticket {
        Some(Ticket { key, .. }) => error.with_key(key),
        None => error,
    };
    match &accepted.receipt {
        Some(receipt) => error.with_payment(receipt.charged()),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(base: &str, account: bool, said: &str) -> Option<String> {
        poll_url(&Url::parse(base).unwrap(), account, said).ok().map(Into::into)
    }

    #[test]
    fn the_payment_is_shown_at_our_own_origin_only() {
        let base = "https://blockrun.ai/api";
        let good = "https://blockrun.ai/api/v1/videos/7";
        assert_eq!(at(base, false, "/api/v1/videos/7").as_deref(), Some(good));
        assert_eq!(at(base, false, good).as_deref(), Some(good));
        for bad in [
            "https://evil.example/api/v1/videos/7",
            "//evil.example/api/v1/videos/7",
            "http://blockrun.ai/api/v1/videos/7",
            "https://blockrun.ai:8443/api/v1/videos/7",
            "https://blockrun.ai@evil.example/v1/videos/7",
            "https://user@blockrun.ai/api/v1/videos/7",
            "/api/v1/videos/%2e%2e%2f7",
            "data:text/plain,7",
            "https://",
        ] {
            assert_eq!(at(base, false, bad), None, "{bad}");
        }
    }

    #[test]
    fn accounts_have_no_api_in_their_paths() {
        let base = "https://api.blockrun.ai";
        let good = "https://api.blockrun.ai/v1/videos/7?a=1";
        assert_eq!(at(base, true, "/api/v1/videos/7?a=1").as_deref(), Some(good));
        assert_eq!(at(base, true, "/v1/videos/7?a=1").as_deref(), Some(good));
    }
}
