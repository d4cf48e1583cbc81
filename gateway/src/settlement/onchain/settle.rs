//! Checking, settling and reconciling.

use std::time::Duration;

use alloy::primitives::B256;
use blockrun_llm::{
    Usdc,
    chain::{AuthorizationFact, ChainOptions, ChainReader, RpcUrl},
    http::{Transport, TransportOptions},
    networks::Network,
    wallet::LocalKey,
    x402::InvalidReason,
};
use tokio::sync::Mutex;

use super::{
    book,
    contract::{self, Call},
    node::Node,
    reason,
    transaction::{Terms, Transaction},
};
use crate::{
    app::now,
    claim::{self, ClaimKey},
    config::{Config, Onchain},
    error::Error,
    settlement::{Checked, Due, Outcome, Pending, Settlement, Transfer, Unavailable},
    store::Store,
};

/// How long a buyer waits for a block when an unknown settlement is looked up again.
const RECONCILE_WAIT: Duration = Duration::from_secs(10);
/// What else the payer settles may be in a block but not in our books yet; a moment later it is.
const SECOND_LOOK: Duration = Duration::from_secs(2);

/// Settles by transactions of one gas key.
#[derive(Debug)]
pub(crate) struct Chain {
    store: Store,
    network: &'static Network,
    gas_key: LocalKey,
    node: Node,
    reader: ChainReader,
    receipt_wait: Duration,
    queue: Mutex<Queue>,
}

/// The gas key's transactions: numbered without gaps, or those after a gap wait for ever.
#[derive(Debug, Default)]
struct Queue {
    /// Nonce of the next one; `None` when the chain has to be asked.
    next: Option<u64>,
    /// Some that are on disk may not be with the node.
    unsent: bool,
}

/// What [`Chain::send`] did.
enum Sent {
    /// The transaction is on disk and was handed to the node, which may or may not have taken it.
    Kept(B256),
    /// It was not sent, but it may be on disk, from where it would be.
    Unsure(B256),
}

impl Chain {
    /// Connects, and makes sure that the endpoint is of the network.
    pub(crate) async fn connect(
        config: &Config,
        onchain: &Onchain,
        store: Store,
    ) -> Result<Self, Error> {
        let refuse = |problem: String| Error::Config { field: "onchain.rpc_url", problem };
        let urls = RpcUrl::parse("onchain.rpc_url", &onchain.rpc_url);
        let urls = urls.map_err(|error| refuse(error.to_string()))?;
        let transport = Transport::new(&TransportOptions::default());
        let transport = transport.map_err(|error| refuse(error.to_string()))?;
        let options = ChainOptions { rpc_url: Some(urls), ..ChainOptions::default() };
        let network = config.network;
        let node = Node::new(&onchain.rpc_url, network, onchain.gas_key.address());
        let node = node.map_err(|error| refuse(error.to_string()))?;
        match node.chain_id().await {
            Ok(id) if id == network.chain_id => Ok(Self {
                store,
                network,
                gas_key: onchain.gas_key.clone(),
                node,
                reader: ChainReader::new(transport, options),
                receipt_wait: onchain.receipt_wait,
                queue: Mutex::default(),
            }),
            Ok(id) => {
                let Network { name, chain_id, .. } = network;
                Err(refuse(format!("it is a node of chain {id}, not of {name} ({chain_id})")))
            }
            Err(error) => Err(refuse(error.to_string())),
        }
    }

    /// Signs the next transaction, keeps it, and hands it to the node.
    async fn send(&self, key: &ClaimKey, call: &Call, gas: u64) -> Result<Sent, Unavailable> {
        let fees = self.node.fees().await?;
        let mut queue = self.queue.lock().await;
        self.fill_gaps(&mut queue).await?;
        let gas_nonce = match queue.next {
            Some(next) => next,
            None => self.first_nonce().await?,
        };
        let terms = Terms { gas_nonce, gas: gas + gas / 4, fees };
        let transaction = Transaction::sign(self.network, &self.gas_key, terms, call)?;
        let Transaction { txid, .. } = transaction;
        let (own, kept) = (key.clone(), transaction.clone());
        if let Err(error) = self.store.run(move |db| book::store(db, &own, &kept)).await {
            // It may be on disk all the same: a commit can fail after its write.
            tracing::error!(%error, %txid, "a settlement transaction could not be kept");
            queue.next = None;
            return Ok(Sent::Unsure(txid));
        }
        queue.next = Some(gas_nonce + 1);
        queue.unsent |= !self.node.send(&transaction).await;
        Ok(Sent::Kept(txid))
    }

    async fn first_nonce(&self) -> Result<u64, Unavailable> {
        let outstanding = self.store.run(book::outstanding).await?;
        let ours = outstanding.last().map_or(0, |last| last.gas_nonce + 1);
        Ok(self.node.next_nonce().await?.max(ours))
    }

    /// Sends what may not have arrived, byte for byte.
    async fn fill_gaps(&self, queue: &mut Queue) -> Result<(), Unavailable> {
        if std::mem::take(&mut queue.unsent) {
            for transaction in self.store.run(book::outstanding).await? {
                self.node.send(&transaction).await;
            }
        }
        Ok(())
    }

    /// Waits for a transaction that was sent, and judges it.
    async fn follow(
        &self,
        key: ClaimKey,
        txid: B256,
        call: &Call,
        patience: Duration,
    ) -> Result<Outcome, Unavailable> {
        let Some(receipt) = self.node.wait(txid, patience).await else {
            self.queue.lock().await.unsent = true;
            return Ok(Outcome::Unknown(Some(txid)));
        };
        if contract::executed(&receipt, self.network.usdc, call) {
            return self.settled(key, txid).await;
        }
        // Somebody else may have been faster; if not, it is over: this transaction was the only one.
        let reverted = reason::of_revert("the transaction reverted");
        self.elsewhere(key, call, reverted, Some(txid)).await
    }

