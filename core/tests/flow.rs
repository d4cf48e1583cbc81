//! The flow from outside: whatever happens in whatever order, its rules of money hold.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use blockrun_llm::{
    Error, ErrorKind, PaymentState, Usdc,
    error::Proof,
    flow::{
        AFTER_SENDING, Action, Answer, CallFacts, ChainAnswer, Event, Flow, Forecast, Moment,
        Outcome, Recording, Resumed,
    },
    policy::Policy,
    wallet::{Address, B256},
    x402::{Challenge, encode_header, payment_id},
};
use bytes::Bytes;
use http::HeaderMap;
use proptest::prelude::*;
use serde_json::json;

const START: u64 = 1_790_000_000;

fn flow() -> Flow {
    let nonce = B256::repeat_byte(3);
    let call = CallFacts {
        key: "key-1".into(),
        nonce,
        payment_id: payment_id(&nonce),
        payer: Address::repeat_byte(7),
        url: "https://a.example/v1/chat/completions".parse().unwrap(),
    };
    Flow::new(call, Arc::new(Policy::default()))
}

fn moment(now: u64) -> Moment {
    Moment {
        now,
        elapsed: Duration::from_secs(now - START),
        remaining: Duration::from_secs(600).saturating_sub(Duration::from_secs(now - START)),
        entropy: 7,
    }
}

fn answer(status: u16, body: &str) -> Event {
    let body = Bytes::copy_from_slice(body.as_bytes());
    Event::Answered(Answer { status, headers: HeaderMap::new(), body })
}

fn challenge(amount: u64, error: &str) -> Event {
    let offer = json!({
        "scheme": "exact", "network": "eip155:84532", "amount": amount.to_string(),
        "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
        "payTo": Address::repeat_byte(9), "maxTimeoutSeconds": 60,
    });
    let body = json!({"x402Version": 2, "error": error, "accepts": [offer]}).to_string();
    let mut headers = HeaderMap::new();
    headers.insert("payment-required", encode_header(&body).parse().unwrap());
    Event::Answered(Answer { status: 402, headers, body: Bytes::new() })
}

fn forecast(amount: u64) -> Forecast {
    let Event::Answered(answer) = challenge(amount, "") else { unreachable!() };
    let challenge = Challenge::parse(&answer.headers, &answer.body).unwrap();
    Forecast { challenge, clock_offset: 0 }
}

fn trouble() -> Error {
    Error::new(ErrorKind::Connection, "trouble")
}

/// Brings a flow to its first paid leg.
fn paying() -> Flow {
    let (mut flow, _) = recording();
    assert!(matches!(flow.step(Event::Recorded, &moment(START)), Action::SendPaid));
    flow
}

/// Brings a flow to its record.
fn recording() -> (Flow, Recording) {
    let mut flow = flow();
    let at = moment(START);
    assert!(matches!(flow.step(Event::Start, &at), Action::SendUnpaid));
    assert!(matches!(flow.step(challenge(1_000, ""), &at), Action::Reserve(_)));
    assert!(matches!(flow.step(Event::Reserved, &at), Action::Approve(_)));
    assert!(matches!(flow.step(Event::Approved, &at), Action::Sign(_)));
    match flow.step(Event::Signed([1; 65]), &at) {
        Action::Record(recording) => (flow, recording),
        other => panic!("expected a record, got {other:?}"),
    }
}

fn failure(action: Action) -> (Error, Outcome) {
    match action {
        Action::Fail(failure) => (failure.error, failure.outcome),
        other => panic!("expected a failure, got {other:?}"),
    }
}

#[test]
fn a_failure_before_the_first_byte_frees_the_money() {
    let (error, outcome) = failure(paying().step(Event::NeverSent(trouble()), &moment(START)));
    assert_eq!(error.payment(), &PaymentState::NotCharged);
    assert_eq!((outcome, error.key()), (Outcome::Released, None));
}

