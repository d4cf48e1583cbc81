//! What was paid, and what became of it.

use super::{CHAT, LLMClient, Rail, success};
use crate::{
    chat::ChatResponse,
    error::Result,
    http::{PaidHttp, Reconciliation, is_event_stream},
    journal::{
        BudgetState, JournalKind, PaymentFilter, PaymentRecord, PaymentSum, Spending, SumBy,
    },
    money::Usdc,
    policy::{Policy, Scope},
};

impl LLMClient {
    /// Payments of the wallet home that pass a filter, oldest first.
    ///
    /// # Errors
    /// `Journal`; `InvalidArgument` with an API key.
    pub async fn payments(&self, filter: PaymentFilter) -> Result<Vec<PaymentRecord>> {
        let PaidHttp { journal, session, clock, .. } = self.inner.rail.wallet("payments")?;
        journal.payments(filter, *session, clock.now()).await
    }

    /// What was paid from the wallet home, added up for each day, model or server, in their order. The
    /// filter's `limit` does not matter: no payment is left out, and none is loaded.
    ///
    /// # Errors
    /// `Journal`; `InvalidArgument` with an API key, and for an origin that is no URL.
    pub async fn payment_sums(&self, by: SumBy, filter: PaymentFilter) -> Result<Vec<PaymentSum>> {
        let PaidHttp { journal, session, clock, .. } = self.inner.rail.wallet("payment_sums")?;
        journal.sums(by, filter, *session, clock.now()).await
    }

    /// Sums over everything this client and its clones paid.
    ///
    /// # Errors
    /// `Journal`; `InvalidArgument` with an API key.
    pub async fn spending(&self) -> Result<Spending> {
        let PaidHttp { journal, session, clock, .. } = self.inner.rail.wallet("spending")?;
        journal.spending(*session, clock.now()).await
    }

    /// The limits in force and what is left of each, the one for a single call first. Those of
    /// options, environment and policy files together: the strictest counts.
    ///
    /// # Errors
    /// `Journal`; `InvalidArgument` with an API key.
    pub async fn budgets(&self) -> Result<Vec<BudgetState>> {
        let PaidHttp { journal, session, clock, policy, .. } = self.inner.rail.wallet("budgets")?;
        let call = BudgetState::new(Scope::Call, None, policy.max_cost_per_call, Usdc::ZERO);
        let many = journal.budgets(*session, policy.budgets.clone(), clock.now()).await?;
        Ok(std::iter::once(call).chain(many).collect())
    }

    /// What may be signed: that of options, environment and policy files together; `None` with an API
    /// key.
    pub fn policy(&self) -> Option<&Policy> {
        match &self.inner.rail {
            Rail::Wallet(http) => Some(&http.policy),
            Rail::Account(_) => None,
        }
    }

    /// Asks the chain what became of payments whose answer was lost, and writes what is proven.
    ///
    /// # Errors
    /// `Journal`; `InvalidArgument` with an API key. A chain that does not answer is no error.
    pub async fn reconcile(&self) -> Result<Reconciliation> {
        self.inner.rail.wallet("reconcile")?.reconcile().await
    }

    /// Fetches the answer of a paid chat call again, by its idempotency key or public id. Pays
    /// nothing; works as long as the gateway keeps the answer (an hour past the payment's expiry).
    /// The answer of a stream comes whole.
    ///
    /// # Errors
    /// `InvalidArgument` for a call that the journal does not know, and with an API key; `Api` when
    /// the gateway has no answer for it any more.
    pub async fn recover(&self, key: &str) -> Result<ChatResponse> {
        let wallet = self.inner.rail.wallet("recover")?;
        let chat = self.post(CHAT, bytes::Bytes::new(), None);
        let stored = success(wallet.recover(key, &chat).await?)?;
        match is_event_stream(&stored.headers) {
            true => ChatResponse::from_stored_stream(stored),
            false => Ok(ChatResponse::from_http(stored)),
        }
    }

    /// Where payments are recorded; `None` before the first one, and with an API key.
    pub fn journal(&self) -> Option<&JournalKind> {
        match &self.inner.rail {
            Rail::Wallet(http) => http.journal.kind(),
            Rail::Account(_) => None,
        }
    }
}
