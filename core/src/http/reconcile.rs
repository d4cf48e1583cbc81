//! What became of payments whose answer was lost: the chain is asked, never on the way of a call.

use serde::Serialize;

use super::PaidHttp;
use crate::{
    chain::AuthorizationFact,
    error::Result,
    journal::{Proven, Unresolved},
    networks::Network,
};

/// Payments that one reconciliation asks about at most.
const AT_ONCE: usize = 256;
/// The clock that recorded a payment may have been this far ahead of the chain's.
const CLOCK_MARGIN: u64 = 600;

/// What a reconciliation found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reconciliation {
    /// Payments that were open.
    pub open: usize,
    /// Of them, shown by the chain to be paid.
    pub paid: usize,
    /// Of them, proven never to be executed: their money is free again.
    pub freed: usize,
    /// Of them, nothing could be learned about.
    pub unknown: usize,
}

impl PaidHttp {
    /// Asks the chain about every open payment and writes what is proven.
    ///
    /// A payment that is merely unused and not expired stays open: it could still be executed. One
    /// about which nobody can be asked stays open as well.
    ///
    /// # Errors
    /// `Journal`. A chain that does not answer is no error: its payments stay open.
    pub async fn reconcile(&self) -> Result<Reconciliation> {
        let open = self.journal.unresolved(AT_ONCE).await?;
        let mut found = Reconciliation { open: open.len(), ..Reconciliation::default() };
        for one in open {
            match self.proof(&one).await {
                Some(proof) => {
                    match proof {
                        Proven::Paid { .. } => found.paid += 1,
                        Proven::Unexecutable { .. } => found.freed += 1,
                    }
                    self.journal.prove(one.row, proof, self.now()).await?;
                }
                None => found.unknown += 1,
            }
        }
        Ok(found)
    }

    async fn proof(&self, one: &Unresolved) -> Option<Proven> {
        let network = Network::by_id(&one.record.network)?;
        if self.chain.is_disabled(network) {
            return None;
        }
        let since = one.record.created_at.saturating_sub(CLOCK_MARGIN);
        let fact = self.chain.authorization(network, one.wallet, one.nonce, since).await.ok()?;
        match fact {
            AuthorizationFact::Paid { transaction, amount, .. } => {
                Some(Proven::Paid { amount, transaction: transaction.to_string() })
            }
            AuthorizationFact::Canceled { .. } => Some(Proven::Unexecutable { cancelled: true }),
            fact if fact.proves_unexecutable(one.record.valid_before?) => {
                Some(Proven::Unexecutable { cancelled: false })
            }
            _ => None,
        }
    }
}
