//! Many at once: one key, one budget, one empty wallet.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use blockrun_gateway::Config;
use blockrun_llm::{ChatRequest, Usdc};
use conformance::{Fault, Report};
use serde_json::json;

use crate::{
    audit::audit,
    bench::{Bench, Trial, Wallet, gateway},
    process,
    table::Case,
};

/// What one call costs.
const PRICE: u64 = 1_000;

pub(crate) async fn cases(bench: &Arc<Bench>) -> Vec<Case> {
    let cut = |leg: usize| {
        if leg.is_multiple_of(3) { Fault::CutResponse(leg % 700) } else { Fault::None }
    };
    vec![
        processes_with_one_key(bench).await,
        tasks_with_one_key(bench).await,
        two_purchases(bench).await,
        one_budget(bench, "one day budget, 4 processes of 16 threads", Vec::new()).await,
        one_budget(bench, "the same, every third answer cut", (0..400).map(cut).collect()).await,
        money_for_one().await,
        emptied_before_settlement(bench).await,
    ]
}

async fn processes_with_one_key(bench: &Bench) -> Case {
    let (started, mut case) = (Instant::now(), Case::new("two processes race one key"));
    for _ in 0..4 {
        let wallet = Wallet::new();
        let order = process::order(&wallet, &bench.gateway.api_url());
        let order = process::with(&order, &json!({"key": "order-17", "day_limit": PRICE}));
        let (one, two) = (process::client(&order), process::client(&order));
        let (one, two) = tokio::join!(one.reports(), two.reports());
        let reports = [one, two].concat();
        let mut found = audit(bench.address(), &wallet, &reports, 1..=1).await;
        if !reports.iter().all(|report| report.answered) {
            found.problems.push(format!("one got no answer: {reports:?}"));
        }
        case.add("", &reports, found);
    }
    case.took = started.elapsed();
    case
}

async fn tasks_with_one_key(bench: &Bench) -> Case {
    let (started, mut case) = (Instant::now(), Case::new("64 tasks of one client race one key"));
    let wallet = Wallet::new();
    let client = wallet.client(&bench.gateway.api_url());
    let request = Trial { keyed: true, ..Trial::default() }.request();
    let calls = (0..64).map(|_| client.chat_completion(&request));
    let reports: Vec<_> =
        futures_util::future::join_all(calls).await.iter().map(Report::of).collect();
    let mut found = audit(bench.address(), &wallet, &reports, 1..=1).await;
    if !reports.iter().all(|report| report.answered) {
        found.problems.push("one got no answer".to_owned());
    }
    case.add("", &reports, found);
    case.took = started.elapsed();
    case
}

async fn two_purchases(bench: &Bench) -> Case {
    let mut case = Case::new("two identical calls at once are two purchases");
    let wallet = Wallet::new();
    let client = wallet.client(&bench.gateway.api_url());
    let request = ChatRequest::new("Hello!");
    let (one, two) =
        tokio::join!(client.chat_completion(&request), client.chat_completion(&request));
    let reports = [Report::of(&one), Report::of(&two)];
    case.add("", &reports, audit(bench.address(), &wallet, &reports, 2..=2).await);
    case
}

/// 256 calls want to pay; the budget covers 20.
async fn one_budget(bench: &Bench, name: &str, plan: Vec<Fault>) -> Case {
    const COVERED: usize = 20;
    let (started, mut case) = (Instant::now(), Case::new(name));
    let (wallet, proxy) = (Wallet::new(), bench.proxy().await);
    proxy.plan(plan, Fault::None);
    let limit = PRICE * COVERED as u64;
    let order = process::order(&wallet, &proxy.api_url());
    let order = process::with(&order, &json!({"day_limit": limit, "threads": 16, "calls": 4}));
    let clients = (0..4).map(|number| {
        let prompt = json!({"prompt": format!("Hello {number}")});
        process::client(&process::with(&order, &prompt)).reports()
    });
    let reports = futures_util::future::join_all(clients).await.concat();
    let mut found = audit(bench.address(), &wallet, &reports, COVERED..=COVERED).await;
    let answered = reports.iter().filter(|report| report.answered).count();
    if (answered, reports.len()) != (COVERED, 256) {
        found.problems.push(format!("{answered} of {} answered", reports.len()));
    }
    let others = reports.iter().filter_map(|report| report.error.as_ref());
    let others = others.filter(|(kind, _)| kind != "SpendLimit");
    found.problems.extend(others.map(|(kind, text)| format!("{kind}: {text}")));
    case.add("", &reports, found);
    case.took = started.elapsed();
    case
}

/// Both payments are good when they come; the wallet holds one.
async fn money_for_one() -> Case {
    let (started, mut case) = (Instant::now(), Case::new("two calls at once, money for one"));
    let config = Config {
        starting_balance: Usdc::from_micro(PRICE.into()),
        provider_delay: Duration::from_millis(200),
        ..Config::default()
    };
    let gateway = gateway(config).await;
    let wallet = Wallet { start: PRICE.into(), ..Wallet::new() };
    let client = wallet.client(&gateway.api_url());
    let (one, two) = (ChatRequest::new("One"), ChatRequest::new("Two"));
    let (one, two) = tokio::join!(client.chat_completion(&one), client.chat_completion(&two));
    let reports = [Report::of(&one), Report::of(&two)];
    let mut found = audit(gateway.address(), &wallet, &reports, 1..=1).await;
    if reports.iter().filter(|report| report.answered).count() != 1 {
        found.problems.push("not exactly one was answered".to_owned());
    }
    case.add("", &reports, found);
    case.took = started.elapsed();
    case
}

async fn emptied_before_settlement(bench: &Bench) -> Case {
    let mut case = Case::new("wallet emptied between check and settlement");
    for keyed in [false, true] {
        let model = Some("practice/unsettled");
        let trial = Trial { model, keyed, ..Trial::default() };
        let (reports, mut found) = trial.run(bench, 0..=0).await;
        if reports.iter().any(|report| report.answered || report.money == "charged") {
            found.problems.push("an answer that was not paid".to_owned());
        }
        case.add("", &reports, found);
    }
    case
}
