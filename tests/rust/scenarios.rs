//! The shared scenarios against the Rust client, through its public API.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, time::Duration};

use blockrun_llm::{
    ChatRequest, ChatResponse, ClientOptions, Error, LLMClient, journal::JournalOptions,
};
use conformance::{Scenario, ScriptedServer, Seen};

const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/// Plays all scenarios of a file at once: most of their time is waiting.
async fn play(file: &str) {
    let scenarios = Scenario::load(file);
    let (server, address) = ScriptedServer::start(scenarios.clone()).await.unwrap();
    let mut running = BTreeMap::new();
    for scenario in &scenarios {
        let client = LLMClient::with_options(ClientOptions {
            private_key: Some(KEY.into()),
            api_url: Some(format!("http://{address}/{}", scenario.id)),
            timeout: Some(Duration::from_secs(60)),
            journal: JournalOptions { in_memory: true, ..JournalOptions::default() },
            ..ClientOptions::default()
        })
        .unwrap();
        let call = async move { client.chat_completion(&ChatRequest::new("Hello!")).await };
        running.insert(scenario.id.clone(), tokio::spawn(call));
    }
    let mut ran = 0;
    for scenario in &scenarios {
        let outcome = running.remove(&scenario.id).unwrap().await.unwrap();
        check(scenario, outcome, &server.seen(&scenario.id));
        ran += 1;
    }
    println!("{file}: ran {ran} of {}", scenarios.len());
    assert!(ran == scenarios.len() && ran > 0);
}

fn check(scenario: &Scenario, outcome: Result<ChatResponse, Error>, seen: &Seen) {
    let (id, expect) = (&scenario.id, &scenario.expect);
    match (outcome, &expect.error) {
        (Ok(response), None) => {
            assert_eq!(response.text(), "ok", "{id}");
            let cost = u64::try_from(response.cost().micro()).unwrap();
            assert_eq!(Some(cost), expect.amount_micro, "{id}");
        }
        (Err(error), Some(code)) => {
            assert_eq!(error.kind().code(), code, "{id}: {error}");
            assert_eq!(Some(error.payment().name()), expect.payment.as_deref(), "{id}: {error}");
            let field = error.rejection().map(|rejection| rejection.field.as_str());
            assert_eq!(field, expect.field.as_deref(), "{id}: {error}");
            if expect.status.is_some() {
                assert_eq!(error.status(), expect.status, "{id}: {error}");
            }
            let shown = format!("{error} {error:?} {:?}", error.response());
            assert!(!shown.contains(&KEY[2..]), "{id}");
        }
        (outcome, _) => panic!("{id}: expected {:?}, got {outcome:?}", expect.error),
    }
    assert_eq!(seen.payments.len(), expect.paid_requests, "{id}");
    assert_eq!(seen.signatures(), expect.signatures, "{id}");
    if let Some(most) = expect.max_validity {
        assert!(seen.validity().is_some_and(|validity| validity <= most), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_402_is_refused_and_a_good_one_paid_safely() {
    play("hostile.json").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_sending_the_same_header_again_or_stop() {
    play("after_sending.json").await;
}

#[test]
fn addresses_that_a_payment_may_not_travel_to_are_refused_before_any_traffic() {
    for address in [
        "http://blockrun.example/api",
        "http://localhost:80@evil.example",
        "https://user:pass@blockrun.ai/api",
        "ftp://localhost",
        "blockrun.ai",
    ] {
        let refused = LLMClient::with_options(ClientOptions {
            private_key: Some(KEY.into()),
            api_url: Some(address.into()),
            ..ClientOptions::default()
        });
        let error = refused.unwrap_err();
        assert_eq!(error.kind().code(), "INVALID_ARGUMENT", "{address}");
        assert!(error.message().starts_with("api_url"), "{error}");
    }
}
