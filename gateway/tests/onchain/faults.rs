//! The client under faults: whatever is cut or done by others, a call is executed once or not at
//! all, and its caller is told what the chain shows.

use std::{sync::Arc, time::Duration};

use alloy::{
    primitives::{Address, B256, U256},
    sol_types::SolEvent,
};
use blockrun_llm::{
    ChatRequest, ClientOptions, LLMClient,
    journal::{JournalOptions, PaymentFilter, RecordState},
    networks::BASE_SEPOLIA,
};
use conformance::{Fault, FaultProxy, Report};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    anvil::{ANYBODY, Anvil, PURSE, payer},
    meanwhile::Meanwhile,
    shop::{PAYEE, at, with_provider},
    support::{KEY, Shop},
    token::TestUSDC,
};

/// What the call costs, in micro-USDC.
const PRICE: u128 = 1_000;
/// Cuts of the request, and as many of the answer.
const CUTS: usize = 32;
/// Calls at once.
const AT_ONCE: usize = 16;
/// For calls that get no answer.
const SHORT: Duration = Duration::from_secs(8);

/// A wallet, its home, and a network that fails between it and the gateway.
struct Buyer<'a> {
    anvil: &'a Anvil,
    key: String,
    home: TempDir,
    proxy: FaultProxy,
}

/// What fails until the first call has ended.
struct Faults {
    first: Vec<Fault>,
    then: Fault,
    timeout: Option<Duration>,
}

impl Faults {
    fn once(fault: Fault) -> Self {
        Self { first: vec![fault], then: Fault::None, timeout: None }
    }

    fn always(fault: Fault) -> Self {
        Self { first: Vec::new(), then: fault, timeout: Some(SHORT) }
    }
}

impl<'a> Buyer<'a> {
    async fn new(anvil: &'a Anvil, shop: &Shop, key: &str) -> Self {
        let proxy = FaultProxy::start(shop.running.address()).await.unwrap();
        Self { anvil, key: key.to_owned(), home: tempfile::tempdir().unwrap(), proxy }
    }

    /// With a wallet that nobody else uses.
    async fn unknown(anvil: &'a Anvil, shop: &Shop, number: usize) -> Self {
        let buyer = Self::new(anvil, shop, &format!("0x{:048x}{number:016x}", 0xc4a1)).await;
        anvil.mint(buyer.address(), PURSE).await;
        buyer
    }

    fn client(&self) -> LLMClient {
        let home = Some(self.home.path().to_owned());
        LLMClient::with_options(ClientOptions {
            private_key: Some(self.key.as_str().into()),
            api_url: Some(self.proxy.api_url()),
            rpc_url: Some(self.anvil.url.clone()),
            journal: JournalOptions { home, ..JournalOptions::default() },
            ..ClientOptions::default()
        })
        .unwrap()
    }

    fn address(&self) -> Address {
        self.client().address().unwrap()
    }

    /// The call, by a new client of the same home. What it tells is compared with the chain.
    async fn call(&self, timeout: Option<Duration>) -> Report {
        let request = ChatRequest { timeout, ..ChatRequest::new("Hello!") };
        let report = Report::of(&self.client().chat_completion(&request).await);
        let executed = self.executed().await;
        match report.money.as_str() {
            "charged" => assert_eq!(executed.len(), 1, "{report:?}"),
            "not_charged" | "free" => assert_eq!(executed, [], "{report:?}"),
            _ => assert!(!report.answered && executed.len() <= 1, "{report:?}: {executed:?}"),
        }
        if let Some(told) = &report.transaction {
            assert_eq!(*told, executed[0].1, "{report:?}");
        }
        report
    }

    /// The call under faults.
    async fn call_under(&self, faults: Faults) -> Report {
        self.proxy.plan(faults.first, faults.then);
        let report = self.call(faults.timeout).await;
        self.proxy.plan([], Fault::None);
        assert!(self.proxy.arrived() > 0, "the fault was never met: {report:?}");
        report
    }

    /// The call under faults and, if it got no answer, a plain retry without. Ends with an answer
    /// that was paid once.
    async fn buy(&self, faults: Faults) {
        let first = self.call_under(faults).await;
        let last = if first.answered { first } else { self.call(None).await };
        self.assert_paid_once(&last).await;
    }

    /// Nonce and transaction of every authorization that was executed.
    async fn executed(&self) -> Vec<(String, String)> {
        let payer = self.address().into_word();
        let used = self.logs(json!([TestUSDC::AuthorizationUsed::SIGNATURE_HASH, payer])).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let pair = |log: &Value| (text(&log["topics"][2]), text(&log["transactionHash"]));
        used.iter().map(pair).collect()
    }

    async fn logs(&self, topics: Value) -> Vec<Value> {
        let filter = json!([{"address": BASE_SEPOLIA.usdc, "topics": topics, "fromBlock": "0x0"}]);
        self.anvil.ask("eth_getLogs", filter).await.as_array().unwrap().clone()
    }

