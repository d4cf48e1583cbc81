//! Answers of tools: a text to read, and the same as data.

use blockrun_llm::{Error, HostError, PaymentState};
use rmcp::model::{CallToolResult, ContentBlock, MetaObject};
use serde::Serialize;
use serde_json::Value;

/// Where an error's data is: as structured content it would have to fit the tool's own form.
const ERROR: &str = "blockrun/error";

/// An answer.
pub(super) fn answered(content: Vec<ContentBlock>, data: &impl Serialize) -> CallToolResult {
    let mut result = CallToolResult::success(content);
    result.structured_content = serde_json::to_value(data).ok();
    result
}

/// An error, with what became of the money and what to do, in words that a model follows.
pub(super) fn failed(error: &Error) -> CallToolResult {
    let text = format!("{error}\n{}", what_now(error));
    let mut result = CallToolResult::error(vec![ContentBlock::text(text)]);
    let mut meta = MetaObject::new();
    let HostError { error, .. } = HostError::new(error);
    meta.0.insert(ERROR.to_owned(), error);
    result.meta = Some(meta);
    result
}

/// The host does not want the answer any more.
pub(super) fn cancelled() -> CallToolResult {
    let text = "cancelled. What was signed by then stays counted; the same call with the same \
                idempotency_key takes it up and is not paid again";
    CallToolResult::error(vec![ContentBlock::text(text)])
}

fn what_now(error: &Error) -> String {
    let retry = |key: &str| {
        format!(
            "To take it up, call the same tool with exactly the same arguments and \
             idempotency_key {}: it is not paid twice.",
            Value::from(key)
        )
    };
    let charged = |money: &str| match error.key() {
        Some(key) => format!("{money} {}", retry(key)),
        None => format!("{money} Do not simply try again."),
    };
    match error.payment() {
        PaymentState::NotCharged => "Nothing was charged.".to_owned(),
        PaymentState::Charged { amount, .. } => charged(&format!("{amount} USDC was charged.")),
        PaymentState::Refused { at_risk, .. } => {
            format!("Not charged, but {at_risk} USDC stays counted until the payment expires.")
        }
        PaymentState::Unknown { .. } => charged("It is not known whether it was charged."),
        PaymentState::PresumedCharged { amount } => format!("{amount} USDC is counted as charged."),
        _ => String::new(),
    }
}
