//! The shared scenarios against the Rust client, through its public API. The format and what every
//! runner does: `tests/scenarios/README.md`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking")]

#[path = "scenarios/arguments.rs"]
mod arguments;
#[path = "scenarios/outcome.rs"]
mod outcome;
#[path = "scenarios/perform.rs"]
mod perform;

use blockrun_llm::{ClientOptions, LLMClient};
use conformance::{Scenario, ScriptedServer, TEST_KEY};
use serde_json::Value;

/// Plays all scenarios of a file at once: most of their time is waiting.
async fn play(file: &str) {
    let scenarios = Scenario::load(file);
    let (server, address) = ScriptedServer::start(scenarios.clone()).await.unwrap();
    let play_one = |scenario: Scenario| {
        let (server, base) = (server.clone(), format!("http://{address}/{}", scenario.id));
        tokio::spawn(async move {
            let outcomes = outcomes(&scenario, &base).await;
            server.judge(&scenario.id, &outcomes).await
        })
    };
    let running: Vec<_> = scenarios.iter().cloned().map(play_one).collect();
    let (mut ran, mut violations) = (0, Vec::new());
    for (scenario, play) in scenarios.iter().zip(running) {
        let found = play.await.unwrap();
        violations.extend(found.into_iter().map(|problem| format!("{}: {problem}", scenario.id)));
        ran += 1;
    }
    println!("{file}: ran {ran} of {}", scenarios.len());
    assert!(violations.is_empty(), "{file}:\n{}", violations.join("\n"));
    assert!(ran == scenarios.len() && ran > 0);
}

/// Makes a scenario's calls with one client. A client that cannot be made has failed all of them.
async fn outcomes(scenario: &Scenario, base: &str) -> Vec<Value> {
    let calls = scenario.calls();
    let client = match LLMClient::with_options(arguments::options(&scenario.client, base)) {
        Ok(client) => client,
        Err(error) => return vec![outcome::failure(&error); calls.len()],
    };
    let mut outcomes = Vec::new();
    for call in &calls {
        outcomes.push(perform::perform(&client, call).await);
    }
    outcomes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_402_is_refused_and_a_good_one_paid_safely() {
    play("hostile.json").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_sending_the_same_header_again_or_stop() {
    play("after_sending.json").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_is_sent_and_what_comes_is_handed_over() {
    play("chat.json").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_read_as_the_standard_says_and_paid_once() {
    play("streaming.json").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_foretold_is_paid_at_once_and_never_twice() {
    play("prepay.json").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_paid_as_chats_are() {
    play("images.json").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_endpoint_is_paid_and_no_path_leads_elsewhere() {
    play("requests.json").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_is_paid_from_the_same_purse() {
    play("discovery.json").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_in_the_background_is_asked_for_with_its_payment() {
    play("poll.json").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_asked_once_and_nothing_is_signed() {
    play("account.json").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_the_published_packages_returns() {
    play("published_faults.json").await;
}

#[tokio::test]
async fn the_judge_lets_nothing_pass() {
    let scenarios = Scenario::load("chat.json");
    let (server, _) = ScriptedServer::start(scenarios.clone()).await.unwrap();
    for scenario in &scenarios {
        let nothing = vec![serde_json::json!({}); scenario.calls().len()];
        let found = server.judge(&scenario.id, &nothing).await;
        assert!(!found.is_empty(), "{}: nobody called, and that was well", scenario.id);
        let few = server.judge(&scenario.id, &[]).await;
        assert!(few[0].contains("0 outcomes"), "{}: {few:?}", scenario.id);
    }
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
            private_key: Some(TEST_KEY.into()),
            api_url: Some(address.into()),
            ..ClientOptions::default()
        });
        let error = refused.unwrap_err();
        assert_eq!(error.kind().code(), "INVALID_ARGUMENT", "{address}");
        assert!(error.message().starts_with("api_url"), "{error}");
    }
}
