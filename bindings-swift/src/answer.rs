//! What is answered.

use std::time::SystemTime;

use blockrun_llm::{chat, http::Receipt, x402};
use serde_json::{Value, json};

use crate::{
    convert::{Count, time},
    message::ChatMessage,
    money::Usdc,
};

/// A chat completion, with what it cost.
///
/// A body that is not a chat completion is paid for all the same: it leaves the known fields empty
/// and is in `raw`.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ChatResponse {
    /// Id of the completion.
    pub id: String,
    /// When it was made.
    pub created: SystemTime,
    /// The model that answered.
    pub model: String,
    /// Text of the first answer, empty when it has none (a tool call, say).
    pub text: String,
    /// The answers.
    pub choices: Vec<ChatChoice>,
    /// Token counts.
    pub usage: Option<ChatUsage>,
    /// What was paid; zero when nothing was asked.
    pub cost: Usdc,
    /// The transaction, where the server told it.
    pub transaction: Option<String>,
    /// What the server reported of the settlement.
    pub settlement: Option<Settlement>,
    /// Whether an account was billed, so that the cost is not known here.
    pub billed_to_account: bool,
    /// What the server says of another model that answered instead.
    pub fallback: Option<ServerFallback>,
    /// The body exactly as received, with all fields that have no name here.
    pub raw: String,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ChatChoice {
    /// Position.
    pub index: Count,
    /// The message.
    pub message: ChatMessage,
    /// `stop`, `length`, `tool_calls`, …
    pub finish_reason: Option<String>,
}

/// Token counts.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ChatUsage {
    /// Tokens of the messages.
    pub prompt_tokens: Count,
    /// Tokens of the answers.
    pub completion_tokens: Count,
    /// Both.
    pub total_tokens: Count,
}

/// Another model answered than the one that was asked.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ServerFallback {
    /// The model that answered, where the server tells it.
    pub model: Option<String>,
    /// Whether the server says that it did not take the payment. It is believed when the payment
    /// has expired unused: until then the money stays counted in the limits.
    pub settlement_skipped: bool,
}

impl From<chat::ServerFallback> for ServerFallback {
    fn from(fallback: chat::ServerFallback) -> Self {
        Self { model: fallback.model, settlement_skipped: fallback.settlement_skipped }
    }
}

/// What the server reported of the settlement. Nothing here is proof; the chain is.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Settlement {
    /// Whether it says that the payment was settled.
    pub success: bool,
    /// Transaction.
    pub transaction: Option<String>,
    /// Network, as the server names it.
    pub network: String,
    /// Who paid.
    pub payer: Option<String>,
    /// In the token's smallest unit, as the server wrote it.
    pub amount: Option<String>,
    /// Why not.
    pub error_reason: Option<String>,
}

impl From<chat::ChatResponse> for ChatResponse {
    fn from(response: chat::ChatResponse) -> Self {
        Self {
            text: response.text(),
            cost: response.cost().into(),
            transaction: response.transaction().map(str::to_owned),
            settlement: response.receipt.and_then(settlement),
            billed_to_account: response.billed_to_account,
            fallback: response.fallback.map(ServerFallback::from),
            id: response.id,
            created: time(response.created),
            model: response.model,
            choices: response.choices.into_iter().map(ChatChoice::from).collect(),
            usage: response.usage.map(ChatUsage::from),
            raw: response.raw,
        }
    }
}

impl From<chat::ChatChoice> for ChatChoice {
    fn from(choice: chat::ChatChoice) -> Self {
        let chat::ChatMessage { role, content, tool_calls, extra: mut fields } = choice.message;
        fields.extend(content.map(|content| ("content".to_owned(), content)));
        fields.extend(tool_calls.map(|calls| ("tool_calls".to_owned(), calls)));
        Self {
            index: choice.index.into(),
            message: ChatMessage::from_json(role, fields),
            finish_reason: choice.finish_reason,
        }
    }
}

impl From<chat::ChatUsage> for ChatUsage {
    fn from(usage: chat::ChatUsage) -> Self {
        Self {
            prompt_tokens: usage.prompt_tokens.into(),
            completion_tokens: usage.completion_tokens.into(),
            total_tokens: usage.total_tokens.into(),
        }
    }
}

pub(crate) fn settlement(receipt: Receipt) -> Option<Settlement> {
    receipt.settlement.map(|settlement: x402::Settlement| Settlement {
        success: settlement.success,
        transaction: settlement.transaction().map(str::to_owned),
        network: settlement.network,
        payer: settlement.payer,
        amount: settlement.amount,
        error_reason: settlement.error_reason,
    })
}

/// What a call would cost.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Quote {
    /// The model.
    pub model: String,
    /// The price; zero when the server asks nothing.
    pub amount: Usdc,
    /// CAIP-2 identifier of the network that would be paid on.
    pub network: Option<String>,
    /// Who would be paid.
    pub payee: Option<String>,
}

impl From<blockrun_llm::Quote> for Quote {
    fn from(quote: blockrun_llm::Quote) -> Self {
        let blockrun_llm::Quote { model, amount, network, payee } = quote;
        Self { model, amount: amount.into(), network, payee }
    }
}

/// A model as the server publishes it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Model {
    /// Identifier to ask for.
    pub id: String,
    /// Most tokens of messages and answer together, where it is published.
    pub context_window: Option<Count>,
    /// Everything that is published about it: a JSON object.
    pub json: String,
}

impl From<blockrun_llm::Model> for Model {
    fn from(model: blockrun_llm::Model) -> Self {
        let window = model.fields.get("context_window").and_then(Value::as_u64);
        Self {
            json: json!(model).to_string(),
            context_window: window.map(Count::from),
            id: model.id,
        }
    }
}
