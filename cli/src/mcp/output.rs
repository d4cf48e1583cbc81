//! What tools answer with, beside the text.

use blockrun_llm::{
    LLMClient, Result, Usdc,
    http::Receipt,
    journal::{BudgetState, PaymentRecord, Spending},
};
use rmcp::schemars::{self, JsonSchema};
use serde::Serialize;

/// What a call cost, and what may still be spent.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Paid {
    /// What the call cost, in millionths of a dollar; 0 when it was free.
    pub(super) cost_micro: u64,
    /// The same in dollars.
    pub(super) cost_usd: String,
    /// Transaction on the chain, where the server told it.
    pub(super) transaction: Option<String>,
    /// What may still be spent in dollars under the tightest limit; null without a limit.
    pub(super) budget_left_usd: Option<String>,
}

impl Paid {
    /// What a receipt says, and the journal.
    pub(super) async fn of(client: &LLMClient, receipt: Option<&Receipt>) -> Self {
        let cost = receipt.map(|receipt| receipt.amount).unwrap_or_default();
        // The answer was paid for: it is handed over whatever the journal says now.
        let budgets = client.budgets().await.unwrap_or_default();
        Self {
            cost_micro: micro(cost),
            cost_usd: cost.to_string(),
            transaction: receipt.and_then(|receipt| receipt.transaction.clone()),
            budget_left_usd: tightest(&budgets).map(|left| left.to_string()),
        }
    }
}

/// What the tightest limit over many calls leaves.
pub(super) fn tightest(budgets: &[BudgetState]) -> Option<Usdc> {
    let over_many = budgets.iter().filter(|one| matches!(one.scope, "session" | "hour" | "day"));
    over_many.map(|one| one.left).min()
}

/// No call costs more than there are dollars.
fn micro(amount: Usdc) -> u64 {
    u64::try_from(amount.micro()).unwrap_or(u64::MAX)
}

/// An answer of a model.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct ChatOutput {
    /// What the model said.
    pub(super) text: String,
    /// The model that answered.
    pub(super) model: String,
    /// Why it ended: "stop", or "length" when max_tokens was reached.
    pub(super) finish_reason: Option<String>,
    #[serde(flatten)]
    pub(super) paid: Paid,
}

/// A price.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct QuoteOutput {
    /// The model.
    pub(super) model: String,
    /// What the call would cost, in millionths of a dollar.
    pub(super) cost_micro: u64,
    /// The same in dollars.
    pub(super) cost_usd: String,
    /// Whether the limits allow it now.
    pub(super) within_limits: bool,
}

impl QuoteOutput {
    /// Compares a price with the limits.
    pub(super) async fn of(client: &LLMClient, model: String, amount: Usdc) -> Result<Self> {
        let budgets = client.budgets().await?;
        Ok(Self {
            model,
            cost_micro: micro(amount),
            cost_usd: amount.to_string(),
            within_limits: budgets.iter().all(|one| amount <= one.left),
        })
    }
}

/// Pictures that were made; they come as content beside this.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct ImageOutput {
    /// Number of pictures.
    pub(super) images: usize,
    /// Where they are, as far as they did not come as content.
    pub(super) urls: Vec<String>,
    #[serde(flatten)]
    pub(super) paid: Paid,
}

/// Models that can be asked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct ModelsOutput {
    /// The models that fit, at most as many as asked for.
    pub(super) models: Vec<ModelRow>,
    /// How many fit altogether.
    pub(super) found: usize,
}

/// A model.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct ModelRow {
    /// What to ask for.
    pub(super) id: String,
    /// What it is.
    pub(super) description: String,
    /// Prices as published: dollars per million tokens, or for each picture.
    pub(super) pricing: serde_json::Value,
    /// What it is for.
    pub(super) categories: Vec<String>,
}

/// The wallet.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct WalletOutput {
    /// Who pays.
    pub(super) address: String,
    /// Network, as a CAIP-2 identifier.
    pub(super) network: String,
    /// Whether the money is test money.
    pub(super) testnet: bool,
    /// What it holds, in dollars; null where it could not be read.
    pub(super) balance_usd: Option<String>,
    /// Why not.
    pub(super) balance_error: Option<String>,
    /// Where calls are paid.
    pub(super) endpoint: String,
    /// How to add money, for the person whose wallet this is.
    pub(super) how_to_fund: Option<String>,
    /// What may be spent.
    pub(super) limits: Vec<LimitRow>,
}

/// A limit.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct LimitRow {
    /// For what: "call", "session", "hour", "day", or "model" or "origin" with a name.
    pub(super) scope: String,
    /// Which model or origin.
    pub(super) name: Option<String>,
    /// The limit, in dollars.
    pub(super) limit_usd: String,
    /// What is left of it, in dollars.
    pub(super) left_usd: String,
}

impl From<&BudgetState> for LimitRow {
    fn from(state: &BudgetState) -> Self {
        Self {
            scope: state.scope.to_owned(),
            name: state.name.clone(),
            limit_usd: state.limit.to_string(),
            left_usd: state.left.to_string(),
        }
    }
}

/// What was spent.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct SpendingOutput {
    /// Paid in this session, in dollars.
    pub(super) spent_usd: String,
    /// Number of paid calls of this session.
    pub(super) calls: u64,
    /// Not settled, but counted: sent and refused, or of unknown outcome.
    pub(super) counted_besides_usd: String,
    /// What may be spent.
    pub(super) limits: Vec<LimitRow>,
}

impl SpendingOutput {
    pub(super) fn of(spending: &Spending, budgets: &[BudgetState]) -> Self {
        Self {
            spent_usd: spending.total.to_string(),
            calls: spending.calls,
            counted_besides_usd: spending.reserved.saturating_add(spending.presumed).to_string(),
            limits: budgets.iter().map(LimitRow::from).collect(),
        }
    }
}

/// Payments.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct PaymentsOutput {
    /// Oldest first.
    pub(super) payments: Vec<PaymentRow>,
}

/// A payment.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct PaymentRow {
    /// Public id.
    pub(super) payment_id: String,
    /// What became of it.
    pub(super) state: String,
    /// Unix time.
    pub(super) created_at: u64,
    /// What was asked for.
    pub(super) model: Option<String>,
    /// In dollars.
    pub(super) amount_usd: String,
    /// Who was paid.
    pub(super) payee: String,
    /// On the chain.
    pub(super) transaction: Option<String>,
}

impl From<PaymentRecord> for PaymentRow {
    fn from(record: PaymentRecord) -> Self {
        Self {
            state: record.state.name().to_owned(),
            payment_id: record.payment_id,
            created_at: record.created_at,
            model: record.model,
            amount_usd: record.amount.to_string(),
            payee: record.payee,
            transaction: record.transaction,
        }
    }
}