#[test]
fn a_payment_that_is_taken_up_and_cannot_be_sent_stays_counted() {
    let at = moment(START);
    let (first, recording) = recording();
    let resumed = Resumed { transfer: recording.transfer, at_risk: Usdc::ZERO, ended: None };
    let policy = Arc::new(Policy::default());
    let mut flow = Flow::resuming(first.call().clone(), policy, resumed);
    assert!(matches!(flow.step(Event::Start, &at), Action::Replay));
    assert!(matches!(flow.step(Event::NeverSent(trouble()), &at), Action::Wait(_)));
    let (error, outcome) = failure(flow.step(Event::Deadline, &at));
    assert_eq!(error.payment().name(), "unknown");
    assert_eq!(outcome, Outcome::Unknown { live_until: START + 60 });
}

#[test]
fn a_lost_answer_is_asked_for_again_until_the_payment_expires() {
    let mut flow = paying();
    for second in 0..59 {
        assert!(matches!(
            flow.step(Event::Lost(trouble()), &moment(START + second)),
            Action::Wait(_)
        ));
        let next = flow.step(Event::Waited, &moment(START + second));
        assert!(matches!(next, Action::Replay), "{second}: {next:?}");
    }
    assert!(matches!(flow.step(Event::Lost(trouble()), &moment(START + 59)), Action::Wait(_)));
    let (error, outcome) = failure(flow.step(Event::Waited, &moment(START + 60)));
    assert_eq!(error.kind(), ErrorKind::PaymentOutcomeUnknown);
    assert_eq!(
        (outcome, error.key()),
        (Outcome::Unknown { live_until: START + 60 }, Some("key-1"))
    );
}

#[test]
fn a_wait_is_never_shorter_than_the_server_asks_nor_longer_than_there_is_time() {
    let busy = |seconds: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", seconds.parse().unwrap());
        Event::Answered(Answer { status: 503, headers, body: Bytes::new() })
    };
    match paying().step(busy("7"), &moment(START)) {
        Action::Wait(pause) => assert_eq!(pause, Duration::from_secs(7)),
        other => panic!("{other:?}"),
    }
    let (error, outcome) = failure(paying().step(busy("3600"), &moment(START)));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
    assert!(matches!(outcome, Outcome::Unknown { .. }));
}

#[test]
fn the_chain_decides_what_a_used_nonce_means() {
    let used = || challenge(1_000, "invalid_exact_evm_nonce_already_used");
    for (said, state) in [
        (ChainAnswer::Unavailable, "unknown"),
        (ChainAnswer::Unused, "refused"),
        (
            ChainAnswer::Paid { amount: Usdc::from_micro(1_000), transaction: "0x1".into() },
            "charged",
        ),
    ] {
        let mut flow = paying();
        assert!(matches!(flow.step(used(), &moment(START)), Action::AskChain { .. }));
        let (error, _) = failure(flow.step(Event::Chain(said), &moment(START)));
        assert_eq!(error.payment().name(), state);
    }
}

#[test]
fn what_the_chain_shows_is_what_was_charged_whatever_was_signed_last() {
    let mut flow = paying();
    let used = challenge(1_000, "invalid_exact_evm_nonce_already_used");
    flow.step(used, &moment(START));
    let (amount, transaction) = (Usdc::from_micro(700), "0x1".to_owned());
    let shown = ChainAnswer::Paid { amount, transaction: transaction.clone() };
    let (error, outcome) = failure(flow.step(Event::Chain(shown), &moment(START)));
    let (transaction, proof) = (Some(transaction), Proof::Chain);
    let charged = PaymentState::Charged { amount, transaction: transaction.clone(), proof };
    assert_eq!(error.payment(), &charged);
    assert_eq!(outcome, Outcome::Settled { amount, transaction, proof });
}

