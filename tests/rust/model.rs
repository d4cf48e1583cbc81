//! Model check of payments: every order of events, up to stated bounds, and the rules of money in
//! each state that is reached.
//!
//! Real: the payment flow of the client, `blockrun_llm::flow::Flow`, driven through its public API
//! (`model/machine.rs` unrolls it into a table). Abstract: the journal's rows, leases and budgets,
//! one atomic step a call (`journal.rs`); the gateway's claims, its provider, its stored answers,
//! and the token contract, which executes a nonce once and before expiry (`gateway.rs`); the network,
//! which never forgets a paid request and delivers it whenever, to whom and as often as it likes;
//! processes that die; a server that lies; time in ticks (`world.rs`, `choices.rs`). The rules are in `rules.rs`.
//!
//! Not modelled: a lease that runs out while its process lives, as when it is stopped for longer
//! than 30 s or an approval takes as long; time that passes between the offer and its record; a
//! second network.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stderr, reason = "the bounds and the counts are what this test shows")]

#[path = "model/choices.rs"]
mod choices;
#[path = "model/gateway.rs"]
mod gateway;
#[path = "model/journal.rs"]
mod journal;
#[path = "model/machine.rs"]
mod machine;
#[path = "model/rules.rs"]
mod rules;
#[path = "model/state.rs"]
mod state;
#[path = "model/world.rs"]
mod world;

use std::time::Instant;

use stateright::{Checker, Model};

use machine::Machine;
use state::{Bounds, Broken};
use world::Exploration;

fn explore(name: &str, bounds: Bounds) -> impl Checker<Exploration> + use<> {
    let started = Instant::now();
    let exploration = Exploration { machine: Machine::new(), bounds };
    let checker = exploration.checker().threads(2).spawn_bfs().join();
    let (nodes, edges) = checker.model().machine.size();
    eprintln!(
        "{name}: {} states by {} steps, depth {}; of the flow {nodes} states, {edges} steps; \
         {:.1?}; {:?}",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        started.elapsed(),
        checker.model().bounds,
    );
    checker
}

/// One process that calls twice under one key, dies once, and meets an honest gateway.
fn honest() -> Bounds {
    let (keys, keyless) = (vec![0], false);
    let (liar, broken, foretold) = (false, None, Vec::new());
    Bounds {
        keys,
        keyless,
        foretold,
        calls: 2,
        sends: 2,
        crashes: 1,
        time: 1,
        limit: 2,
        liar,
        broken,
    }
}

/// Two processes with one key.
fn pair() -> Bounds {
    Bounds { keys: vec![0, 0], calls: 1, ..honest() }
}

/// One process and a server that says and does what it likes.
fn liar() -> Bounds {
    Bounds { liar: true, ..honest() }
}

/// One process that makes a call without a key again.
fn retry() -> Bounds {
    Bounds { keyless: true, ..honest() }
}

/// One process whose calls pay in their first request, for a price that holds or one that is stale.
fn prepaid() -> Bounds {
    Bounds { foretold: vec![1, 2], ..honest() }
}

/// Two processes with a key each, one budget and a lying server.
fn budget() -> Bounds {
    Bounds { keys: vec![0, 1], calls: 1, crashes: 0, time: 0, ..liar() }
}

#[test]
fn the_rules_of_money_hold_in_every_state() {
    let liar_pair = Bounds { liar: true, ..pair() };
    let lied_to = Bounds { liar: true, ..retry() };
    for (name, bounds) in [
        ("honest", honest()),
        ("pair", pair()),
        ("liar", liar()),
        ("liar and pair", liar_pair),
        ("retry", retry()),
        ("retry at a liar", lied_to),
        ("prepaid", prepaid()),
        ("prepaid pair", Bounds { foretold: vec![1, 2], ..pair() }),
        ("prepaid retry", Bounds { foretold: vec![1, 2], ..retry() }),
        ("prepaid at a liar", Bounds { foretold: vec![1], ..liar() }),
    ] {
        explore(name, bounds).assert_properties();
    }
    let checker = explore("budget", Bounds { crashes: 1, time: 1, ..budget() });
    for rule in rules::ALWAYS {
        checker.assert_no_discovery(rule);
    }
}

#[test]
fn every_rule_that_is_broken_on_purpose_is_noticed() {
    for (broken, bounds, rule) in [
        (Broken::RandomNonce, honest(), rules::ONCE),
        (Broken::SettlesTwice, honest(), rules::ONCE),
        (Broken::SendBeforeRecord, honest(), rules::RECORDED),
        (Broken::ReplayAfterExpiry, honest(), rules::LIVE),
        (Broken::ReleaseOnRefusal, budget(), rules::BUDGET),
        (Broken::SeparateBudgets, budget(), rules::BUDGET),
        (Broken::LeaseKept, honest(), rules::STATED),
        (Broken::LostIsNeverSent, honest(), rules::NOT_CHARGED),
        (Broken::AnswerForgotten, honest(), rules::OBTAINABLE),
        (Broken::TokenReplaced, honest(), rules::OBTAINABLE),
        (Broken::NothingTakenUp, retry(), rules::TAKEN_UP),
    ] {
        let name = format!("{broken:?}");
        let checker = explore(&name, Bounds { broken: Some(broken), ..bounds });
        assert!(checker.discovery(rule).is_some(), "{broken:?} is not noticed by: {rule}");
    }
}
