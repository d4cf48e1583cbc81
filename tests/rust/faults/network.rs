//! Answers that are lost, late, slow, doubled or replaced, and then the same call again.

use std::{sync::Arc, time::Duration};

use conformance::Fault;
use serde_json::json;

use crate::{
    audit::post,
    bench::{Bench, Trial},
    table::Case,
};

const SHORT: Option<Duration> = Some(Duration::from_secs(15));

pub(crate) async fn cases(bench: &Arc<Bench>) -> Vec<Case> {
    let challenge = challenge(bench).await;
    let once = |fault: Fault| Trial { plan: vec![fault], ..Trial::default() };
    let always = |fault: Fault| Trial { always: Some(fault), timeout: SHORT, ..Trial::default() };
    let ended = |fault: Fault| Trial { always: Some(fault), ..Trial::default() };
    let keyed = |trial: Trial| Trial { keyed: true, ..trial };
    let chain = |trial: Trial| Trial { chain: true, ..trial };
    let used = refusal("402 Payment Required", "nonce_already_used", "");
    let lost = always(Fault::CutResponse(0));
    let error = |status: &str| Fault::Replace(refusal(status, "broken", ""));
    let busy = Fault::Replace(refusal("503 Service Unavailable", "busy", "retry-after: 1\r\n"));
    let moved = refusal("307 Temporary Redirect", "moved", "location: http://127.0.0.1:9/\r\n");
    let trials: Vec<(&str, Trial)> = vec![
        ("nothing fails", Trial::default()),
        ("answer lost until the deadline, same call again", lost.clone()),
        ("answer lost until the deadline, same key again", keyed(lost)),
        ("request lost until the deadline, same call again", always(Fault::CutRequest(0))),
        (
            "half the request until the deadline, same key again",
            keyed(always(Fault::CutRequest(600))),
        ),
        ("500 after settlement, once", once(error("500 Internal Server Error"))),
        (
            "500 after settlement, always, same call again",
            ended(error("500 Internal Server Error")),
        ),
        ("502 after settlement, once", once(error("502 Bad Gateway"))),
        ("503 with Retry-After after settlement, once", once(busy)),
        ("504 after settlement until the deadline", always(error("504 Gateway Timeout"))),
        ("402 again after settlement, same call again", once(Fault::Replace(challenge.clone()))),
        (
            "402 again after settlement, same key again",
            keyed(once(Fault::Replace(challenge.clone()))),
        ),
        ("402 again without delivery, same call again", once(Fault::Withhold(challenge.clone()))),
        ("402 again without delivery, same key again", keyed(once(Fault::Withhold(challenge)))),
        ("402 nonce used after settlement, nobody to ask", once(Fault::Replace(used.clone()))),
        (
            "402 nonce used after settlement, the chain asked, same call again",
            chain(once(Fault::Replace(used.clone()))),
        ),
        (
            "402 nonce used after settlement, the chain asked, key again",
            keyed(chain(once(Fault::Replace(used.clone())))),
        ),
        (
            "402 nonce used, a lie, the chain asked, key again",
            keyed(chain(once(Fault::Withhold(used)))),
        ),
        ("409 after settlement, same call again", once(error("409 Conflict"))),
        ("400 after settlement, same call again", once(error("400 Bad Request"))),
        ("redirect after settlement, same call again", once(Fault::Replace(moved))),
        ("answer 1 s late", once(Fault::Delay(Duration::from_secs(1)))),
        (
            "answer later than the deadline, same call again",
            always(Fault::Delay(Duration::from_secs(20))),
        ),
        (
            "request and answer in pieces of 5 bytes",
            once(Fault::Trickle(5, Duration::from_millis(1))),
        ),
        ("answer stops in its middle, same call again", always(Fault::HoldResponse(300))),
        ("request delivered twice at once", once(Fault::Duplicate)),
        (
            "every request delivered twice, answers lost",
            Trial {
                plan: vec![Fault::Duplicate, Fault::CutResponse(40), Fault::Duplicate],
                ..Trial::default()
            },
        ),
        (
            "settled, outcome unknown to the gateway",
            Trial { model: Some("practice/unknown"), ..Trial::default() },
        ),
    ];
    let runs = trials.iter().map(|(name, trial)| trial.paid_once(bench, name));
    futures_util::future::join_all(runs).await
}

/// A real 402 of the gateway, for a call like ours.
async fn challenge(bench: &Bench) -> Vec<u8> {
    let body = json!({
        "model": "openai/gpt-4o-mini", "max_tokens": 1024,
        "messages": [{"role": "user", "content": "Hello!"}],
    });
    let answer = post(bench.address(), "/api/v1/chat/completions", &body.to_string()).await;
    assert!(answer.starts_with("HTTP/1.1 402"), "{answer}");
    answer.into_bytes()
}

/// An answer that is not the gateway's.
pub(crate) fn refusal(status: &str, reason: &str, header: &str) -> Vec<u8> {
    let body = json!({"x402Version": 2, "error": reason, "accepts": []}).to_string();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{header}content-length: {}\r\n\r\n",
        body.len()
    );
    (head + &body).into_bytes()
}
