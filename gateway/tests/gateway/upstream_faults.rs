//! Upstreams that fail: nothing is settled, others are asked, and what is broken is left alone.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::json;

use super::{
    scripted::{Act, KEY, Upstream, row, shop},
    support::{Answer, CHAT, Shop, hello},
    upstream::{chunk, completion, streamed},
};

const WHOLE_PURSE: u128 = 10_000_000;

fn fails(status: u16, headers: &'static str) -> Act {
    Act::Say(status, headers, json!({"error": {"message": format!("no, {KEY}!")}}).to_string())
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["error"]["code"].as_str().unwrap_or_default().to_owned())
}

fn provider_error() -> (u16, String) {
    (500, "provider_error".into())
}

async fn buy(shop: &Shop, nonce: u8) -> Answer {
    shop.buy(&hello("gpt-4o"), nonce).await
}

#[tokio::test]
async fn a_refusal_is_passed_on_and_the_payment_stays_good() {
    for body in [hello("gpt-4o"), streamed()] {
        let upstream = Upstream::run(|number, seen| match number {
            0 => fails(400, ""),
            _ if seen.json["stream"] == true => {
                Act::Stream(vec![chunk("Hi"), "data: [DONE]\n\n".into()], true)
            }
            _ => completion("Hi"),
        })
        .await;
        let other = Upstream::run(|_, _| completion("not asked")).await;
        let shop = shop(&(row("a", &upstream, "") + &row("b", &other, ""))).await;
        let payment = shop.payment(&body, 1).await;
        let refused = shop.paid(&body, &payment).await;
        assert_eq!(code(&refused), (400, "provider_refused".into()));
        assert_eq!(refused.json()["error"]["type"], "invalid_request_error");
        let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("no, [key]!") && !message.contains(KEY), "{message}");
        assert_eq!(shop.purse().await, WHOLE_PURSE);
        let answer = shop.paid(&body, &payment).await;
        assert!(answer.status == 200 && answer.settlement().success);
        assert_eq!((upstream.seen().len(), other.seen().len()), (2, 0));
    }
}

#[tokio::test]
async fn any_other_failure_is_the_providers_and_tells_nothing_of_it() {
    for (act, attempts) in [
        (fails(401, ""), 1),
        (fails(403, ""), 1),
        (fails(404, ""), 1),
        (fails(500, ""), 3),
        (Act::Say(307, "location: http://127.0.0.1:1/\r\n", String::new()), 1),
        (Act::Say(200, "", "no JSON".into()), 1),
        (Act::Say(200, "", json!({"error": {"message": KEY}}).to_string()), 1),
        (Act::Say(200, "", json!({"choices": []}).to_string()), 1),
        (Act::HangUp, 3),
    ] {
        let script = act.clone();
        let upstream = Upstream::run(move |_, _| script.clone()).await;
        let shop = shop(&row("secret-name", &upstream, "retries = 2")).await;
        let answer = buy(&shop, 1).await;
        assert_eq!(code(&answer), provider_error(), "{act:?}");
        assert!(!answer.headers.contains_key("payment-response"), "{act:?}");
        let (text, address) = (answer.text(), upstream.address.to_string());
        assert!(![KEY, "secret-name", &address].iter().any(|word| text.contains(word)), "{text}");
        assert_eq!(upstream.seen().len(), attempts, "{act:?}");
        assert_eq!(shop.purse().await, WHOLE_PURSE);
    }
}

#[tokio::test]
async fn an_upstream_that_is_busy_is_asked_again_and_then_the_next_one() {
    let busy = Upstream::run(|number, _| match number {
        0 => fails(503, ""),
        1 => completion("second attempt"),
        2 => fails(429, "retry-after: 60\r\n"),
        _ => fails(503, "retry-after: 0\r\n"),
    })
    .await;
    let other = Upstream::run(|_, _| completion("fallback")).await;
    let shop = shop(&(row("a", &busy, "") + &row("b", &other, ""))).await;
    for (nonce, said, attempts) in
        [(1, "second attempt", 2), (2, "fallback", 3), (3, "fallback", 5)]
    {
        let began = Instant::now();
        let answer = buy(&shop, nonce).await;
        assert_eq!(answer.json()["choices"][0]["message"]["content"], said);
        assert_eq!(busy.seen().len(), attempts);
        assert!(began.elapsed() < Duration::from_secs(30), "nobody waits a minute");
    }
    assert_eq!(other.seen().len(), 2);
}

