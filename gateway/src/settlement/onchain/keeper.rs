//! What happens without a buyer who waits: transactions are looked after, and the gas is counted.

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use super::chain::Chain;

/// Between two looks at the transactions; the block time of Base.
const ROUND: Duration = Duration::from_secs(2);
/// Between two looks at the gas, while there is enough.
const GAS: Duration = Duration::from_secs(30);

/// Looks after a chain for as long as it is there.
pub(super) fn keep(chain: &Arc<Chain>) {
    let chain = Arc::downgrade(chain);
    tokio::spawn(rounds(chain));
}

async fn rounds(chain: Weak<Chain>) {
    let mut counted = Instant::now();
    loop {
        let Some(round) = chain.upgrade().map(|chain| ROUND.min(chain.options.replace_after))
        else {
            return;
        };
        tokio::time::sleep(round).await;
        let Some(chain) = chain.upgrade() else { return };
        if let Err(error) = chain.tend().await {
            tracing::warn!(%error, "the transactions cannot be looked after");
        }
        if chain.purse.is_low() || counted.elapsed() >= GAS {
            counted = Instant::now();
            if let Err(error) = chain.count_gas().await {
                tracing::warn!(%error, "the gas cannot be counted");
            }
        }
    }
}
