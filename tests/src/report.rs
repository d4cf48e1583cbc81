//! What a client told its caller about the money of one call, in a form that crosses processes.

use blockrun_llm::{ChatResponse, PaymentState, Result};
use serde::{Deserialize, Serialize};

/// The end of one call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Whether the caller got an answer.
    pub answered: bool,
    /// `charged` for a paid answer, `free` for an unpaid one, else the name of the error's state.
    pub money: String,
    /// The transaction, where it was told.
    pub transaction: Option<String>,
    /// Kind and text of the error.
    pub error: Option<(String, String)>,
}

impl Report {
    /// Of a call's result.
    pub fn of(result: &Result<ChatResponse>) -> Self {
        match result {
            Ok(response) => Self {
                answered: true,
                money: if response.receipt.is_some() { "charged" } else { "free" }.to_owned(),
                transaction: response.transaction().map(str::to_owned),
                error: None,
            },
            Err(error) => Self {
                answered: false,
                money: error.payment().name().to_owned(),
                transaction: match error.payment() {
                    PaymentState::Charged { transaction, .. } => transaction.clone(),
                    _ => None,
                },
                error: Some((format!("{:?}", error.kind()), error.to_string())),
            },
        }
    }

    /// Short form for a table.
    pub fn outcome(&self) -> String {
        match &self.error {
            None => format!("answer, {}", self.money),
            Some((kind, _)) => format!("{kind}, {}", self.money),
        }
    }
}