#[test]
fn the_wrong_time_is_signed_anew_once() {
    let late = || challenge(1_000, "invalid_exact_evm_payload_authorization_valid_before");
    let mut flow = paying();
    let at = moment(START + 5);
    assert!(matches!(flow.step(late(), &at), Action::Reserve(_)));
    assert!(matches!(flow.step(Event::Reserved, &at), Action::Approve(_)));
    match flow.step(Event::Approved, &at) {
        Action::Sign(transfer) => {
            assert_eq!(transfer.authorization.nonce, B256::repeat_byte(3));
            assert_eq!(transfer.authorization.valid_before.to::<u64>(), START + 65);
        }
        other => panic!("{other:?}"),
    }
    flow.step(Event::Signed([2; 65]), &at);
    flow.step(Event::Recorded, &at);
    let (error, outcome) = failure(flow.step(late(), &at));
    assert_eq!(error.kind(), ErrorKind::PaymentRefused);
    assert_eq!(outcome, Outcome::Refused { live_until: START + 65 });
}

#[test]
fn the_documented_table_is_the_one_in_force() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/exactly-once.md");
    let text = std::fs::read_to_string(path).unwrap();
    let documented: Vec<String> = text
        .lines()
        .filter(|line| line.starts_with("| ") && line.matches('`').count() >= 4)
        .filter_map(|line| {
            let mut cells = line.trim_matches('|').split('|').map(str::trim).rev();
            let (reaction, signal) =
                (cells.next()?.trim_matches('`'), cells.next()?.trim_matches('`'));
            let is_name = |name: &str| name.starts_with(char::is_uppercase) && !name.contains(' ');
            (is_name(reaction) && is_name(signal)).then(|| format!("{signal} {reaction}"))
        })
        .collect();
    let in_force: Vec<String> =
        AFTER_SENDING.iter().map(|rule| format!("{:?} {:?}", rule.signal, rule.reaction)).collect();
    assert_eq!(documented, in_force);
}

