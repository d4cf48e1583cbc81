//! Settling through a facilitator: a real one, a second gateway, behind something that can spoil what
//! it says.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use blockrun_gateway::{Config, Gateway, SettleThrough};
use serde_json::{Value, json};
use tokio::{runtime::Handle, task::block_in_place};

use super::{
    counting::{Counting, counted},
    facilitator::{SELLER, open},
    scripted::{Act, Seen, Upstream},
    support::{Answer, Shop, config, hello, lasting, sql},
};

/// What happens to `/settle`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Spoil {
    Nothing,
    /// It arrives; the answer is lost.
    Lost,
    /// It arrives; the answer takes longer than anybody waits.
    Slow,
    /// It arrives; the answer is `settlement_pending` with status 500.
    Pending,
    /// It arrives; the answer is no answer.
    Garbage,
    /// It arrives; the answer leads elsewhere.
    Redirect,
    /// It arrives; the answer speaks of another network.
    Network,
    /// It does not arrive, and nobody says so.
    Swallowed,
    /// It does not arrive: it is turned away.
    Forbidden,
    /// It does not arrive: the payment is found wanting.
    Poor,
}

/// After each of these the payment is executed and the gateway was not told.
const UNTOLD: [Spoil; 6] =
    [Spoil::Lost, Spoil::Slow, Spoil::Pending, Spoil::Garbage, Spoil::Redirect, Spoil::Network];

/// A facilitator with its ledger, and what stands before it.
struct Facilitator {
    behind: Shop,
    front: Upstream,
    spoil: Arc<AtomicU8>,
}

impl Facilitator {
    async fn start() -> Self {
        Self::with(open()).await
    }

    async fn with(config: Config) -> Self {
        let behind = Shop::with(config).await;
        let spoil = Arc::<AtomicU8>::default();
        let (url, http, what) =
            (behind.running.base_url().to_owned(), behind.http.clone(), Arc::clone(&spoil));
        let front = Upstream::run(move |_, seen| {
            let pass = || block_in_place(|| Handle::current().block_on(pass(&http, &url, seen)));
            let settling = seen.line.starts_with("POST /settle ");
            spoilt(if settling { what.load(Ordering::SeqCst) } else { 0 }, pass)
        });
        Self { behind, front: front.await, spoil }
    }

    fn spoil(&self, what: Spoil) {
        self.spoil.store(what as u8, Ordering::SeqCst);
    }

    fn url(&self) -> String {
        format!("http://{}", self.front.address)
    }

    /// A gateway that settles through it, with or without its ledger to look things up at.
    fn client(&self, chain: bool) -> Config {
        self.client_with(chain, |_| ())
    }

    /// The same where nothing is `Slow`, or else for no longer than a test has time.
    fn patient(&self, chain: bool, spoil: Spoil) -> Config {
        self.client_with(chain, |through| {
            if spoil == Spoil::Slow {
                through.timeout = Duration::from_secs(2);
            }
        })
    }

    fn client_with(&self, chain: bool, change: impl FnOnce(&mut SettleThrough)) -> Config {
        let rpc = format!("{}/practice/rpc", self.behind.running.base_url());
        let mut through = SettleThrough::new(self.url());
        through.headers.push(("Authorization".into(), "Bearer of-this-test".into()));
        through.rpc_url = Some(if chain { rpc } else { "off".into() });
        change(&mut through);
        Config { settle_through: Some(through), payee: SELLER.parse().unwrap(), ..config() }
    }

    /// What was paid, in micro-USDC.
    async fn paid(&self) -> u128 {
        self.behind.balance(SELLER.parse().unwrap()).await - 10_000_000
    }
}

