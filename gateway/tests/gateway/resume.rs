//! A stream that was left goes on where it was left: while it is made, when it is stored, after it
//! broke, and not at all when what was seen of it is lost.

use std::time::Duration;

use blockrun_gateway::Config;
use blockrun_llm::{offline::SignedPayment, x402::payment_id};
use futures_util::future::join;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{
    events::events,
    gated::gated,
    support::{Answer, CHAT, Shop, config, hello, lasting},
};

const TOKEN: &str = "abababababababababababababababababababababababababababababababab";
/// More events than any answer here has.
const ALL: usize = 10_000;

fn streamed() -> Value {
    let mut body = hello("gpt-4o");
    body["stream"] = json!(true);
    body
}

/// One purchase of a stream, and the ways to come back to it.
struct Purchase<'a> {
    shop: &'a Shop,
    body: Value,
    payment: SignedPayment,
}

impl<'a> Purchase<'a> {
    async fn of(shop: &'a Shop, body: Value) -> Self {
        let payment = shop.payment(&body, 1).await;
        Self { shop, body, payment }
    }

    /// Sends the payment; the head is there, the events come.
    async fn pay(&self, after: Option<&str>) -> reqwest::Response {
        let request = self.shop.http.post(self.shop.url(CHAT)).body(self.body.to_string());
        let request = request.header(self.payment.header_name, &self.payment.header_value);
        send(request.header("blockrun-recovery", TOKEN), after).await
    }

    /// Fetches the answer by its id and its token.
    async fn fetch(&self, after: Option<&str>) -> reqwest::Response {
        self.fetch_with(TOKEN, after).await
    }

    async fn fetch_with(&self, token: &str, after: Option<&str>) -> reqwest::Response {
        let id = payment_id(&self.payment.authorization.nonce);
        let request = self.shop.http.get(self.shop.url(&format!("/api/v1/answers/{id}")));
        let request = request.header("accept", "text/event-stream");
        send(request.header("blockrun-recovery", token), after).await
    }

    async fn assert_charged_once(&self) {
        assert_eq!(self.shop.purse().await, 10_000_000 - self.payment.amount.micro());
    }
}

async fn send(request: reqwest::RequestBuilder, after: Option<&str>) -> reqwest::Response {
    let request = match after {
        Some(id) => request.header("last-event-id", id),
        None => request,
    };
    request.send().await.unwrap()
}

async fn text(response: reqwest::Response) -> String {
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    response.text().await.unwrap()
}

/// Reads until so many events are there.
async fn read(response: &mut reqwest::Response, count: usize) -> String {
    let mut seen = String::new();
    while events(&seen).len() < count {
        seen += std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap();
    }
    seen
}

async fn refused(response: reqwest::Response) -> (u16, String) {
    let answer = Answer::of(response).await;
    (answer.status, answer.json()["error"]["code"].as_str().unwrap().to_owned())
}