#[test]
fn what_is_signed_is_valid_from_the_moment_of_approval() {
    let mut flow = flow();
    flow.step(Event::Start, &moment(START));
    flow.step(challenge(1_000, ""), &moment(START));
    flow.step(Event::Reserved, &moment(START));
    match flow.step(Event::Approved, &moment(START + 120)) {
        Action::Sign(transfer) => {
            assert_eq!(transfer.authorization.valid_before.to::<u64>(), START + 180);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_forecast_beyond_the_limit_is_not_signed_for() {
    let mut flow = flow();
    flow.foretell(forecast(1_000_001));
    assert!(matches!(flow.step(Event::Start, &moment(START)), Action::SendUnpaid));
}

#[test]
fn any_402_to_what_was_foretold_is_signed_for_once() {
    for reason in ["", "insufficient_funds", "no match"] {
        let mut flow = flow();
        flow.foretell(forecast(1_000));
        assert!(matches!(flow.step(Event::Start, &moment(START)), Action::Reserve(_)));
        pay(&mut flow);
        match flow.step(challenge(1_000, reason), &moment(START)) {
            Action::Reserve(terms) => assert_eq!(terms.amount, Usdc::from_micro(1_000)),
            other => panic!("{other:?}"),
        }
        pay(&mut flow);
        let (error, outcome) = failure(flow.step(challenge(1_000, reason), &moment(START)));
        assert_eq!(error.kind(), ErrorKind::PaymentRefused);
        assert_eq!(outcome, Outcome::Refused { live_until: START + 60 });
    }
}

/// From a reservation to the paid leg.
fn pay(flow: &mut Flow) {
    for event in [Event::Reserved, Event::Approved, Event::Signed([1; 65])] {
        flow.step(event, &moment(START));
    }
    assert!(matches!(flow.step(Event::Recorded, &moment(START)), Action::SendPaid));
}

/// What the world may do at any step, whether it fits or not.
fn event(choice: u8, amount: u64) -> Event {
    match choice % 24 {
        0..=3 => Event::Reserved,
        4 => Event::NotReserved(trouble()),
        5..=7 => Event::Approved,
        8 => Event::Declined(trouble()),
        9 => Event::Signed([choice; 65]),
        10 => Event::Recorded,
        11 => Event::NotRecorded(trouble()),
        12 => answer(200, "{}"),
        13 => answer(503, ""),
        14 => answer(500, ""),
        15 => answer(409, ""),
        16 => challenge(amount, ""),
        17 => challenge(amount, "authorization is used or canceled"),
        18 => challenge(amount, "valid_before"),
        19 => Event::Lost(trouble()),
        20 => Event::NeverSent(trouble()),
        21 => Event::Chain(ChainAnswer::Unavailable),
        22 => Event::Deadline,
        _ => Event::Waited,
    }
}

/// An event that fits what was asked for, so that walks get far.
fn fitting(action: &Action, choice: u8, amount: u64) -> Event {
    match action {
        Action::SendUnpaid => match choice % 4 {
            0 => event(choice, amount),
            _ => challenge(amount, ""),
        },
        Action::Reserve(_) => Event::Reserved,
        Action::Approve(_) => Event::Approved,
        Action::Sign(_) => Event::Signed([choice; 65]),
        Action::Record(_) => Event::Recorded,
        Action::Wait(_) => Event::Waited,
        Action::AskChain { .. } => Event::Chain(ChainAnswer::Unavailable),
        Action::SendPaid | Action::Replay => event(12 + choice % 9, amount),
        Action::Finish(_) | Action::Fail(_) => Event::Waited,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]
    #[test]
    fn no_sequence_of_events_breaks_the_rules(
        steps in proptest::collection::vec((any::<u8>(), 1..1_200_000_u64, 0..4_u64), 1..60),
        chaos in 0..10_u8,
        foretold in proptest::option::of(1..1_200_000_u64),
    ) {
        let mut flow = flow();
        if let Some(amount) = foretold {
            flow.foretell(forecast(amount));
        }
        let mut now = START;
        let mut action = flow.step(Event::Start, &moment(now));
        let mut signed = Vec::new();
        let (mut recorded, mut sent, mut delivered) = (0, 0, false);
        for (choice, amount, seconds) in steps {
            now += seconds;
            let event = match choice % 10 < chaos / 3 {
                true => event(choice, amount),
                false => fitting(&action, choice, amount),
            };
            let never_sent = matches!(event, Event::NeverSent(_));
            action = flow.step(event, &moment(now));
            match &action {
                Action::Reserve(terms) => prop_assert!(terms.amount <= Usdc::from_micro(1_000_000)),
                Action::Sign(transfer) => signed.push(transfer.authorization.clone()),
                Action::Record(_) => recorded += 1,
                Action::SendPaid => {
                    sent += 1;
                    prop_assert_eq!(sent, recorded, "sent what was not recorded");
                    delivered = true;
                }
                Action::Replay => {
                    let last = signed.last().unwrap();
                    prop_assert!(last.valid_before.to::<u64>() > now, "sent after expiry");
                    delivered = true;
                }
                Action::Finish(finished) => {
                    let settled = matches!(finished.outcome, Outcome::Settled { .. });
                    prop_assert_eq!(settled, sent > 0);
                    break;
                }
                Action::Fail(failure) => {
                    if sent == 0 {
                        prop_assert_eq!(&failure.outcome, &Outcome::Released);
                    } else if !never_sent && delivered {
                        prop_assert!(failure.outcome != Outcome::Released);
                        prop_assert_eq!(failure.error.key(), Some("key-1"));
                    }
                    break;
                }
                _ => {}
            }
        }
        prop_assert!(signed.len() <= 2, "at most two live authorizations");
        let nonces: BTreeSet<_> = signed.iter().map(|one| one.nonce).collect();
        let payers: BTreeSet<_> = signed.iter().map(|one| one.from).collect();
        prop_assert!(nonces.len() <= 1 && payers.len() <= 1, "one call, one nonce");
    }
}
