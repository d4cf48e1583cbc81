//! Headers of a leg.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT, CONTENT_TYPE},
};

use super::PaidRequest;
use crate::{
    error::{Error, ErrorKind, Result},
    flow::Recording,
    x402::{IDEMPOTENCY_KEY, RECOVERY},
};

/// What an event stream is asked for with: a server that answers whole may do so.
const EVENTS_OR_JSON: &str = "text/event-stream, application/json";

/// Headers of the unpaid leg.
pub(super) fn unpaid(request: &PaidRequest) -> HeaderMap {
    let mut headers = json(!request.body.is_empty());
    if request.events {
        headers.insert(ACCEPT, HeaderValue::from_static(EVENTS_OR_JSON));
    }
    headers
}

/// Headers of a request for JSON, with a JSON body or none.
pub(super) fn json(has_body: bool) -> HeaderMap {
    let json = HeaderValue::from_static("application/json");
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, json.clone());
    if has_body {
        headers.insert(CONTENT_TYPE, json);
    }
    headers
}

/// Headers of a request for the events of a stored answer that come after one.
pub(super) fn events_after(last: Option<&str>, recovery: &str) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
    if let Some(last) = last {
        headers.insert(HeaderName::from_static("last-event-id"), value(last)?);
    }
    add_recovery(&mut headers, recovery)?;
    Ok(headers)
}

/// Headers of a paid leg: the payment, the call's public id, and the token that opens its answer.
pub(super) fn paid(
    request: &PaidRequest,
    recording: &Recording,
    payment_id: &str,
    recovery: &str,
) -> Result<HeaderMap> {
    let mut headers = unpaid(request);
    add_payment(&mut headers, recording)?;
    headers.insert(HeaderName::from_static(IDEMPOTENCY_KEY), value(payment_id)?);
    add_recovery(&mut headers, recovery)?;
    Ok(headers)
}

/// Adds a payment.
pub(super) fn add_payment(headers: &mut HeaderMap, recording: &Recording) -> Result<()> {
    let mut payment = value(&recording.header_value)?;
    payment.set_sensitive(true);
    headers.insert(HeaderName::from_static(recording.header_name), payment);
    Ok(())
}

/// Adds the token that opens a stored answer.
pub(super) fn add_recovery(headers: &mut HeaderMap, recovery: &str) -> Result<()> {
    let mut token = value(recovery)?;
    token.set_sensitive(true);
    headers.insert(HeaderName::from_static(RECOVERY), token);
    Ok(())
}

fn value(text: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(text).map_err(|cause| {
        Error::new(ErrorKind::Payment, "the payment header could not be written").with_source(cause)
    })
}
