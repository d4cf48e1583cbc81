//! What a caller saw, by the names that the scenarios use.

use blockrun_llm::{
    ChatChunk, ChatResponse, Error, ErrorKind, ImageResponse, PaymentState, Resource, Result, Usdc,
    chat::ChatStream, http::PaidResponse,
};
use serde_json::{Value, json};

pub(crate) fn micro(amount: Usdc) -> u64 {
    u64::try_from(amount.micro()).unwrap()
}

/// What a call cost; null where an account is billed.
fn cost(amount: Usdc, billed_to_account: bool) -> Option<u64> {
    (!billed_to_account).then(|| micro(amount))
}

pub(crate) fn chat(response: &ChatResponse) -> Value {
    json!({
        "text": response.text(),
        "json": parsed(&response.raw),
        "amount_micro": cost(response.cost(), response.billed_to_account),
        "transaction": response.transaction(),
        "fallback": response.fallback,
    })
}

pub(crate) fn image(response: &ImageResponse) -> Value {
    json!({
        "json": parsed(&response.raw),
        "amount_micro": cost(response.cost(), response.billed_to_account),
        "transaction": response.transaction(),
    })
}

pub(crate) fn whole(response: &PaidResponse) -> Value {
    json!({
        "status": response.status,
        "json": parsed(&String::from_utf8_lossy(&response.body)),
        "amount_micro": micro(response.receipt.as_ref().map_or(Usdc::ZERO, |one| one.amount)),
    })
}

/// What was found; the price is that of a network.
pub(crate) fn found(resources: &[Resource], network: Option<&str>) -> Value {
    let shown = |one: &Resource| {
        json!({
            "url": one.url,
            "kind": one.kind,
            "method": one.method,
            "description": one.description,
            "tags": one.tags,
            "price_micro": one.price(network).map(micro),
            "amounts_micro":
                one.accepts.iter().map(|offer| offer.amount.map(micro)).collect::<Vec<_>>(),
            "input_example": one.input_example,
        })
    };
    json!({"json": resources.iter().map(shown).collect::<Vec<_>>()})
}

/// A stream as far as it was read, with its error if it ended with one.
pub(crate) fn stream(stream: &ChatStream, chunks: &[ChatChunk], ended: Result<()>) -> Value {
    let received = stream.received();
    let mut seen = match ended {
        Ok(()) => json!({}),
        Err(error) => failure(&error),
    };
    seen["text"] = chunks.iter().map(ChatChunk::text).collect::<String>().into();
    seen["chunks"] = chunks.iter().map(|chunk| parsed(chunk.raw())).collect();
    seen["json"] = parsed(&received.raw);
    seen["amount_micro"] = json!(cost(stream.cost(), stream.billed_to_account()));
    seen["transaction"] = json!(received.transaction());
    seen["fallback"] = json!(stream.fallback());
    if let Some(status) = stream.status() {
        seen["status"] = status.into();
    }
    seen
}

pub(crate) fn failure(error: &Error) -> Value {
    let rejected = error.rejection().map(|rejection| rejection.field.as_str());
    let charged = match error.payment() {
        PaymentState::Charged { amount, .. } => Some(micro(*amount)),
        _ => None,
    };
    json!({
        "error": error.kind().code(),
        "message": error.to_string(),
        // A bad argument is found before there is any money to speak of.
        "payment": (error.kind() != ErrorKind::InvalidArgument).then(|| error.payment().name()),
        "charged_micro": charged,
        "status": error.status(),
        "field": rejected,
        "retry_after": error.retry_after().map(|delay| delay.as_secs_f64()),
        "key": error.key(),
        "response": error.response(),
        "printed": format!("{error} {error:?}"),
    })
}

/// JSON where it is JSON, else the text.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}