    /// One authorization, one transfer of the price by the same transaction, the purse lighter by
    /// as much, and journal and caller know that transaction.
    async fn assert_paid_once(&self, report: &Report) {
        assert!(report.answered && report.money == "charged", "{report:?}");
        let executed = self.executed().await;
        let [(nonce, transaction)] = executed.as_slice() else { panic!("{executed:?}") };
        let payer = self.address();
        let ends = (payer.into_word(), PAYEE.into_word());
        let topics = json!([TestUSDC::Transfer::SIGNATURE_HASH, ends.0, ends.1]);
        let transfers = self.logs(topics).await;
        let [transfer] = transfers.as_slice() else { panic!("{transfers:?}") };
        assert_eq!(transfer["transactionHash"], *transaction);
        assert_eq!(transfer["data"], B256::from(U256::from(PRICE)).to_string());
        assert_eq!(self.anvil.balance(payer).await, PURSE - PRICE);
        assert_eq!(report.transaction.as_ref(), Some(transaction));
        let rows = self.client().payments(PaymentFilter::default()).await.unwrap();
        let [row] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((row.state, &row.nonce), (RecordState::Settled, nonce));
        assert_eq!((row.amount.micro(), row.transaction.as_ref()), (PRICE, Some(transaction)));
    }
}

/// Evenly over a message, both ends included.
fn offsets(length: usize) -> impl Iterator<Item = usize> {
    (0..CUTS).map(move |number| number * length / (CUTS - 1))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_cut_anywhere_is_executed_once() {
    let Some(anvil) = Anvil::start().await else { return };
    let shop = Shop::with(at(&anvil.url)).await;
    let whole = Buyer::unknown(&anvil, &shop, 0).await;
    whole.assert_paid_once(&whole.call(None).await).await;
    let leg = whole.proxy.legs()[0];
    assert!(leg.request > 500 && leg.response > 500, "the paid leg was not seen: {leg:?}");
    let cuts = offsets(leg.request)
        .map(Fault::CutRequest)
        .chain(offsets(leg.response).map(Fault::CutResponse));
    let mut runs = Vec::new();
    for (number, cut) in (1..).zip(cuts) {
        // One after the other, because anvil numbers what one account sends at once alike.
        let buyer = Buyer::unknown(&anvil, &shop, number).await;
        runs.push(async move {
            // One cut is survived within the call.
            let report = buyer.call_under(Faults::once(cut)).await;
            buyer.assert_paid_once(&report).await;
        });
    }
    let calls = stream::iter(runs).buffer_unordered(AT_ONCE).count().await;
    assert_eq!(calls, 2 * CUTS);
    assert_eq!(anvil.balance(PAYEE).await, PRICE * (2 * CUTS as u128 + 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_somebody_else_executes_is_not_paid_again() {
    let Some(anvil) = Anvil::start().await else { return };
    let shop = Shop::with(at(&anvil.url)).await;
    let lost = [Faults::once(Fault::CutResponse(40)), Faults::always(Fault::CutResponse(0))];
    for (number, faults) in (1..).zip(lost) {
        let buyer = Buyer::unknown(&anvil, &shop, number).await;
        anvil.automine(false).await;
        tokio::join!(buyer.buy(faults), overtake(&anvil));
        let executed = buyer.executed().await;
        let winner = anvil.ask("eth_getTransactionByHash", json!([executed[0].1])).await;
        let sender: Address = winner["from"].as_str().unwrap().parse().unwrap();
        assert_eq!(sender, ANYBODY.parse::<Address>().unwrap(), "the gateway was first");
    }
}

/// Copies the gateway's transaction while it waits for a block, and pays more to be before it.
async fn overtake(anvil: &Anvil) {
    while anvil.waiting().await == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let pool = anvil.ask("txpool_content", json!([])).await;
    let first = |object: &Value| object.as_object().unwrap().values().next().unwrap().clone();
    let seen = first(&first(&pool["pending"]));
    let fee = format!("{:#x}", 100_000_000_000_u64);
    let copy = json!([{
        "from": ANYBODY, "to": seen["to"], "data": seen["input"], "gas": seen["gas"],
        "maxFeePerGas": fee, "maxPriorityFeePerGas": fee,
    }]);
    anvil.ask("eth_sendTransaction", copy).await;
    anvil.ask("evm_mine", json!([])).await;
    anvil.automine(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_from_a_wallet_that_is_emptied_is_paid_once_it_is_filled() {
    let cuts = [
        Faults::once(Fault::None),
        Faults::once(Fault::CutResponse(40)),
        Faults::always(Fault::CutResponse(0)),
    ];
    for faults in cuts {
        let Some(anvil) = Anvil::start().await.map(Arc::new) else { return };
        let meanwhile = Meanwhile::default();
        let shop = with_provider(&anvil, meanwhile.clone()).await;
        let buyer = Buyer::new(&anvil, &shop, KEY).await;
        let chain = Arc::clone(&anvil);
        let elsewhere = Address::repeat_byte(9);
        meanwhile.happens(async move {
            let spend = TestUSDC::transferCall { to: elsewhere, value: U256::from(PURSE) };
            chain.send(&payer().to_string(), spend).await;
        });
        // What was sent could still be executed: nobody is told that it was not charged.
        let poor = buyer.call_under(faults).await;
        assert!(matches!(poor.money.as_str(), "refused" | "unknown"), "{poor:?}");
        assert_eq!((anvil.balance(elsewhere).await, anvil.balance(PAYEE).await), (PURSE, 0));
        anvil.mint(payer(), PURSE).await;
        let rich = buyer.call(None).await;
        buyer.assert_paid_once(&rich).await;
    }
}
