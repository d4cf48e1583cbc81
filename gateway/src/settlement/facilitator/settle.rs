//! Settling through a facilitator.

use std::time::Duration;

use alloy::primitives::hex;
use blockrun_llm::{
    Usdc,
    chain::{AuthorizationFact, ChainOptions, ChainReader, RpcUrl},
    http::{Transport, TransportOptions},
    x402::{Authorization, InvalidReason},
};
use serde_json::Value;

use super::{
    SettleThrough,
    book::{self, Order},
    judge::{Case, judge, needs_chain},
    request::Form,
    said::{self, Said},
    server::{Server, Silence},
    terms,
};
use crate::{
    claim::{self, ClaimKey},
    config::Config,
    error::Error,
    settlement::{Checked, Due, Outcome, Pending, Settlement, Transfer, Unavailable},
    store::Store,
};

/// How long the chain may be asked about one settlement.
const CHAIN_PATIENCE: Duration = Duration::from_secs(15);

/// Settles through a facilitator.
#[derive(Debug)]
pub(crate) struct Remote {
    store: Store,
    server: Server,
    form: Form,
    reader: ChainReader,
}

impl Remote {
    /// Asks the facilitator what it settles, and makes sure that our payments are among it.
    pub(crate) async fn connect(
        config: &Config,
        through: &SettleThrough,
        store: Store,
    ) -> Result<Self, Error> {
        let refuse = |field, problem: String| Error::Config { field, problem };
        let server = Server::new(through)?;
        let urls = through.rpc_url.as_deref().map(|text| RpcUrl::parse("rpc_url", text));
        let rpc_url = urls
            .transpose()
            .map_err(|error| refuse("settle_through.rpc_url", error.message().to_owned()))?;
        let transport = Transport::new(&TransportOptions::default())
            .map_err(|error| refuse("settle_through", error.to_string()))?;
        let reader =
            ChainReader::new(transport, ChainOptions { rpc_url, ..ChainOptions::default() });
        let told = |problem: String| {
            refuse("settle_through.url", format!("{}: {problem}", through.origin()))
        };
        let supported = server.supported().await.map_err(|silence| told(silence.text().into()))?;
        let form = terms::of(config, &supported).map_err(told)?;
        Ok(Self { store, server, form, reader })
    }

    /// Asks for a settlement that is on disk, and books how it ended.
    async fn ask(&self, key: ClaimKey, order: Order, case: Case) -> Result<Outcome, Unavailable> {
        let networks = [Some(self.form.network.caip2), self.form.network.v1_name];
        let said = match self.server.settle(&order.name, order.body).await {
            Ok(answer) => said::settlement(&answer, networks),
            Err(Silence::Unreached) => Said::Unheard(Silence::Unreached.text().into()),
            Err(silence @ Silence::Lost) => Said::Unclear(silence.text().into()),
        };
        match said {
            Said::Unheard(problem) if case.first => {
                self.let_go(key).await?;
                return Err(Unavailable(problem));
            }
            Said::Unheard(ref problem) | Said::Unclear(ref problem) => {
                tracing::warn!(problem, payer = %key.payer, "a facilitator does not tell what it did");
            }
            _ => (),
        }
        let fact = if needs_chain(&said) { self.fact(&key).await } else { None };
        self.book(key, judge(case, said, fact)).await
    }