#[tokio::test]
async fn a_stream_falls_back_until_its_first_event() {
    for first in [
        Act::Stream(vec!["data: {\"error\": {\"message\": \"overloaded\"}}\n\n".into()], true),
        Act::Stream(vec![": nothing\n\n".into()], true),
        Act::Stream(vec!["data: [DONE]\n\n".into()], true),
        Act::Stream(vec!["data: {\"half".into()], false),
        completion("not a stream"),
        Act::HangUp,
    ] {
        let script = first.clone();
        let broken = Upstream::run(move |_, _| script.clone()).await;
        let pieces = vec![chunk("Hi"), "data: [DONE]\n\n".to_owned()];
        let other = Upstream::run(move |_, _| Act::Stream(pieces.clone(), true)).await;
        let shop = shop(&(row("a", &broken, "retries = 0") + &row("b", &other, ""))).await;
        let answer = shop.buy(&streamed(), 1).await;
        assert!(answer.text().ends_with("[DONE]\n\n"), "{first:?}: {}", answer.text());
        assert_eq!((broken.seen().len(), other.seen().len()), (1, 1), "{first:?}");
    }
}

#[tokio::test]
async fn the_breaker_opens_and_closes() {
    let well = Arc::new(AtomicBool::new(false));
    let script = Arc::clone(&well);
    let upstream = Upstream::run(move |_, _| {
        if script.load(Ordering::SeqCst) { completion("well again") } else { fails(503, "") }
    })
    .await;
    let more = "retries = 0\nbreaker_failures = 2\nbreaker_pause = 4";
    let shop = shop(&row("a", &upstream, more)).await;
    let payment = shop.payment(&hello("gpt-4o"), 1).await;
    let attempt = async || shop.paid(&hello("gpt-4o"), &payment).await;
    for asked in [1, 2, 2, 2] {
        assert_eq!(code(&attempt().await), provider_error());
        assert_eq!(upstream.seen().len(), asked);
    }
    well.store(true, Ordering::SeqCst);
    assert_eq!(code(&attempt().await), provider_error(), "not asked, well or not");
    tokio::time::sleep(Duration::from_millis(4_100)).await;
    assert_eq!(attempt().await.status, 200);
    assert_eq!(buy(&shop, 2).await.status, 200);
    assert_eq!(upstream.seen().len(), 4);
}

#[tokio::test]
async fn a_timeout_cancels_and_settles_nothing() {
    for body in [hello("gpt-4o"), streamed()] {
        let upstream = Upstream::run(|_, _| Act::Silence).await;
        let shop = shop(&row("a", &upstream, "timeout = 1\nretries = 3")).await;
        let payment = shop.payment(&body, 1).await;
        assert_eq!(code(&shop.paid(&body, &payment).await), provider_error());
        assert_eq!(shop.purse().await, WHOLE_PURSE);
        assert_eq!(upstream.seen().len(), 1, "what was late once is not asked again");
        left(&upstream).await;
    }
}

/// Waits until the gateway has hung up on an upstream.
async fn left(upstream: &Upstream) {
    let began = Instant::now();
    while upstream.left() == 0 {
        assert!(began.elapsed() < Duration::from_secs(30), "the call was not cancelled");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn events_are_passed_on_at_once_and_silence_ends_the_wait_for_more() {
    let upstream = Upstream::run(|_, _| Act::Stall(vec![chunk("Hel")])).await;
    let shop = shop(&row("a", &upstream, "idle_timeout = 2")).await;
    let body = streamed();
    let payment = shop.payment(&body, 1).await;
    let request = shop.http.post(shop.url(CHAT)).body(body.to_string());
    let request = request.header(payment.header_name, &payment.header_value);
    let mut response = request.send().await.unwrap();
    let first = response.chunk().await.unwrap().unwrap();
    assert!(first.ends_with(b"\n\n") && first.starts_with(b"id: 1\ndata: {\"id\":\"c\""));
    assert_eq!(upstream.left(), 0, "it came while the upstream was still at work");
    let rest = response.text().await.unwrap();
    assert!(rest.contains("fell silent") && rest.contains("provider_error"), "{rest}");
    left(&upstream).await;
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_the_providers_failure() {
    let mut gone = Upstream::run(|_, _| Act::HangUp).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    gone.address = listener.local_addr().unwrap();
    drop(listener);
    let shop = shop(&row("a", &gone, "")).await;
    let answer = buy(&shop, 1).await;
    assert_eq!(code(&answer), provider_error());
    assert!(!answer.text().contains(&gone.address.port().to_string()), "{}", answer.text());
    assert_eq!(shop.purse().await, WHOLE_PURSE);
}
