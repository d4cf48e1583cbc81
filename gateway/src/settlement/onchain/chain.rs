//! The settlement on a chain as the gateway sees it.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

use blockrun_llm::{
    Usdc,
    chain::{AuthorizationFact, ChainOptions, ChainReader, RpcUrl},
    http::{Transport, TransportOptions},
    networks::Network,
    x402::InvalidReason,
};
use tokio::sync::{Mutex, Semaphore};

use super::{
    book,
    contract::Execution,
    follow::POLL,
    gas::Purse,
    keeper,
    node::{Node, Tip},
    queue::Sent,
    reason,
    signature::checked_before,
};
use crate::{
    app::now,
    claim::{self, ClaimKey},
    config::Config,
    error::Error,
    settlement::{Checked, Due, Gas, Onchain, Outcome, Pending, Settlement, Transfer, Unavailable},
    store::Store,
};

/// How long a buyer waits for a block when an unknown settlement is looked up again.
const RECONCILE_WAIT: Duration = Duration::from_secs(10);
/// What else the payer settles may be in a block but not in our books yet; a moment later it is.
const SECOND_LOOK: Duration = Duration::from_secs(2);
/// Signatures of contracts that are checked at a time: nobody has paid for that yet.
const CONTRACTS: usize = 8;
/// How long one of them waits for its turn.
const CONTRACT_WAIT: Duration = Duration::from_secs(5);

/// Settles by transactions of one gas key.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(super) store: Store,
    pub(super) network: &'static Network,
    pub(super) options: Onchain,
    pub(super) node: Node,
    pub(super) reader: ChainReader,
    /// No gas nonce below this one is free.
    pub(super) floor: u64,
    /// Some transactions may not be with the node.
    pub(super) unsent: AtomicBool,
    pub(super) purse: Purse,
    /// The last tip, and when it was read: all who wait for a block look at one.
    tip: Mutex<Option<(Instant, Tip)>>,
    contracts: Semaphore,
}

impl Chain {
    /// Connects, and makes sure that the endpoints are of the network.
    pub(crate) async fn connect(
        config: &Config,
        options: &Onchain,
        store: Store,
    ) -> Result<Arc<Self>, Error> {
        let refuse = |problem: String| Error::Config { field: "onchain.rpc_url", problem };
        let urls = RpcUrl::parse("onchain.rpc_url", &options.rpc_url);
        let urls = urls.map_err(|error| refuse(error.to_string()))?;
        let transport = Transport::new(&TransportOptions::default());
        let transport = transport.map_err(|error| refuse(error.to_string()))?;
        let reading = ChainOptions { rpc_url: Some(urls), ..ChainOptions::default() };
        let (network, sender) = (config.network, options.gas_key.address());
        let node = Node::new(&options.rpc_url, network, sender);
        let node = node.map_err(|error| refuse(error.to_string()))?;
        let node = node.checked().await.map_err(|error| refuse(error.to_string()))?;
        let known = store.run(move |db| {
            book::adopt(db, sender)?;
            book::range(db, sender)
        });
        // What waits in a pool and is not in the books is not ours to replace.
        let floor = match known.await.map_err(|error| Error::Store(error.to_string()))? {
            Some(_) => Ok(0),
            None => node.next_nonce().await,
        };
        let chain = Arc::new(Self {
            store,
            network,
            options: options.clone(),
            node,
            reader: ChainReader::new(transport, reading),
            floor: floor.map_err(|error| refuse(error.to_string()))?,
            unsent: AtomicBool::new(true),
            purse: Purse::default(),
            tip: Mutex::default(),
            contracts: Semaphore::new(CONTRACTS),
        });
        chain.count_gas().await.map_err(|error| refuse(error.to_string()))?;
        keeper::keep(&chain);
        Ok(chain)
    }

    /// Where the chain is, or was a moment ago.
    pub(super) async fn tip(&self) -> Result<Tip, Unavailable> {
        let mut last = self.tip.lock().await;
        match *last {
            Some((read, tip)) if read.elapsed() < POLL => Ok(tip),
            _ => {
                let tip = self.node.tip(self.options.confirmations).await?;
                *last = Some((Instant::now(), tip));
                Ok(tip)
            }
        }
    }