/// Hands a request on.
async fn pass(http: &reqwest::Client, url: &str, seen: &Seen) -> (u16, String) {
    let mut words = seen.line.split(' ');
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let mut request = http.request(method.parse().unwrap(), format!("{url}{path}"));
    if method == "POST" {
        request = request.body(seen.json.to_string());
    }
    if let Some(name) = seen.headers.get("idempotency-key") {
        request = request.header("idempotency-key", name);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn spoilt(what: u8, pass: impl Fn() -> (u16, String)) -> Act {
    let is = |one: Spoil| one as u8 == what;
    let poor = json!({"success": false, "errorReason": "insufficient_funds", "transaction": ""});
    if is(Spoil::Swallowed) {
        return Act::HangUp;
    } else if is(Spoil::Forbidden) {
        return Act::Say(403, "", String::new());
    } else if is(Spoil::Poor) {
        return Act::Say(400, "", poor.to_string());
    }
    let (status, body) = pass();
    if is(Spoil::Nothing) {
        return Act::Say(status, "", body);
    }
    let mut said: Value = serde_json::from_str(&body).unwrap();
    if is(Spoil::Lost) {
        Act::HangUp
    } else if is(Spoil::Slow) {
        Act::Silence
    } else if is(Spoil::Pending) {
        said["success"] = json!(false);
        said["errorReason"] = json!("settlement_pending");
        Act::Say(500, "", said.to_string())
    } else if is(Spoil::Redirect) {
        Act::Say(302, "location: http://127.0.0.1:1/settle\r\n", String::new())
    } else if is(Spoil::Network) {
        said["network"] = json!("eip155:8453");
        Act::Say(200, "", said.to_string())
    } else {
        Act::Say(200, "", "<html>502 Bad Gateway</html>".into())
    }
}

async fn counting(config: Config) -> (Shop, Arc<Counting>) {
    counted(config, Duration::ZERO).await
}

fn assert_pending(answer: &Answer) {
    assert_eq!((answer.status, answer.header("retry-after")), (503, "1"), "{}", answer.text());
    assert!(answer.settlement().is_pending());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sale_is_settled_by_the_facilitator() {
    let facilitator = Facilitator::start().await;
    let shop = Shop::with(facilitator.client(false)).await;
    assert_eq!(shop.get("/health").await.json()["mode"], "facilitator");
    let mut paid = 0;
    for (nonce, stream) in [(1, false), (2, true)] {
        let mut body = hello("gpt-4o-mini");
        body["stream"] = json!(stream);
        let payment = shop.payment(&body, nonce).await;
        let answer = shop.paid(&body, &payment).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        paid += payment.amount.micro();
        let transaction = answer.settlement().transaction;
        let shown = facilitator.behind.get(&format!("/practice/transactions/{transaction}")).await;
        assert_eq!(shown.json()["amount"]["micro"], payment.amount.micro().to_string());
        let again = shop.paid(&body, &payment).await;
        assert_eq!((again.status, &again.body), (200, &answer.body));
        assert_eq!(facilitator.paid().await, paid);
    }
    let seen = facilitator.front.seen();
    assert!(seen.iter().all(|one| one.headers["authorization"] == "Bearer of-this-test"));
    let settled = seen.iter().find(|one| one.line.starts_with("POST /settle ")).unwrap();
    let accepted = &settled.json["paymentPayload"]["accepted"];
    assert_eq!(*accepted, settled.json["paymentRequirements"]);
    assert_eq!(
        settled.json["paymentPayload"]["resource"]["url"],
        shop.url(super::support::CHAT).as_str()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_facilitator_did_and_did_not_tell_is_found_by_asking_it_again() {
    for spoil in UNTOLD {
        let facilitator = Facilitator::start().await;
        let (shop, provider) = counting(facilitator.patient(false, spoil)).await;
        let body = hello("gpt-4o-mini");
        let payment = shop.payment(&body, 1).await;
        facilitator.spoil(spoil);
        for _ in 0..2 {
            let pending = shop.paid(&body, &payment).await;
            assert_pending(&pending);
            let named = pending.settlement().transaction().is_some();
            assert_eq!(named, spoil == Spoil::Pending, "{spoil:?}");
        }
        facilitator.spoil(Spoil::Nothing);
        let answer = shop.paid(&body, &payment).await;
        assert_eq!((answer.status, answer.settlement().success), (200, true), "{spoil:?}");
        assert_eq!(facilitator.paid().await, payment.amount.micro());
        assert_eq!(provider.asked.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_facilitator_did_and_did_not_tell_is_seen_on_the_chain() {
    for (spoil, stream) in UNTOLD.into_iter().zip([false, true].into_iter().cycle()) {
        let facilitator = Facilitator::start().await;
        let shop = Shop::with(facilitator.patient(true, spoil)).await;
        let mut body = hello("gpt-4o-mini");
        body["stream"] = json!(stream);
        let payment = shop.payment(&body, 1).await;
        facilitator.spoil(spoil);
        let answer = shop.paid(&body, &payment).await;
        if spoil == Spoil::Pending {
            assert_pending(&answer);
            continue;
        }
        assert_eq!((answer.status, answer.settlement().success), (200, true), "{spoil:?}");
        assert_eq!(facilitator.paid().await, payment.amount.micro());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_never_arrived_is_asked_again() {
    for chain in [false, true] {
        let facilitator = Facilitator::start().await;
        let (shop, provider) = counting(facilitator.client(chain)).await;
        let body = hello("gpt-4o-mini");
        let payment = shop.payment(&body, 1).await;
        facilitator.spoil(Spoil::Swallowed);
        assert_pending(&shop.paid(&body, &payment).await);
        // It is no word about the first time.
        facilitator.spoil(Spoil::Poor);
        assert_pending(&shop.paid(&body, &payment).await);
        facilitator.spoil(Spoil::Nothing);
        assert_eq!(shop.paid(&body, &payment).await.status, 200);
        assert_eq!(facilitator.paid().await, payment.amount.micro());
        assert_eq!(provider.asked.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_and_a_closed_door_charge_nothing_and_the_payment_stays_good() {
    for (spoil, status) in [(Spoil::Poor, 402), (Spoil::Forbidden, 503)] {
        let facilitator = Facilitator::start().await;
        let (shop, provider) = counting(facilitator.client(true)).await;
        let body = hello("gpt-4o-mini");
        let payment = shop.payment(&body, 1).await;
        facilitator.spoil(spoil);
        let answer = shop.paid(&body, &payment).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        if spoil == Spoil::Poor {
            assert_eq!(answer.settlement().error_reason.as_deref(), Some("insufficient_funds"));
        } else {
            assert_eq!(answer.json()["error"]["code"], "settlement_unavailable");
            assert!(!answer.headers.contains_key("payment-response"));
        }
        facilitator.spoil(Spoil::Nothing);
        assert_eq!(shop.paid(&body, &payment).await.status, 200);
        assert_eq!(facilitator.paid().await, payment.amount.micro());
        assert_eq!(provider.asked.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_settlement_is_looked_up_after_a_restart() {
    let facilitator = Facilitator::start().await;
    let root = tempfile::tempdir().unwrap();
    let Config { data, database, .. } = lasting(root.path());
    let config = Config { data, database, ..facilitator.client(false) };
    let shop = Shop::with(config.clone()).await;
    let body = hello("gpt-4o-mini");
    let payment = shop.payment(&body, 1).await;
    facilitator.spoil(Spoil::Lost);
    assert_pending(&shop.paid(&body, &payment).await);
    assert!(shop.running.shutdown().await);
    facilitator.spoil(Spoil::Nothing);
    // Nobody has to come for it.
    assert!(Shop::with(config.clone()).await.running.shutdown().await);
    assert_eq!(sql(&config, "SELECT count(*) FROM claims WHERE state = 'settled'"), "1");
    assert_eq!(sql(&config, "SELECT count(*) FROM orders"), "0");
    facilitator.spoil(Spoil::Forbidden);
    let answer = Shop::with(config).await.paid(&body, &payment).await;
    assert_eq!((answer.status, answer.settlement().success), (200, true));
    assert_eq!(facilitator.paid().await, payment.amount.micro());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_is_verified_before_any_work() {
    let poor = Config { starting_balance: "0".parse().unwrap(), ..open() };
    let facilitator = Facilitator::with(poor).await;
    let (shop, provider) = counting(facilitator.client(true)).await;
    let refused = shop.buy(&hello("gpt-4o-mini"), 1).await;
    assert_eq!(refused.challenge().error.as_deref(), Some("insufficient_funds"));
    assert_eq!(provider.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_purse_does_not_hold_is_not_sold() {
    let purse = Config { starting_balance: "0.0015".parse().unwrap(), ..open() };
    let facilitator = Facilitator::with(purse).await;
    let shop = counted(facilitator.client(true), Duration::from_millis(300)).await.0;
    let body = hello("gpt-4o-mini");
    let (one, two) = (shop.payment(&body, 1).await, shop.payment(&body, 2).await);
    let (one, two) = tokio::join!(shop.paid(&body, &one), shop.paid(&body, &two));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 402], "{} {}", one.text(), two.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_facilitator_that_cannot_settle_for_us_stops_the_start() {
    let start = async |url: &str| {
        let through = Some(SettleThrough::new(url));
        let config = Config { settle_through: through, payee: SELLER.parse().unwrap(), ..config() };
        Gateway::start(config).await.map(drop).unwrap_err().to_string()
    };
    let says = async |body: &str| {
        let body = body.to_owned();
        let upstream = Upstream::run(move |_, _| Act::Say(200, "", body.clone())).await;
        start(&format!("http://{}/secret", upstream.address)).await
    };
    let other = json!({"kinds": [{"x402Version": 2, "scheme": "exact", "network": "eip155:1"}]});
    let error = says(&other.to_string()).await;
    assert!(error.starts_with("settle_through.url: ") && !error.contains("secret"), "{error}");
    assert!(error.contains("eip155:84532") && error.contains("exact on eip155:1 (v2)"), "{error}");
    assert!(says("<html>").await.contains("something else"));
    assert!(start("http://127.0.0.1:1").await.contains("not reached"));
    assert!(start("http://f.example").await.starts_with("settle_through.url: "));
    let nobody =
        Config { settle_through: Some(SettleThrough::new("https://f.example")), ..config() };
    let error = Gateway::start(nobody).await.map(drop).unwrap_err().to_string();
    assert!(error.starts_with("payee: "), "{error}");
}
