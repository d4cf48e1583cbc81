//! After sending: what comes back on the paid leg, and what is done about it. One table.

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use serde_json::Value;

use super::Answer;
use crate::x402::Settlement;

/// What came back on the paid leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Success.
    Success,
    /// The connection was lost or the leg timed out.
    Lost,
    /// 408, 425, 429, 502, 503, 504, or another 5xx with `Retry-After`.
    Busy,
    /// Another 5xx.
    ServerError,
    /// `settlement_pending` in the settlement header, with any status.
    Pending,
    /// 402: the nonce is used.
    NonceUsed,
    /// 402: not valid yet, or not valid any more.
    WrongTime,
    /// 402: the pinned pair is offered on other terms.
    ChangedTerms,
    /// 402 for any other reason.
    Refused,
    /// 409.
    Conflict,
    /// 3xx.
    Redirect,
    /// Another 4xx.
    Rejected,
}

/// What is done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reaction {
    /// The call is charged; hand over the answer.
    Finish,
    /// The same header again, until the deadline.
    Replay,
    /// The same header again, at most 3 times within 30 s.
    ReplayBriefly,
    /// The same nonce signed anew, once for the call.
    Renew,
    /// Ask the chain; without an answer the outcome is unknown.
    AskChain,
    /// End: the server refused, the authorization lives until it expires.
    EndRefused,
    /// End: the outcome is unknown, the authorization lives until it expires.
    EndUnknown,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What came back.
    pub signal: Signal,
    /// What is done.
    pub reaction: Reaction,
}

/// The table.
pub const AFTER_SENDING: [Rule; 12] = [
    Rule { signal: Signal::Success, reaction: Reaction::Finish },
    Rule { signal: Signal::Lost, reaction: Reaction::Replay },
    Rule { signal: Signal::Busy, reaction: Reaction::Replay },
    Rule { signal: Signal::ServerError, reaction: Reaction::ReplayBriefly },
    Rule { signal: Signal::Pending, reaction: Reaction::Replay },
    Rule { signal: Signal::NonceUsed, reaction: Reaction::AskChain },
    Rule { signal: Signal::WrongTime, reaction: Reaction::Renew },
    Rule { signal: Signal::ChangedTerms, reaction: Reaction::Renew },
    Rule { signal: Signal::Refused, reaction: Reaction::EndRefused },
    Rule { signal: Signal::Conflict, reaction: Reaction::EndUnknown },
    Rule { signal: Signal::Redirect, reaction: Reaction::EndRefused },
    Rule { signal: Signal::Rejected, reaction: Reaction::EndRefused },
];

/// What the table says about a signal.
pub(super) fn reaction(signal: Signal) -> Reaction {
    let row = AFTER_SENDING.iter().find(|rule| rule.signal == signal);
    row.map_or(Reaction::EndUnknown, |rule| rule.reaction)
}

/// Reads a signal from a response. A 402 without a telling reason is [`Signal::Refused`]; whether
/// its terms changed only the flow can say.
pub(super) fn signal(answer: &Answer, settlement: Option<&Settlement>) -> Signal {
    if settlement.is_some_and(Settlement::is_pending) {
        return Signal::Pending;
    }
    match answer.status {
        200..300 => Signal::Success,
        408 | 425 | 429 | 502 | 503 | 504 => Signal::Busy,
        500..600 if answer.headers.contains_key(RETRY_AFTER) => Signal::Busy,
        500..600 => Signal::ServerError,
        402 => payment_required(&reason(answer).unwrap_or_default()),
        409 => Signal::Conflict,
        300..400 => Signal::Redirect,
        _ => Signal::Rejected,
    }
}

fn payment_required(reason: &str) -> Signal {
    let reason = reason.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if says(&["nonce_already_used", "used or canceled", "payment_replay", "already used"]) {
        Signal::NonceUsed
    } else if says(&["valid_before", "valid_after", "is expired", "not yet valid"]) {
        Signal::WrongTime
    } else {
        Signal::Refused
    }
}

/// The server's own reason: from the settlement header, the 402's `error`, or an error body.
pub(super) fn reason(answer: &Answer) -> Option<String> {
    let settlement = Settlement::from_headers(&answer.headers);
    settlement
        .and_then(|settlement| settlement.error_reason)
        .or_else(|| challenge_error(&answer.headers))
        .or_else(|| body_reason(&answer.body))
}

fn challenge_error(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(crate::x402::PAYMENT_REQUIRED)?.to_str().ok()?;
    let json: Value = serde_json::from_str(&crate::x402::decode_header(value)?).ok()?;
    Some(json.get("error")?.as_str()?.to_owned())
}

fn body_reason(body: &[u8]) -> Option<String> {
    let json: Value = serde_json::from_slice(body).ok()?;
    ["/code", "/error/code", "/error/message", "/error", "/invalidMessage", "/message"]
        .into_iter()
        .find_map(|pointer| json.pointer(pointer)?.as_str().map(str::to_owned))
}

/// Name of a status, for messages.
pub(super) fn status_text(status: u16) -> String {
    match StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason()) {
        Some(name) => format!("{status} {name}"),
        None => status.to_string(),
    }
}