    /// Our transaction did not or would not execute the call: did another one?
    async fn elsewhere(
        &self,
        key: ClaimKey,
        call: &Call,
        otherwise: InvalidReason,
        sent: Option<B256>,
    ) -> Result<Outcome, Unavailable> {
        match self.fact(call).await? {
            AuthorizationFact::Paid { transaction, payee, amount, .. }
                if payee == call.to
                    && call.value == alloy::primitives::U256::from(amount.micro()) =>
            {
                self.settled(key, transaction).await
            }
            AuthorizationFact::Paid { .. } | AuthorizationFact::Canceled { .. } => {
                self.refused(key, reason::nonce_used()).await
            }
            AuthorizationFact::Unused { .. } => self.refused(key, otherwise).await,
            AuthorizationFact::Used => match sent {
                Some(txid) => Ok(Outcome::Unknown(Some(txid))),
                None => {
                    Err(Unavailable("the authorization is used, and no log says by whom".into()))
                }
            },
        }
    }

    async fn fact(&self, call: &Call) -> Result<AuthorizationFact, Unavailable> {
        // When it was signed is not known here: the reader looks back as far as it does.
        let fact = self.reader.authorization(self.network, call.from, call.nonce, 0).await;
        fact.map_err(|error| Unavailable(error.message().to_owned()))
    }

    async fn settled(&self, key: ClaimKey, txid: B256) -> Result<Outcome, Unavailable> {
        let booked = self.store.run(move |db| {
            book::forget(db, &key)?;
            claim::settled(db, &key, txid)
        });
        // It is executed whatever the books say: whoever comes again finds it.
        Ok(booked.await.map_or_else(
            |error| {
                tracing::error!(%error, %txid, "a settlement could not be booked");
                Outcome::Unknown(Some(txid))
            },
            |()| Outcome::Settled(txid),
        ))
    }

    async fn refused(&self, key: ClaimKey, reason: InvalidReason) -> Result<Outcome, Unavailable> {
        let booked = move |db: &_| {
            book::forget(db, &key)?;
            claim::release(db, &key)
        };
        self.store.run(booked).await?;
        Ok(Outcome::Refused(reason))
    }

    /// What the payer has beside what its earlier claims hold, if that is not enough.
    async fn shortage(
        &self,
        key: &ClaimKey,
        needed: Usdc,
    ) -> Result<Option<InvalidReason>, Unavailable> {
        for last in [false, true] {
            let own = key.clone();
            let held = self.store.run(move |db| claim::held(db, &own, now())).await?;
            let balance = self.reader.balance(self.network, key.payer).await;
            let balance = balance.map_err(|error| Unavailable(error.message().to_owned()))?;
            let available = balance.saturating_sub(held);
            if available >= needed {
                return Ok(None);
            }
            if last || balance < needed {
                let detail = format!(
                    "the payer has {available} USDC that no other call holds; {needed} are needed"
                );
                return Ok(Some(InvalidReason::new("insufficient_funds", detail)));
            }
            tokio::time::sleep(SECOND_LOOK).await;
        }
        Ok(None)
    }
}

#[async_trait::async_trait]
impl Settlement for Chain {
    async fn check(&self, key: &ClaimKey, transfer: &Transfer) -> Result<Checked, Unavailable> {
        let call = contract::call(transfer);
        if !matches!(self.fact(&call).await?, AuthorizationFact::Unused { .. }) {
            return Ok(Checked::Refused(reason::nonce_used()));
        }
        if let Some(reason) = self.shortage(key, transfer.value).await? {
            return Ok(Checked::Refused(reason));
        }
        let simulated = self.node.simulate(&call).await?;
        Ok(simulated.map_or_else(Checked::Refused, |_| Checked::Good))
    }

    async fn settle(&self, due: Due) -> Result<Outcome, Unavailable> {
        let call = contract::call(&due.transfer);
        // Once more, because a transaction that reverts costs us, and much can happen meanwhile.
        let gas = match self.node.simulate(&call).await? {
            Ok(gas) => gas,
            Err(reason) => return self.elsewhere(due.key, &call, reason, None).await,
        };
        let txid = match self.send(&due.key, &call, gas).await? {
            Sent::Kept(txid) => txid,
            Sent::Unsure(txid) => return Ok(Outcome::Unknown(Some(txid))),
        };
        let outcome = self.follow(due.key, txid, &call, self.receipt_wait).await;
        // From here on it is out, and what cannot be asked is unknown.
        Ok(outcome.unwrap_or_else(|error| {
            tracing::warn!(%error, %txid, "a settlement is unknown");
            Outcome::Unknown(Some(txid))
        }))
    }

    async fn reconcile(&self, pending: Pending) -> Result<Outcome, Unavailable> {
        let Pending { key, .. } = pending;
        let own = key.clone();
        let transaction = self.store.run(move |db| book::find(db, &own)).await?;
        let (txid, call) = (transaction.txid, &transaction.call);
        if self.node.receipt(txid).await?.is_none() {
            // Even one that is too late has to be sent: those after it wait for its nonce.
            self.node.send(&transaction).await;
            let fact = self.fact(call).await?;
            if matches!(fact, AuthorizationFact::Paid { .. }) {
                return self.elsewhere(key, call, reason::nonce_used(), Some(txid)).await;
            }
            if fact.proves_unexecutable(u64::try_from(call.validBefore).unwrap_or(u64::MAX)) {
                return self.refused(key, reason::expired()).await;
            }
        }
        self.follow(key, txid, call, RECONCILE_WAIT.min(self.receipt_wait)).await
    }
}
