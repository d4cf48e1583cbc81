//! Where the limits are kept: clients as they come, payers once their payment is verified.

use std::{net::IpAddr, sync::Arc, time::Duration};

use alloy::primitives::Address;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::StatusCode;
use ipnet::IpNet;

use super::{
    Peer, Traffic,
    client::client,
    door::{Closed, Door},
};
use crate::{
    app::App,
    observe::{Metrics, Ticket},
    problem::Problem,
};

/// The limits of a running gateway.
#[derive(Debug)]
pub(crate) struct Gate {
    clients: Door<IpAddr>,
    payers: Door<Address>,
    proxies: Vec<IpNet>,
    metrics: Arc<Metrics>,
}

impl Gate {
    pub(crate) fn of(traffic: &Traffic, metrics: &Arc<Metrics>) -> Self {
        Self {
            clients: Door::of(&traffic.client),
            payers: Door::of(&traffic.payer),
            proxies: traffic.trusted_proxies.clone(),
            metrics: Arc::clone(metrics),
        }
    }

    /// Whether payers are limited at all.
    pub(crate) const fn counts_payers(&self) -> bool {
        self.payers.is_guarded()
    }

    /// Lets a payer's request on, whose payment is verified and not claimed yet. It counts as in flight
    /// as long as its ticket.
    pub(crate) fn let_payer(&self, payer: Address, ticket: &Ticket) -> Result<(), Problem> {
        let names = ["payer_rate", "payer_in_flight"];
        let seat = self.payers.enter(payer).map_err(|closed| self.refusal(closed, names))?;
        ticket.keep(seat);
        Ok(())
    }

    fn let_client(&self, request: &Request) -> Result<(), Problem> {
        let extensions = request.extensions();
        // A request that came over no connection is nobody's.
        let Some(peer) = extensions.get::<Peer>() else { return Ok(()) };
        let client = client(*peer, request.headers(), &self.proxies);
        let names = ["client_rate", "client_in_flight"];
        let seat = self.clients.enter(client).map_err(|closed| self.refusal(closed, names))?;
        if let Some(ticket) = extensions.get::<Ticket>() {
            ticket.keep(seat);
        }
        Ok(())
    }

    fn refusal(&self, closed: Closed, [rate, in_flight]: [&'static str; 2]) -> Problem {
        let (limit, what, wait) = match closed {
            Closed::Rate(wait) => (rate, "too often", wait),
            Closed::Crowd => (in_flight, "too many times at once", Duration::from_secs(1)),
        };
        self.metrics.limited(limit);
        let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
        let message = format!(
            "You ask {what}. Nothing was charged; send the same request, with the same payment if \
             it has one, again after {seconds} s."
        );
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", message);
        problem.retry_after(seconds)
    }
}

/// Around the routes that are for everybody.
pub(crate) async fn at_the_gate(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    app.gate.let_client(&request)?;
    Ok(next.run(request).await)
}