fn code(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// What follows an event, in the very bytes.
fn behind(whole: &str, id: u64) -> &str {
    let end: usize = whole.split_inclusive("\n\n").take(id as usize).map(str::len).sum();
    &whole[end..]
}

#[tokio::test]
async fn a_stored_stream_goes_on_behind_every_event() {
    let shop = Shop::open().await;
    let bought = Purchase::of(&shop, streamed()).await;
    let whole = text(bought.pay(None).await).await;
    let last = events(&whole).last().unwrap().id;
    assert!(last > 5);
    for id in 0..=last {
        let after = id.to_string();
        assert_eq!(text(bought.fetch(Some(&after)).await).await, behind(&whole, id));
        assert_eq!(text(bought.pay(Some(&after)).await).await, behind(&whole, id));
    }
    assert_eq!(text(bought.fetch(None).await).await, whole);
    assert_eq!(text(bought.pay(None).await).await, whole);
    bought.assert_charged_once().await;
}

#[tokio::test]
async fn a_stream_that_is_being_made_goes_on_behind_every_event() {
    let (shop, gate) = gated(config(), 4).await;
    let bought = Purchase::of(&shop, streamed()).await;
    let mut first = bought.pay(None).await;
    let mut seen = read(&mut first, 4).await;
    let mut readers = Vec::new();
    for id in 0..=4 {
        readers.push((id, bought.fetch(Some(&id.to_string())).await));
        readers.push((id, bought.pay(Some(&id.to_string())).await));
    }
    let beyond = code(400, "invalid_last_event_id");
    assert_eq!(refused(bought.fetch(Some("5")).await).await, beyond);
    assert_eq!(refused(bought.pay(Some("5")).await).await, beyond);
    gate.open(ALL);
    seen += &text(first).await;
    assert!(seen.ends_with("data: [DONE]\n\n"));
    for (id, reader) in readers {
        assert_eq!(text(reader).await, behind(&seen, id));
    }
    bought.assert_charged_once().await;
}

#[tokio::test]
async fn two_readers_at_once_get_the_same() {
    let (shop, gate) = gated(config(), 1).await;
    let bought = Purchase::of(&shop, streamed()).await;
    let (one, two) = (bought.pay(None).await, bought.pay(None).await);
    gate.open(ALL);
    let (one, two) = join(text(one), text(two)).await;
    assert_eq!(one, two);
    assert!(one.ends_with("data: [DONE]\n\n"));
    bought.assert_charged_once().await;
}

#[tokio::test]
async fn a_reader_that_leaves_in_the_middle_finds_the_rest() {
    let (shop, gate) = gated(config(), 3).await;
    let bought = Purchase::of(&shop, streamed()).await;
    let mut leaving = bought.pay(None).await;
    let last = events(&read(&mut leaving, 1).await).last().unwrap().id;
    drop(leaving);
    gate.open(ALL);
    let rest = text(bought.fetch(Some(&last.to_string())).await).await;
    assert_eq!(events(&rest)[0].id, last + 1);
    assert!(rest.ends_with("data: [DONE]\n\n"));
    bought.assert_charged_once().await;
}

#[tokio::test]
async fn what_there_is_no_going_on_from_is_said() {
    let shop = Shop::open().await;
    let bought = Purchase::of(&shop, streamed()).await;
    // Nothing was bought yet, so nothing is.
    let nowhere = code(400, "invalid_last_event_id");
    assert_eq!(refused(bought.pay(Some("1")).await).await, nowhere);
    assert_eq!(refused(bought.fetch(None).await).await, code(404, "answer_not_found"));
    assert_eq!(shop.purse().await, 10_000_000);

    let whole = text(bought.pay(Some("0")).await).await;
    let beyond = (events(&whole).last().unwrap().id + 1).to_string();
    for id in [beyond.as_str(), "-1", "1.5", "first", "", "18446744073709551616"] {
        let answer = Answer::of(bought.fetch(Some(id)).await).await;
        let error = &answer.json()["error"];
        assert_eq!((answer.status, &error["param"]), (400, &json!("Last-Event-ID")), "{id:?}");
        assert_eq!(refused(bought.pay(Some(id)).await).await, nowhere, "{id:?}");
    }
    let other = bought.fetch_with(&"cd".repeat(32), Some("1")).await;
    assert_eq!(refused(other).await, code(409, "recovery_refused"));

    let mut free = streamed();
    free["model"] = json!("gpt-oss-20b");
    let answer = shop.chat(&free, &[("last-event-id", "1")]).await;
    assert_eq!((answer.status, &answer.json()["error"]["code"]), (400, &json!(nowhere.1)));
    bought.assert_charged_once().await;
}

#[tokio::test]
async fn a_stream_that_broke_keeps_its_end_and_is_owed() {
    let (shop, gate) = gated(config(), 2).await;
    let bought = Purchase::of(&shop, streamed()).await;
    let mut response = bought.pay(None).await;
    let mut part = read(&mut response, 2).await;
    gate.close();
    part += &text(response).await;
    let told = events(&part);
    assert_eq!((told.len(), told[2].kind, told[2].id), (3, "error", 3));
    let error: Value = serde_json::from_str(told[2].data).unwrap();
    assert_eq!(
        (&error["error"]["type"], &error["error"]["code"]),
        (&json!("provider_error"), &json!("provider_error"))
    );
    for id in 0..=3_u64 {
        let after = id.to_string();
        assert_eq!(text(bought.fetch(Some(&after)).await).await, behind(&part, id));
        assert_eq!(text(bought.pay(Some(&after)).await).await, behind(&part, id));
    }
    assert_eq!(text(bought.fetch(None).await).await, part);
    // From the beginning it is asked for again, here in vain.
    assert_eq!(refused(bought.pay(None).await).await, code(503, "provider_error"));
    bought.assert_charged_once().await;
}

#[tokio::test]
async fn silence_is_filled_and_not_recorded() {
    let quick = Config { keep_alive: Duration::from_millis(10), ..config() };
    let (shop, gate) = gated(quick, 1).await;
    let bought = Purchase::of(&shop, streamed()).await;
    let mut response = bought.pay(None).await;
    let mut heard = String::new();
    while heard.matches(": keep-alive\n\n").count() < 2 {
        heard += std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap();
    }
    gate.open(ALL);
    heard += &text(response).await;
    let kept = text(bought.fetch(None).await).await;
    assert_eq!(heard.replace(": keep-alive\n\n", ""), kept);
    assert!(!kept.contains("keep-alive"));
}

#[tokio::test]
async fn what_can_be_fetched_again_says_so() {
    let shop = Shop::open().await;
    for (nonce, stream) in [(1, false), (2, true), (3, false)] {
        let mut body = hello("gpt-4o");
        body["stream"] = json!(stream);
        let payment = shop.payment(&body, nonce).await;
        let paid = (payment.header_name, payment.header_value.as_str());
        let headers = [paid, ("blockrun-recovery", TOKEN)];
        // Without a token there is nothing to ask with.
        let headers = if nonce == 3 { &headers[..1] } else { &headers };
        let id = payment_id(&payment.authorization.nonce);
        let expected = if nonce == 3 { "" } else { id.as_str() };
        for _ in 0..2 {
            assert_eq!(shop.chat(&body, headers).await.header("blockrun-answer"), expected);
        }
        let fetched = shop.http.get(shop.url(&format!("/api/v1/answers/{id}")));
        let fetched = fetched.header("blockrun-recovery", TOKEN).send().await.unwrap();
        assert_eq!(Answer::of(fetched).await.header("blockrun-answer"), expected);
    }
    let unpaid = shop.chat(&hello("gpt-4o"), &[]).await;
    assert_eq!((unpaid.status, unpaid.header("blockrun-answer")), (402, ""));
}

/// Dies like by SIGKILL: every task is dropped where it stands.
fn die_in_the_middle(config: &Config, body: &Value) -> (SignedPayment, String) {
    let dying = Runtime::new().unwrap();
    let left = dying.block_on(async {
        let (shop, _gate) = gated(config.clone(), 3).await;
        let bought = Purchase::of(&shop, body.clone()).await;
        let seen = read(&mut bought.pay(None).await, 3).await;
        (bought.payment, seen)
    });
    drop(dying);
    left
}

#[test]
fn a_gateway_that_died_in_the_middle_does_not_mix_two_answers() {
    let root = tempfile::tempdir().unwrap();
    let config = lasting(root.path());
    let body = streamed();
    let (payment, seen) = die_in_the_middle(&config, &body);
    let last = events(&seen).last().unwrap().id.to_string();
    Runtime::new().unwrap().block_on(async {
        let shop = Shop::with(config).await;
        let bought = Purchase { shop: &shop, body, payment };
        bought.assert_charged_once().await;
        let owed = code(409, "answer_owed");
        let answer = Answer::of(bought.fetch(Some(&last)).await).await;
        assert!(answer.settlement().success);
        assert_eq!(refused(bought.fetch(None).await).await, owed);
        assert_eq!(refused(bought.pay(Some(&last)).await).await, owed);

        let whole = text(bought.pay(None).await).await;
        assert!(whole.ends_with("data: [DONE]\n\n"));
        let remade = code(409, "answer_remade");
        assert_eq!(refused(bought.fetch(Some(&last)).await).await, remade);
        assert_eq!(refused(bought.pay(Some(&last)).await).await, remade);
        let first = events(&whole)[0].id;
        assert_eq!(text(bought.fetch(Some(&first.to_string())).await).await, behind(&whole, 1));
        bought.assert_charged_once().await;
    });
}