    /// The token would not execute the transfer, before anything was sent: did somebody else have it
    /// executed?
    async fn done_by_others(
        &self,
        key: &ClaimKey,
        transfer: &Transfer,
        refusal: InvalidReason,
    ) -> Result<Outcome, Unavailable> {
        let execution = Execution::of(transfer);
        let until = Instant::now() + self.options.receipt_wait;
        loop {
            if let Some(outcome) = self.elsewhere(key, &execution, refusal.clone()).await? {
                return Ok(outcome);
            }
            if Instant::now() >= until {
                let problem = "somebody else executed the transfer, not long enough ago";
                return Err(Unavailable(problem.into()));
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

#[async_trait::async_trait]
impl Settlement for Chain {
    async fn confirm(&self, transfer: &Transfer) -> Result<Checked, Unavailable> {
        let turn = tokio::time::timeout(CONTRACT_WAIT, self.contracts.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(Unavailable("too many signatures of contracts are being checked".into()));
        };
        self.contract_signed(transfer).await
    }

    async fn verify(&self, transfer: &Transfer, held: Usdc) -> Result<Checked, Unavailable> {
        self.look(transfer, held).await
    }

    async fn check(
        &self,
        key: &ClaimKey,
        transfer: &Transfer,
        held: Usdc,
    ) -> Result<Checked, Unavailable> {
        self.can_pay_gas().await?;
        let checked = self.look(transfer, held).await?;
        let short = matches!(&checked, Checked::Refused(reason) if reason.code == reason::FUNDS);
        if !short || held == Usdc::ZERO {
            return Ok(checked);
        }
        tokio::time::sleep(SECOND_LOOK).await;
        let own = key.clone();
        let held = self.store.run(move |db| claim::held(db, &own, now())).await?;
        self.look(transfer, held).await
    }

    async fn settle(&self, due: Due) -> Result<Outcome, Unavailable> {
        let Due { key, transfer, answer, .. } = due;
        if let Some(answer) = answer {
            // The chain may take its time.
            let key = key.clone();
            self.store.run(move |db| claim::answered(db, &key, &answer)).await?;
        }
        let factories = &self.options.wallet_factories;
        let approval = checked_before(&self.node, factories, &transfer).await?;
        // Once more, because a transaction that reverts costs us, and much can happen meanwhile.
        let simulated = match approval {
            Ok(approval) => self.simulate(&approval, &transfer).await?,
            Err(reason) => Err(reason),
        };
        let (call, gas) = match simulated {
            Ok(call) => call,
            Err(reason) => return self.done_by_others(&key, &transfer, reason).await,
        };
        let kept = match self.send(&key, call, gas).await? {
            Sent::Kept(kept) => kept,
            Sent::Unsure(txid) => return Ok(Outcome::Unknown(Some(txid))),
        };
        let outcome = self.follow(&key, &kept, self.options.receipt_wait).await;
        // From here on it is out, and what cannot be asked is unknown.
        Ok(outcome.unwrap_or_else(|error| {
            let txid = kept.newest.txid;
            tracing::warn!(%error, %txid, "a settlement is unknown");
            Outcome::Unknown(Some(txid))
        }))
    }

    async fn reconcile(&self, pending: Pending) -> Result<Outcome, Unavailable> {
        let Pending { key, .. } = pending;
        let own = key.clone();
        let kept = self.store.run(move |db| book::of_claim(db, &own)).await?;
        // Even what is too late has to be sent: what comes after it waits for its nonce.
        self.push(self.tip().await?.mined).await?;
        let execution = &kept.newest.execution;
        let fact = self.fact(execution.from, execution.nonce).await?;
        if matches!(fact, AuthorizationFact::Paid { .. })
            && let Some(outcome) = self.elsewhere(&key, execution, reason::nonce_used()).await?
        {
            return Ok(outcome);
        }
        if fact.proves_unexecutable(execution.valid_before) {
            return self.refused(&key, reason::expired()).await;
        }
        self.follow(&key, &kept, RECONCILE_WAIT.min(self.options.receipt_wait)).await
    }

    async fn ready(&self) -> Result<(), Unavailable> {
        self.can_pay_gas().await
    }

    fn gas(&self) -> Option<Gas> {
        self.purse.seen()
    }
}
