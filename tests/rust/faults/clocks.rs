//! Clocks that are wrong by an hour or a day, from the start or between a call and its repetition.

use std::{sync::Arc, time::Duration};

use blockrun_llm::{
    ClientOptions,
    clock::{Clock, SystemClock},
};
use conformance::{Fault, Report};

use crate::{
    audit::audit,
    bench::{Bench, Trial, Wallet},
    table::Case,
};

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// The machine's clock, wrong by so many seconds.
#[derive(Debug)]
struct WrongBy(i64);

impl Clock for WrongBy {
    fn now(&self) -> u64 {
        SystemClock.now().saturating_add_signed(self.0)
    }
}

pub(crate) async fn cases(bench: &Arc<Bench>) -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, by) in [("+1 h", HOUR), ("-1 h", -HOUR), ("+1 day", DAY), ("-1 day", -DAY)] {
        cases.push(wrong(bench, name, by).await);
    }
    for (name, before, after) in [
        ("+1 h", HOUR, HOUR),
        ("-1 h", -HOUR, -HOUR),
        ("jumps +1 h", 0, HOUR),
        ("jumps -1 h", 0, -HOUR),
    ] {
        for keyed in [false, true] {
            cases.push(lost(bench, name, before, after, keyed).await);
        }
    }
    cases
}

fn options(by: i64) -> ClientOptions {
    ClientOptions { clock: Some(Arc::new(WrongBy(by))), ..ClientOptions::default() }
}

/// Up to two hours the server's clock is taken; beyond, nothing is signed.
async fn wrong(bench: &Bench, name: &str, by: i64) -> Case {
    let mut case = Case::new(format!("clock {name}"));
    let wallet = Wallet::new();
    let client = wallet.client_with(&bench.gateway.api_url(), options(by));
    let reports = [Report::of(&client.chat_completion(&Trial::default().request()).await)];
    let corrected = usize::from(by.abs() <= 2 * HOUR);
    let mut found = audit(bench.address(), &wallet, &reports, corrected..=corrected).await;
    let right = if corrected == 1 { "answer, charged" } else { "ClockSkew, not_charged" };
    if reports[0].outcome() != right {
        found.problems.push(format!("{:?}", reports[0]));
    }
    case.add("", &reports, found);
    case
}

/// The answer is lost until the deadline, then the call is made again by the clock as it is then.
async fn lost(bench: &Bench, name: &str, before: i64, after: i64, keyed: bool) -> Case {
    let again = if keyed { "same key" } else { "same call" };
    let mut case = Case::new(format!("clock {name}, answer lost, {again} again"));
    let (wallet, proxy) = (Wallet::new(), bench.proxy().await);
    let trial = Trial { keyed, timeout: Some(Duration::from_millis(600)), ..Trial::default() };
    proxy.plan([], Fault::CutResponse(0));
    let first = wallet.client_with(&proxy.api_url(), options(before));
    let request = blockrun_llm::ChatRequest { timeout: trial.timeout, ..trial.request() };
    let mut reports = vec![Report::of(&first.chat_completion(&request).await)];
    proxy.plan([], Fault::None);
    let second = wallet.client_with(&proxy.api_url(), options(after));
    reports.push(Report::of(&second.chat_completion(&trial.request()).await));
    let mut found = audit(bench.address(), &wallet, &reports, 1..=1).await;
    if !reports[1].answered {
        found.problems.push(format!("no answer in the end: {:?}", reports[1]));
    }
    case.add("", &reports, found);
    case
}
