//! The fault battery: what can go wrong between a client, a network and a gateway is made to go
//! wrong, and after every case the ledger is asked what was really paid.
//!
//! `cargo test` cuts at 64 offsets each way; `FAULTS=full` (`make faults`) at every one. With
//! `--nocapture` the table of cases and results is printed.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking")]
#![allow(clippy::large_futures, reason = "they hold gateways, and there are few of them")]

#[path = "faults/audit.rs"]
mod audit;
#[path = "faults/bench.rs"]
mod bench;
#[path = "faults/clocks.rs"]
mod clocks;
#[path = "faults/crashes.rs"]
mod crashes;
#[path = "faults/journals.rs"]
mod journals;
#[path = "faults/network.rs"]
mod network;
#[path = "faults/process.rs"]
mod process;
#[path = "faults/races.rs"]
mod races;
#[path = "faults/sweep.rs"]
mod sweep;
#[path = "faults/table.rs"]
mod table;

use std::sync::Arc;

use bench::Bench;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_fails_a_call_is_charged_once_or_not_at_all() {
    let bench = Arc::new(Bench::start().await);
    // What takes time without work runs beside what works.
    let (network, crashes, races, journals, clocks) = tokio::join!(
        network::cases(&bench),
        crashes::cases(&bench),
        races::cases(&bench),
        journals::cases(&bench),
        clocks::cases(&bench),
    );
    let sweep = sweep::cases(&bench).await;
    let cases = [network, sweep, crashes, races, journals, clocks].concat();
    table::print(&cases);
    let failed: Vec<_> = cases.iter().filter(|case| !case.problems.is_empty()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}
