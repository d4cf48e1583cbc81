//! Two gateway processes on one PostgreSQL database, and one of them dies at some moment: whoever comes
//! to the other one gets an answer, and is charged once. About 20 s, most of it waiting for leases.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking")]
#![allow(clippy::large_futures, reason = "they hold clients, and there are few of them")]
#![cfg(unix)]

#[allow(dead_code, reason = "the fault battery uses all of it")]
#[path = "faults/audit.rs"]
mod audit;
#[allow(dead_code, reason = "the fault battery uses all of it")]
#[path = "faults/bench.rs"]
mod bench;
#[allow(dead_code, reason = "the fault battery uses all of it")]
#[path = "faults/process.rs"]
mod process;
#[allow(dead_code, reason = "the fault battery uses all of it")]
#[path = "faults/table.rs"]
mod table;

use std::{
    net::SocketAddr,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use blockrun_llm::ChatRequest;
use conformance::{Fault, FaultProxy, Postgres, Report};
use futures_util::future::join_all;
use tokio::time::sleep;

use audit::audit;
use bench::{Trial, Wallet};
use process::Party;

/// How long the model of a gateway that is killed thinks.
const THINKS: Duration = Duration::from_millis(150);

async fn gateway(url: &str, thinks: Duration) -> (Party, SocketAddr) {
    process::gateway(Path::new(url), thinks).await
}

/// What a call came to, and what the ledger says of it.
async fn judge(at: SocketAddr, wallet: &Wallet, reports: &[Report], what: &str) {
    assert!(reports.last().unwrap().answered, "{what}: no answer in the end: {reports:?}");
    let found = audit(at, wallet, reports, 1..=1).await;
    assert!(found.problems.is_empty(), "{what}: {:?}", found.problems);
}

/// A call to the first gateway, which is killed so long after it came; whoever is cut off goes to the
/// second one.
async fn killed(url: String, trial: Trial, moment: Duration) {
    let what = format!("killed after {moment:?}");
    let wallet = Wallet::new();
    let (mut victim, first) = gateway(&url, THINKS).await;
    let (_alive, second) = gateway(&url, Duration::ZERO).await;
    let proxy = FaultProxy::start(first).await.unwrap();
    proxy.plan(trial.plan.clone(), Fault::None);
    let client = wallet.client(&proxy.api_url());
    let request = ChatRequest { timeout: trial.timeout, ..trial.request() };
    let call = async { Report::of(&client.chat_completion(&request).await) };
    let accident = async {
        while proxy.arrived() == 0 {
            sleep(Duration::from_millis(1)).await;
        }
        sleep(moment).await;
        victim.kill().await;
        proxy.redirect(second);
    };
    let (report, ()) = tokio::join!(call, accident);
    let mut reports = vec![report];
    if !reports[0].answered {
        let again = wallet.client(&proxy.api_url());
        reports.push(Report::of(&again.chat_completion(&trial.request()).await));
    }
    judge(second, &wallet, &reports, &what).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whichever_moment_a_gateway_dies_at_the_other_one_answers_and_charges_once() {
    let Some(server) = Postgres::shared() else { return };
    let full = std::env::var("FAULTS").is_ok_and(|what| what == "full");
    let moments: Vec<u64> = match full {
        true => (0..60).map(|step| THINKS.as_millis() as u64 - 20 + step).collect(),
        false => vec![5, 80, 152, 158, 164, 172],
    };
    let keyed = || Trial { keyed: true, ..Trial::default() };
    for some in moments.chunks(6) {
        let at = |moment: &u64| killed(server.database(), keyed(), Duration::from_millis(*moment));
        join_all(some.iter().map(at)).await;
    }
    // Settled, and the answer was lost on its way.
    let lost = Trial {
        plan: vec![Fault::HoldResponse(0)],
        timeout: Some(Duration::from_secs(1)),
        ..keyed()
    };
    killed(server.database(), lost, Duration::from_millis(400)).await;
}

/// Waits until the database says so.
async fn until(server: &Postgres, database: &str, question: &str, wanted: &str) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while server.sql(database, question) != wanted {
        assert!(Instant::now() < deadline, "{question}: never {wanted}");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_settlement_that_a_dead_gateway_left_is_looked_up_by_the_other_one() {
    let Some(server) = Postgres::shared() else { return };
    let (url, wallet) = (server.database(), Wallet::new());
    let (_alive, second) = gateway(&url, Duration::ZERO).await;
    let (mut victim, first) = gateway(&url, Duration::ZERO).await;
    let proxy = FaultProxy::start(first).await.unwrap();
    let client = wallet.client(&proxy.api_url());
    let model = Some("practice/unknown".to_owned());
    let request = ChatRequest { model, ..ChatRequest::new("Hello!") };
    let call = async { Report::of(&client.chat_completion(&request).await) };
    let accident = async {
        until(server, &url, "SELECT count(*) FROM claims WHERE state LIKE 'settl%'", "1").await;
        victim.kill().await;
        until(server, &url, "SELECT state FROM claims", "settled").await;
        // Nobody asked for it until now: whoever called had nobody to ask.
        proxy.redirect(second);
    };
    let (report, ()) = tokio::join!(call, accident);
    judge(second, &wallet, &[report], "left unknown").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_was_taken_for_dead_does_nothing_twice() {
    let Some(server) = Postgres::shared() else { return };
    let (url, wallet) = (server.database(), Wallet::new());
    let (stopped, first) = gateway(&url, Duration::from_secs(2)).await;
    let (_alive, second) = gateway(&url, Duration::ZERO).await;
    let signal = |name: &str| {
        let id = stopped.child.id().unwrap().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    };
    let trial = Trial { keyed: true, ..Trial::default() };
    let proxy = FaultProxy::start(first).await.unwrap();
    let client = wallet.client(&proxy.api_url());
    let brief = ChatRequest { timeout: Some(Duration::from_secs(1)), ..trial.request() };
    let report = Report::of(&client.chat_completion(&brief).await);
    assert!(!report.answered, "{report:?}");
    // In the middle of its work, for longer than its lease.
    signal("-STOP");
    proxy.redirect(second);
    let again = wallet.client(&proxy.api_url());
    let reports = [report, Report::of(&again.chat_completion(&trial.request()).await)];
    signal("-CONT");
    sleep(Duration::from_secs(3)).await;
    judge(second, &wallet, &reports, "stopped").await;
    judge(first, &wallet, &reports, "and going on").await;
    until(server, &url, "SELECT count(*) FROM processes", "2").await;
}
