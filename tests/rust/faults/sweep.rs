//! The paid leg cut at every byte of its request and of its answer.

use std::{sync::Arc, time::Instant};

use conformance::{Fault, Leg};
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    bench::{Bench, Trial, Wallet},
    table::Case,
};

/// Offsets each way, unless all are asked for.
const CHOSEN: usize = 64;
/// Runs at once.
const AT_ONCE: usize = 24;

pub(crate) async fn cases(bench: &Arc<Bench>) -> Vec<Case> {
    let Leg { request, response } = length(bench).await;
    assert!(request > 500 && response > 500, "the paid leg was not seen");
    vec![
        sweep(bench, "request cut at a byte", request, Fault::CutRequest).await,
        sweep(bench, "answer cut at a byte, after settlement", response, Fault::CutResponse).await,
    ]
}

/// How long the paid leg is.
async fn length(bench: &Arc<Bench>) -> Leg {
    let (wallet, proxy) = (Wallet::new(), bench.proxy().await);
    wallet.client(&proxy.api_url()).chat_completion(&Trial::default().request()).await.unwrap();
    proxy.legs()[0]
}

async fn sweep(bench: &Arc<Bench>, name: &str, length: usize, cut: fn(usize) -> Fault) -> Case {
    let started = Instant::now();
    let (turns, mut runs) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    for offset in offsets(length) {
        let (bench, turns) = (Arc::clone(bench), Arc::clone(&turns));
        let trial = Trial { plan: vec![cut(offset)], keyed: offset % 2 == 1, ..Trial::default() };
        runs.spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            (offset, trial.run(&bench, 1..=1).await)
        });
    }
    let mut case = Case::new(format!("{name} of {length}"));
    while let Some(run) = runs.join_next().await {
        let (offset, (reports, mut found)) = run.unwrap();
        if !reports[0].answered {
            found.problems.push(format!("one cut was not survived: {:?}", reports[0]));
        }
        case.add(&format!("byte {offset}"), &reports, found);
    }
    case.took = started.elapsed();
    case
}

fn offsets(length: usize) -> Vec<usize> {
    if std::env::var("FAULTS").is_ok_and(|what| what == "full") {
        return (0..=length).collect();
    }
    (0..CHOSEN).map(|number| number * length / (CHOSEN - 1)).collect()
}
