//! Errors as data.
//!
//! A rejected promise of Node-API is a plain `Error`, so what the core says travels as JSON in its
//! message; `ts/errors.ts` reads it and throws the class of its code.

use std::{error::Error as _, iter};

use blockrun_llm::{
    Error, ErrorKind, PaymentState, Usdc,
    error::{Rejection, Result},
};
use serde_json::{Value, json};

/// A result of the core as one of Node-API.
pub(crate) fn core<T>(result: Result<T>) -> napi::Result<T> {
    result.map_err(|error| to_js(&error))
}

/// What the core says went wrong, as JSON in the message of a Node-API error. What is null there is
/// absent in JavaScript.
pub(crate) fn to_js(error: &Error) -> napi::Error {
    let mut wire = json!({
        "code": error.kind().code(),
        "message": message(error),
        "payment": payment(error.payment()),
        "retryable": error.is_retryable(),
        "statusCode": error.status(),
        "response": error.response(),
        "reason": error.reason(),
        "retryAfter": error.retry_after().map(|delay| delay.as_secs_f64()),
        "key": error.key(),
        "field": error.field().map(camel_case),
        "causes": causes(error),
    });
    if let Some(Rejection { field, got, allowed }) = error.rejection() {
        extend(&mut wire, json!({"field": field, "got": got, "allowed": allowed}));
    }
    if let Some(limit) = error.limit() {
        extend(&mut wire, json!({"scope": limit.scope, "freesAt": limit.frees_at}));
        extend(&mut wire, amount("quoted", limit.quoted));
        extend(&mut wire, amount("limit", limit.limit));
        extend(&mut wire, amount("reserved", limit.reserved));
    }
    let mut carrier = napi::Error::from_reason(wire.to_string());
    if let Some(thrown) = sources(error).find_map(|source| source.downcast_ref::<napi::Error>()) {
        // What JavaScript threw goes back as the very same object, not as text.
        carrier.cause = thrown.try_clone().ok().map(Box::new);
    }
    carrier
}

/// The text, with a wrong argument under the name that it has in JavaScript.
fn message(error: &Error) -> String {
    let text = error.to_string();
    match (error.kind(), error.field()) {
        (ErrorKind::InvalidArgument, Some(field)) => text.replacen(field, &camel_case(field), 1),
        _ => text,
    }
}

/// `max_tokens` as `maxTokens`; the name of an environment variable as it is.
fn camel_case(name: &str) -> String {
    if name.contains(|letter: char| letter.is_ascii_uppercase()) {
        return name.to_owned();
    }
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(word.len().min(1));
        name + &initial.to_ascii_uppercase() + rest
    })
}

fn payment(state: &PaymentState) -> Value {
    let mut wire = json!({"state": state.name()});
    match state {
        PaymentState::Refused { live_until, at_risk } => {
            extend(&mut wire, json!({"liveUntil": live_until}));
            extend(&mut wire, amount("atRisk", *at_risk));
        }
        PaymentState::Charged { amount: charged, transaction, proof } => {
            extend(&mut wire, json!({"transaction": transaction, "proof": proof}));
            extend(&mut wire, amount("amount", *charged));
        }
        PaymentState::Unknown { nonce, valid_until, key } => {
            extend(&mut wire, json!({"nonce": nonce, "validUntil": valid_until, "key": key}));
        }
        PaymentState::PresumedCharged { amount: counted } => {
            extend(&mut wire, amount("amount", *counted));
        }
        // Not charged; or a state that is newer than this file, told by its name alone.
        _ => {}
    }
    wire
}

/// `…Usd` as a number and `…Micro` as text, because a JSON number is a float to JavaScript.
fn amount(name: &str, amount: Usdc) -> Value {
    json!({
        format!("{name}Usd"): amount.dollars(),
        format!("{name}Micro"): amount.micro().to_string(),
    })
}

fn extend(wire: &mut Value, members: Value) {
    if let (Value::Object(wire), Value::Object(members)) = (wire, members) {
        wire.extend(members);
    }
}

fn causes(error: &Error) -> Vec<String> {
    sources(error).map(ToString::to_string).collect()
}

fn sources(error: &Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    iter::successors(error.source(), |&source| source.source())
}
