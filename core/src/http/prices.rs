//! Fetching a gateway's published prices.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::Method;
use url::Url;

use super::{Transport, below, headers, transport::Leg};
use crate::{
    clock::{Clock, Timestamp},
    error::{Error, ErrorKind, Result},
    flow::Event,
    policy::{ClockReading, corrected_now},
    quote::PriceSheet,
};

/// Where a gateway publishes them, below its base address.
const PRICING: &str = "/pricing";
/// What may pass until they are there.
const PATIENCE: Duration = Duration::from_secs(30);
/// They are fetched anew when they are this old, and not used beyond twice that.
const FRESH_SECONDS: u64 = 30 * 60;

/// Published prices.
#[derive(Clone, Debug)]
pub(super) struct Prices {
    pub(super) sheet: Arc<PriceSheet>,
    /// How far the server's clock is ahead of ours, in seconds, where it is off.
    pub(super) clock_offset: i64,
    /// When they came, by our clock.
    fetched: Timestamp,
}

impl Prices {
    /// Asks a server for its prices.
    ///
    /// # Errors
    /// `Connection`, `Timeout`, `ClockSkew`, or `Api` for anything but prices that can be used.
    pub(super) async fn fetch(
        transport: Transport,
        api_url: Url,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let url = below(&api_url, PRICING);
        let (headers, body) = (headers::json(false), Bytes::new());
        let leg = Leg { method: Method::GET, url: &url, headers, body };
        let asked = tokio::time::timeout(PATIENCE, transport.exchange(leg)).await;
        let answer = match asked {
            Err(_) => return Err(Error::new(ErrorKind::Timeout, "no prices came in time")),
            Ok(Event::Answered(answer)) if answer.status == 200 => answer,
            Ok(Event::NeverSent(error) | Event::Lost(error)) => return Err(error),
            Ok(_) => return Err(Error::new(ErrorKind::Api, "the server publishes no prices")),
        };
        let fetched = clock.now();
        let corrected = corrected_now(fetched, ClockReading::from_headers(&answer.headers))?;
        let clock_offset = corrected.cast_signed() - fetched.cast_signed();
        let sheet = Arc::new(PriceSheet::parse(&answer.body)?);
        Ok(Self { sheet, clock_offset, fetched })
    }

    /// Whether they may be used, by our clock.
    pub(super) fn hold(&self, now: Timestamp) -> bool {
        let server_time = now.saturating_add_signed(self.clock_offset);
        server_time < self.sheet.expires() && now < self.fetched + 2 * FRESH_SECONDS
    }

    /// Whether there is no need to fetch them anew.
    pub(super) fn are_fresh(&self, now: Timestamp) -> bool {
        self.hold(now) && now < self.fetched + FRESH_SECONDS
    }
}
