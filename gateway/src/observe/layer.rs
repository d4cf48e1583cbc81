//! Around all routes: a name, a line in the log and figures for every request.
//!
//! What the line never says: what was asked or answered, addresses with their query or names of
//! pictures, headers, and so no payment and no token.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, Method};
use tracing::Instrument;

use super::{
    Charged, Metrics, Reason, Ticket,
    body::Watched,
    label::CLIENT_GONE,
    metrics::End,
    request_id::{REQUEST_ID, request_id},
};
use crate::{app::App, trace};

/// The route of a request that no route takes.
const UNKNOWN: &str = "unknown";

/// Watches a request from its head to the last byte of its answer.
pub(crate) async fn watch(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let mut line = Line::begin(&app.metrics, &request);
    request.extensions_mut().insert(line.ticket.clone());
    let span = tracing::info_span!("request", id = line.id.to_str().unwrap_or_default());
    trace::adopt(&span, request.headers());
    let mut response = next.run(request).instrument(span).await;
    line.answered(&response);
    response.headers_mut().insert(REQUEST_ID, line.id.clone());
    response.map(|body| Body::new(Watched { body, _until_then: line }))
}

/// What is written of a request once it is over.
struct Line {
    metrics: Arc<Metrics>,
    ticket: Ticket,
    id: HeaderValue,
    method: Method,
    route: String,
    began: Instant,
    head: Option<Head>,
}

/// What is known with the head of the answer.
struct Head {
    status: u16,
    after: Duration,
    reason: Option<&'static str>,
    charged: Option<Charged>,
}

impl Line {
    fn begin(metrics: &Arc<Metrics>, request: &Request) -> Self {
        metrics.figures.in_flight.inc();
        let route = request.extensions().get::<MatchedPath>();
        Self {
            metrics: Arc::clone(metrics),
            ticket: Ticket::default(),
            id: request_id(request.headers()),
            method: request.method().clone(),
            route: route.map_or(UNKNOWN, MatchedPath::as_str).to_owned(),
            began: Instant::now(),
            head: None,
        }
    }

    fn answered(&mut self, response: &Response) {
        let said = response.extensions();
        self.head = Some(Head {
            status: response.status().as_u16(),
            after: self.began.elapsed(),
            reason: said.get::<Reason>().map(|reason| reason.0),
            charged: said.get::<Charged>().copied(),
        });
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let Self { metrics, ticket, id, method, route, began, head } = self;
        let head = head.as_ref();
        let end = End {
            route,
            status: head.map_or(CLIENT_GONE, |head| head.status),
            reason: head.and_then(|head| head.reason),
            first_byte: head.map(|head| head.after),
            whole: began.elapsed(),
        };
        metrics.figures.in_flight.dec();
        metrics.served(&end);
        let charged = head.and_then(|head| head.charged);
        let payer = charged.as_ref().map(|charged| &charged.payer).or(ticket.payer());
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            request_id = id.to_str().unwrap_or_default(),
            %method,
            route,
            status = end.status,
            ms = milliseconds(end.whole),
            head_ms = end.first_byte.map(milliseconds),
            model = ticket.model(),
            micro_usdc = charged.and_then(|charged| u64::try_from(charged.amount.micro()).ok()),
            payer = payer.map(tracing::field::display),
            reason = end.reason,
            "request"
        );
    }
}
