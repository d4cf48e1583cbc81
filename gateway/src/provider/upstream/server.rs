//! One upstream: its connections, its breaker, and how often it is asked.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::StatusCode;
use reqwest::{Client, Response};
use tokio::time::{sleep, timeout};
use url::Url;

use super::{
    breaker::Breaker,
    failure::{Failure, Remedy},
    question::Question,
    reading,
    settings::Upstream,
};
use crate::{outgoing, trace};

/// Dead peers are found by probes this far apart.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// Before the second attempt; before each further one it doubles.
const PAUSE: Duration = Duration::from_millis(200);
/// Longest wait for another attempt; an upstream that wants more is given up.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// An upstream that can be asked.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) settings: Upstream,
    pub(super) breaker: Breaker,
    http: Client,
}

impl Server {
    /// Connects to nothing yet.
    pub(super) fn new(settings: Upstream) -> Result<Self, String> {
        let http = outgoing::client()
            .map_err(|error| error.to_string())?
            .user_agent(concat!("blockrun-gateway/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(settings.connect_timeout)
            .tcp_keepalive(KEEPALIVE)
            .http2_keep_alive_interval(KEEPALIVE)
            .http2_keep_alive_timeout(KEEPALIVE)
            .build()
            .map_err(|error| error.to_string())?;
        let breaker = Breaker::new(settings.breaker_failures, settings.breaker_pause);
        Ok(Self { settings, breaker, http })
    }

    /// Asks, and asks again where that may help and the breaker lets it. `name` is the model's here.
    pub(super) async fn ask<Q: Question>(
        self: &Arc<Self>,
        name: &str,
        question: &Q,
    ) -> Result<Q::Answer, Failure> {
        let mut tried = 0;
        loop {
            if !self.breaker.admit(Instant::now()) {
                return Err(Failure::resting());
            }
            let attempt = timeout(self.settings.timeout, question.ask(self, name)).await;
            let late = |_| Err(Failure::useless("the upstream did not answer in time"));
            let failure = match attempt.unwrap_or_else(late) {
                Ok(answer) => {
                    self.breaker.succeeded();
                    return Ok(answer);
                }
                Err(failure) => self.judged(failure),
            };
            let Some(pause) = pause(&failure, tried).filter(|_| tried < self.settings.retries)
            else {
                return Err(failure);
            };
            sleep(pause).await;
            tried += 1;
        }
    }

    /// Takes note of a failure.
    pub(super) fn judged(&self, failure: Failure) -> Failure {
        let upstream = &self.settings.name;
        if !failure.counts {
            // Whoever finds fault with a request is at work.
            self.breaker.succeeded();
            return failure;
        }
        tracing::warn!(upstream, problem = failure.message, "an upstream failed");
        if self.breaker.failed(Instant::now()) {
            let pause = self.settings.breaker_pause;
            tracing::error!(upstream, ?pause, "an upstream failed repeatedly and is left alone");
        }
        failure
    }

    /// Posts JSON to an endpoint under the base URL; anything but a 2xx is a failure.
    pub(super) async fn post(&self, path: [&str; 2], body: Vec<u8>) -> Result<Response, Failure> {
        let mut url = self.settings.base_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        let request = self.http.post(url).header(http::header::CONTENT_TYPE, "application/json");
        let request = request.headers(trace::headers());
        let request = request.headers(self.settings.headers.clone()).body(body);
        let response = request.send().await.map_err(|error| unreached(&error))?;
        match response.status() {
            status if status.is_success() => Ok(response),
            StatusCode::BAD_REQUEST => {
                let key = self.settings.key.as_ref().and_then(|key| key.to_str().ok());
                Err(reading::refusal(response, key).await)
            }
            status => Err(Failure::status(status, response.headers())),
        }
    }

    /// Gets something that an answer links to, without the key: it may be anywhere.
    pub(super) async fn fetch(&self, url: Url) -> Result<Response, Failure> {
        let response = self.http.get(url).send().await.map_err(|error| unreached(&error))?;
        let status = response.status();
        if status.is_success() {
            Ok(response)
        } else {
            Err(Failure::status(status, response.headers()))
        }
    }
}

/// The error's own words hold the URL.
fn unreached(error: &reqwest::Error) -> Failure {
    let connected = !error.is_connect();
    Failure::lost(if connected { "the upstream broke off" } else { "the upstream is not reached" })
}

/// How long to wait before another attempt that may help; jittered, so that callers who failed
/// together do not come back together.
fn pause(failure: &Failure, tried: u32) -> Option<Duration> {
    let Remedy::Again(wanted) = failure.remedy else { return None };
    let doubled = PAUSE.saturating_mul(1 << tried.min(8)).min(LONGEST_PAUSE);
    let pause = wanted.unwrap_or(Duration::ZERO).max(doubled.mul_f64(0.5 + random() / 2.0));
    (pause <= LONGEST_PAUSE).then_some(pause)
}

/// From 0 to 1. Without randomness in the system everyone waits alike, which does no harm.
fn random() -> f64 {
    let mut byte = [0];
    let drawn = getrandom::fill(&mut byte);
    drawn.map_or(1.0, |()| f64::from(byte[0]) / 255.0)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    #[test]
    fn the_wait_grows_and_has_an_end() {
        let busy = |wanted| Failure {
            remedy: Remedy::Again(wanted),
            ..Failure::status(StatusCode::SERVICE_UNAVAILABLE, &HeaderMap::new())
        };
        let within = |tried, least, most| {
            let pause = pause(&busy(None), tried).unwrap().as_millis();
            assert!((least..=most).contains(&pause), "{pause}");
        };
        within(0, 100, 200);
        within(2, 400, 800);
        within(40, 1_500, 3_000);
        let second = Duration::from_secs(1);
        assert_eq!(pause(&busy(Some(second)), 0), Some(second));
        assert_eq!(pause(&busy(Some(LONGEST_PAUSE + second)), 0), None);
        assert_eq!(pause(&Failure::useless("x"), 0), None);
        assert_eq!(pause(&Failure::refused("x".into()), 0), None);
    }
}
