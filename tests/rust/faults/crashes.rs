//! The client killed at every state of its journal, the gateway at many moments; then again.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use conformance::{Fault, FaultProxy, Report};
use serde_json::json;

use crate::{
    audit::audit,
    bench::{Bench, Trial, Wallet},
    process,
    table::Case,
};

/// What one call costs: the day budget of a killed client covers no second one.
const PRICE: u64 = 1_000;

pub(crate) async fn cases(bench: &Arc<Bench>) -> Vec<Case> {
    let mut cases = Vec::new();
    let moments = [
        ("reserved, not signed", None),
        ("signed, nothing delivered", Some(Fault::HoldRequest(0))),
        ("signed, half the request delivered", Some(Fault::HoldRequest(900))),
        ("settled, no byte of the answer there", Some(Fault::HoldResponse(0))),
        ("settled, half the answer there", Some(Fault::HoldResponse(400))),
    ];
    for (moment, fault) in moments {
        for key in [None, Some("order-17")] {
            cases.push(client_killed(bench, moment, fault.clone(), key, true).await);
        }
    }
    let settled = || Some(Fault::HoldResponse(0));
    // Elsewhere a process that ended cannot be told from one that works: its lease has to run out.
    if cfg!(target_os = "linux") {
        let moment = "settled; its zombie stays";
        cases.push(client_killed(bench, moment, settled(), None, false).await);
        cases.push(client_killed(bench, moment, settled(), Some("order-17"), false).await);
    }
    cases.push(gateway_killed_while_thinking_or_settling().await);
    cases.push(gateway_killed_after_its_answer_was_lost().await);
    cases
}

/// Kills a client and makes its call again in another process, with the same key or none.
async fn client_killed(
    bench: &Bench,
    moment: &str,
    fault: Option<Fault>,
    key: Option<&str>,
    reaped: bool,
) -> Case {
    let started = Instant::now();
    let (wallet, proxy) = (Wallet::new(), bench.proxy().await);
    let order = process::order(&wallet, &proxy.api_url());
    let order = process::with(&order, &json!({"key": key, "day_limit": PRICE}));
    let stop = fault.is_none();
    proxy.plan(fault, Fault::None);
    let mut victim = process::client(&process::with(&order, &json!({"stop_before_signing": stop})));
    if stop {
        assert_eq!(victim.lines.next_line().await.unwrap().as_deref(), Some("approving"));
    } else {
        proxy.held().await;
    }
    if reaped {
        victim.kill().await;
    } else {
        victim.child.start_kill().unwrap();
        zombie(victim.child.id().unwrap()).await;
    }
    let reports = process::client(&order).reports().await;
    let mut found = audit(bench.address(), &wallet, &reports, 1..=1).await;
    if !reports.iter().all(|report| report.answered) {
        found.problems.push(format!("not taken up: {reports:?}"));
    }
    let again = if key.is_some() { "same key" } else { "same call" };
    let mut case = Case::new(format!("client killed: {moment}; {again}"));
    case.add("", &reports, found);
    case.took = started.elapsed();
    case
}

/// Waits until a killed process is dead, but not taken leave of.
async fn zombie(process: u32) {
    let status = format!("/proc/{process}/stat");
    let alive = || std::fs::read_to_string(&status).is_ok_and(|line| !line.contains(") Z "));
    while alive() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn gateway_killed_while_thinking_or_settling() -> Case {
    const THINKS: u64 = 150;
    let started = Instant::now();
    let mut case = Case::new("gateway killed while it thinks or settles, restarted");
    let full = std::env::var("FAULTS").is_ok_and(|what| what == "full");
    let moments: Vec<u64> = match full {
        true => (0..60).map(|step| THINKS - 20 + step).collect(),
        false => vec![5, 80, 152, 158, 164, 172],
    };
    for moment in moments {
        let moment = Duration::from_millis(moment);
        let trial = Trial { keyed: true, ..Trial::default() };
        let thinks = Duration::from_millis(THINKS);
        killed(&mut case, &format!("after {moment:?}"), thinks, &trial, moment).await;
    }
    case.took = started.elapsed();
    case
}

async fn gateway_killed_after_its_answer_was_lost() -> Case {
    let started = Instant::now();
    let mut case = Case::new("gateway killed after its answer was lost, restarted");
    let plan = vec![Fault::HoldResponse(0)];
    let timeout = Some(Duration::from_secs(1));
    for keyed in [false, true] {
        let trial = Trial { plan: plan.clone(), keyed, timeout, ..Trial::default() };
        killed(&mut case, "", Duration::ZERO, &trial, Duration::from_millis(300)).await;
    }
    case.took = started.elapsed();
    case
}

/// Kills the gateway so long after a call began, starts another on the same folder, and makes the
/// call again if it got no answer.
async fn killed(case: &mut Case, place: &str, thinks: Duration, trial: &Trial, moment: Duration) {
    let (wallet, data) = (Wallet::new(), tempfile::tempdir().unwrap());
    let (mut victim, address) = process::gateway(data.path(), thinks).await;
    let proxy = FaultProxy::start(address).await.unwrap();
    proxy.plan(trial.plan.clone(), Fault::None);
    let client = wallet.client(&proxy.api_url());
    let request = blockrun_llm::ChatRequest { timeout: trial.timeout, ..trial.request() };
    let call = async { Report::of(&client.chat_completion(&request).await) };
    let accident = async {
        while proxy.arrived() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(moment).await;
        victim.kill().await;
        let next = process::gateway(data.path(), Duration::ZERO).await;
        proxy.redirect(next.1);
        next
    };
    let (report, (_alive, address)) = tokio::join!(call, accident);
    let mut reports = vec![report];
    if !reports[0].answered {
        let second = wallet.client(&proxy.api_url());
        reports.push(Report::of(&second.chat_completion(&trial.request()).await));
    }
    let mut found = audit(address, &wallet, &reports, 1..=1).await;
    if !reports.last().is_some_and(|report| report.answered) {
        found.problems.push(format!("no answer in the end: {reports:?}"));
    }
    case.add(place, &reports, found);
}
