//! How payments are settled on a chain.

use std::{fmt, time::Duration};

use alloy::primitives::Address;
use blockrun_llm::wallet::LocalKey;

/// Settlement by transactions of one account.
#[derive(Clone)]
pub struct Onchain {
    /// JSON-RPC endpoint of the network: https, or http to this machine. Several are separated by
    /// commas; each question goes to the first one, and to the next when that does not answer.
    pub rpc_url: String,
    /// Signs the settlements and pays their gas. It needs the network's coin and never holds USDC;
    /// no other program may send transactions with it.
    pub gas_key: LocalKey,
    /// How long a buyer waits for the settlement to be in a block before it is told that it is
    /// pending (503). [`Onchain::new`]: 45 s, below the minute that clients and proxies wait.
    pub receipt_wait: Duration,
    /// Blocks from that of the settlement to the newest one, both counted, before the answer is
    /// handed out: what a reorganisation takes back after that is lost. At most 64.
    /// [`Onchain::new`]: 1.
    pub confirmations: u64,
    /// The most that is offered per gas, in wei. While the chain takes more, nothing is sold (503).
    /// [`Onchain::new`]: 2 gwei.
    pub max_fee: u128,
    /// How long a transaction waits for a block before it is replaced by one for a higher fee, up to
    /// `max_fee`. [`Onchain::new`]: 30 s.
    pub replace_after: Duration,
    /// The most gas that one settlement may take; payers whose contracts take more are refused. A
    /// plain account takes about 80,000, most wallets that are contracts below 200,000.
    /// [`Onchain::new`]: 400,000.
    pub max_gas: u64,
    /// Factories whose wallets are deployed with their first payment (EIP-6492), at the cost of the
    /// gas key. [`Onchain::new`]: none.
    pub wallet_factories: Vec<Address>,
}

impl Onchain {
    /// Settlement through endpoints, by a gas key.
    #[must_use]
    pub fn new(rpc_url: impl Into<String>, gas_key: LocalKey) -> Self {
        Self {
            rpc_url: rpc_url.into(),
            gas_key,
            receipt_wait: Duration::from_secs(45),
            confirmations: 1,
            max_fee: 2_000_000_000,
            replace_after: Duration::from_secs(30),
            max_gas: 400_000,
            wallet_factories: Vec::new(),
        }
    }

    /// What cannot work: the field, and what it must be.
    pub(crate) const fn problem(&self) -> Option<(&'static str, &'static str)> {
        if self.confirmations == 0 || self.confirmations > 64 {
            return Some(("onchain.confirmations", "must be from 1 to 64"));
        }
        if self.max_fee == 0 {
            return Some(("onchain.max_fee", "must be at least 1 wei per gas"));
        }
        if self.replace_after.as_secs() == 0 {
            return Some(("onchain.replace_after", "must be at least 1 second"));
        }
        if self.max_gas < 100_000 {
            return Some(("onchain.max_gas", "must be at least 100000, or nobody can pay"));
        }
        None
    }
}

impl fmt::Debug for Onchain {
    /// Without the addresses of the endpoints, whose paths often are keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Onchain").field("gas_key", &self.gas_key).finish_non_exhaustive()
    }
}