    /// What the chain shows, where it can be asked and answers in time.
    async fn fact(&self, key: &ClaimKey) -> Option<AuthorizationFact> {
        if self.reader.is_disabled(self.form.network) {
            return None;
        }
        // When it was signed is not known here: the reader looks back as far as it does.
        let asked = self.reader.authorization(self.form.network, key.payer, key.nonce, 0);
        match tokio::time::timeout(CHAIN_PATIENCE, asked).await {
            Ok(Ok(fact)) => Some(fact),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the chain does not tell what a facilitator did");
                None
            }
            Err(_) => None,
        }
    }

    async fn book(&self, key: ClaimKey, outcome: Outcome) -> Result<Outcome, Unavailable> {
        let ended = outcome.clone();
        let booked = self.store.run(move |db| match ended {
            Outcome::Settled(txid) => {
                book::forget(db, &key)?;
                claim::settled(db, &key, txid)
            }
            Outcome::Refused(_) => {
                book::forget(db, &key)?;
                claim::release(db, &key)
            }
            Outcome::Unknown(txid) => claim::settling(db, &key, txid),
        });
        match (booked.await, outcome) {
            (Ok(()), outcome) => Ok(outcome),
            // Whoever comes again finds out: the same is asked again.
            (Err(error), Outcome::Settled(txid)) => {
                tracing::error!(%error, %txid, "a settlement could not be booked");
                Ok(Outcome::Unknown(Some(txid)))
            }
            (Err(error), Outcome::Unknown(txid)) => {
                tracing::error!(%error, "an unknown settlement could not be booked");
                Ok(Outcome::Unknown(txid))
            }
            (Err(error), Outcome::Refused(_)) => Err(error.into()),
        }
    }

    /// Nothing was asked.
    async fn let_go(&self, key: ClaimKey) -> Result<(), Unavailable> {
        let gone = self.store.run(move |db| {
            book::forget(db, &key)?;
            claim::release(db, &key)
        });
        Ok(gone.await?)
    }

    /// The body of both questions, byte for byte the same.
    fn question(&self, transfer: &Transfer) -> String {
        transfer.signed.question.get_or_init(|| self.form.body(transfer)).clone()
    }

    /// What the facilitator says of a payment, and nothing else.
    async fn verdict(&self, transfer: &Transfer) -> Result<Checked, Unavailable> {
        let answer = self.server.verify(self.question(transfer)).await;
        let answer = answer.map_err(|silence| Unavailable(silence.text().into()))?;
        let verdict = said::verdict(&answer, transfer.payer).map_err(Unavailable)?;
        Ok(verdict.map_or_else(Checked::Refused, |()| Checked::Good))
    }

    /// What the payer has beside what is held of it, if that is not enough. A facilitator judges each
    /// payment by itself.
    async fn shortage(
        &self,
        transfer: &Transfer,
        held: Usdc,
    ) -> Result<Option<InvalidReason>, Unavailable> {
        if held.micro() == 0 || self.reader.is_disabled(self.form.network) {
            return Ok(None);
        }
        let balance = self.reader.balance(self.form.network, transfer.payer).await;
        let balance = balance.map_err(|error| Unavailable(error.message().to_owned()))?;
        let (available, needed) = (balance.saturating_sub(held), transfer.value);
        let detail =
            format!("the payer has {available} USDC that no other call holds; {needed} are needed");
        Ok((available < needed).then(|| InvalidReason::new("insufficient_funds", detail)))
    }
}

/// What an order is for that was kept earlier. It was written here, so it can be read.
fn again(order: &Order) -> Result<Case, Unavailable> {
    let unreadable = |_| Unavailable("a facilitator's order is damaged".into());
    let body: Value = serde_json::from_str(&order.body).map_err(unreadable)?;
    let signed = body["paymentPayload"]["payload"]["authorization"].clone();
    let signed: Authorization = serde_json::from_value(signed).map_err(unreadable)?;
    Ok(Case {
        payee: signed.to,
        value: Usdc::from_micro(signed.value.saturating_to()),
        valid_before: signed.valid_before.saturating_to(),
        first: false,
    })
}

/// A name that nobody else can guess: it opens what is told of a settlement.
fn name() -> Result<String, Unavailable> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Unavailable(error.to_string()))?;
    Ok(hex::encode(bytes))
}

#[async_trait::async_trait]
impl Settlement for Remote {
    async fn confirm(&self, transfer: &Transfer) -> Result<Checked, Unavailable> {
        self.verdict(transfer).await
    }

    async fn verify(&self, transfer: &Transfer, held: Usdc) -> Result<Checked, Unavailable> {
        match self.verdict(transfer).await? {
            Checked::Good => {
                let short = self.shortage(transfer, held).await?;
                Ok(short.map_or(Checked::Good, Checked::Refused))
            }
            refused @ Checked::Refused(_) => Ok(refused),
        }
    }

    async fn check(
        &self,
        _: &ClaimKey,
        transfer: &Transfer,
        held: Usdc,
    ) -> Result<Checked, Unavailable> {
        self.verify(transfer, held).await
    }

    async fn settle(&self, due: Due) -> Result<Outcome, Unavailable> {
        let Due { key, transfer, answer, .. } = due;
        let Transfer { payee, value, valid_before, .. } = transfer;
        let order = Order { name: name()?, body: self.question(&transfer) };
        let (own, kept) = (key.clone(), order.clone());
        let keep = move |db: &_| {
            claim::settling_with(db, &own, answer.as_ref())?;
            book::keep(db, &own, &kept)
        };
        self.store.run(keep).await?;
        self.ask(key, order, Case { payee, value, valid_before, first: true }).await
    }

    async fn reconcile(&self, pending: Pending) -> Result<Outcome, Unavailable> {
        let own = pending.key.clone();
        let order = self.store.run(move |db| book::find(db, &own)).await?;
        let case = again(&order)?;
        match self.ask(pending.key, order, case).await? {
            // What was known of it stays known.
            Outcome::Unknown(None) => Ok(Outcome::Unknown(pending.txid)),
            outcome => Ok(outcome),
        }
    }
}
