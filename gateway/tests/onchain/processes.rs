//! Two gateways with one gas key, one PostgreSQL and one chain; one of them, a process of its own, is
//! killed in the middle. About 10 s, half of it the other one's wait until it is taken for dead;
//! `FAULTS=full` kills it at eight moments.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    time::Duration,
};

use blockrun_gateway::{Config, Database, Gateway};
use blockrun_llm::offline::SignedPayment;
use conformance::Postgres;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    anvil::{Anvil, hash},
    shop::{assert_paid, at, insist},
    support::{Answer, CHAT, Shop, hello},
};

const BUYERS: u8 = 100;
/// What the process of the victim is told, and how its line begins that tells where it is.
const DATABASE: &str = "VICTIM_DATABASE";
const CHAIN: &str = "VICTIM_CHAIN";
const AT: &str = "the victim is at ";

/// What the dead left is looked after as it is when nobody tests it.
fn on(database: &str, chain: &str) -> Config {
    let upkeep = Config::default().upkeep;
    Config { database: Some(Database::new(database)), upkeep, ..at(chain) }
}

/// A gateway that can be killed; it is when this is dropped.
struct Victim {
    process: Child,
    url: String,
}

impl Victim {
    /// This program again, to run nothing but [`victim`].
    fn start(database: &str, chain: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "processes::victim", "--ignored", "--nocapture"])
            .envs([(DATABASE, database), (CHAIN, chain)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let told = lines.find_map(|line| line.unwrap().strip_prefix(AT).map(str::to_owned));
        Self { process, url: told.unwrap() }
    }

    /// SIGKILL, and the end of it.
    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        // It may be dead.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
#[ignore = "it is the process that the test below starts and kills"]
async fn victim() {
    let told = |name| std::env::var(name).unwrap();
    let gateway = Gateway::start(on(&told(DATABASE), &told(CHAIN))).await.unwrap();
    writeln!(std::io::stdout(), "\n{AT}{}", gateway.base_url()).unwrap();
    // Whoever started it holds the other end: it does not outlive a test that is killed.
    let ended = || std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    tokio::task::spawn_blocking(ended).await.unwrap().unwrap();
}

/// Pays at the victim first, if that is where the buyer is; whoever is not answered there goes to the
/// other one with the same payment until there is an answer.
async fn buy(shop: &Shop, first: Option<&str>, body: &Value, payment: &SignedPayment) -> Answer {
    if let Some(url) = first {
        let request = shop.http.post(format!("{url}{CHAT}")).body(body.to_string());
        let request = request.header(payment.header_name, &payment.header_value);
        let sent = request.send().await;
        if let Some(response) = sent.ok().filter(|response| response.status() == 200) {
            let headers = response.headers().clone();
            if let Ok(text) = response.bytes().await {
                return Answer { status: 200, headers, body: text.to_vec() };
            }
        }
    }
    insist(shop, body, payment).await
}

/// The victim dies when so many were paid. The gas key has sent no transaction in vain then, and none
/// waits: every number from the first to the last is that of a payment.
async fn round(server: &Postgres, dies_at: usize) {
    let Some(anvil) = Anvil::start().await else { return };
    let database = server.database();
    let mut victim = Victim::start(&database, &anvil.url);
    let shop = Shop::with(on(&database, &anvil.url)).await;
    let body = hello("gpt-4o-mini");
    let challenge = shop.chat(&body, &[]).await.challenge();
    let payments: Vec<_> = (1..=BUYERS).map(|nonce| shop.sign(&challenge, nonce)).collect();
    let url = victim.url.clone();
    let buying = payments.iter().enumerate().map(|(n, payment)| {
        let first = (n % 2 == 0).then_some(&*url);
        buy(&shop, first, &body, payment)
    });
    let dying = async {
        while anvil.payments().await.len() < dies_at {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        victim.kill();
    };
    let (answers, ()) = tokio::join!(join_all(buying), dying);
    let mut told: Vec<_> = answers
        .iter()
        .map(|answer| {
            assert_eq!(answer.status, 200, "{}", answer.text());
            hash(answer.settlement().transaction().unwrap())
        })
        .collect();
    let mut shown: Vec<_> = anvil.payments().await.iter().map(|text| hash(text)).collect();
    told.sort_unstable();
    shown.sort_unstable();
    assert_eq!(told, shown, "dies at {dies_at}");
    assert_paid(&anvil, 1_000 * u128::from(BUYERS), usize::from(BUYERS)).await;
    let gas_account = at("http://127.0.0.1:1").onchain.unwrap().gas_key.address();
    let sent = anvil.ask("eth_getTransactionCount", json!([gas_account, "latest"])).await;
    assert_eq!(sent, json!(format!("{BUYERS:#x}")), "dies at {dies_at}");
    assert_eq!(anvil.waiting().await, 0);
    let settled = "SELECT count(*) FROM claims WHERE state = 'settled'";
    assert_eq!(server.sql(&database, settled), BUYERS.to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_settlements_of_two_processes_and_one_of_them_is_killed() {
    let Some(server) = Postgres::shared() else { return };
    let full = std::env::var("FAULTS").is_ok_and(|what| what == "full");
    let moments: &[usize] = if full { &[0, 1, 5, 20, 40, 60, 80, 99] } else { &[30] };
    for dies_at in moments {
        round(server, *dies_at).await;
    }
}
