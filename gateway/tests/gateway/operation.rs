//! What is seen of a gateway from outside: figures, readiness, names of requests.

use std::{sync::Arc, time::Duration};

use blockrun_gateway::{
    Completion, Config, Frames, Gateway, Provider, ProviderCall, ProviderError, UpstreamState,
};
use serde_json::{Value, json};

use super::support::{Answer, CHAT, Shop, config, hello};

/// The value of a figure, as its line is written.
fn figure(text: &str, name: &str) -> u64 {
    let line = text.lines().find(|line| line.rsplit_once(' ').is_some_and(|(key, _)| key == name));
    line.map_or(0, |line| line.rsplit_once(' ').unwrap().1.parse().unwrap())
}

async fn figures(shop: &Shop) -> String {
    let answer = shop.get("/metrics").await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
    assert!(answer.text().ends_with("# EOF\n"));
    answer.text().to_owned()
}

#[tokio::test]
async fn the_figures_are_those_of_the_ledger() {
    let shop = Shop::open().await.at_rest().await;
    let mut streamed = hello("gpt-4o");
    streamed["stream"] = json!(true);
    let picture = json!({"model": "dall-e-3", "prompt": "a cat", "response_format": "b64_json"});
    let payment = shop.payment(&hello("gpt-4o"), 1).await;
    // The second time it is an answer that was paid before.
    for _ in 0..2 {
        assert_eq!(shop.paid(&hello("gpt-4o"), &payment).await.status, 200);
    }
    for (body, nonce) in [streamed, hello("gpt-4o-mini")].iter().zip(2..) {
        shop.buy(body, nonce).await;
    }
    let body = hello("practice/unknown");
    let unknown = shop.payment(&body, 4).await;
    assert_eq!(shop.paid(&body, &unknown).await.status, 503);
    let text = figures(&shop).await;
    assert_eq!(figure(&text, "blockrun_settlements_unknown"), 1);
    assert_eq!(figure(&text, "blockrun_settlement_seconds_count{outcome=\"unknown\"}"), 1);
    assert_eq!(shop.paid(&body, &unknown).await.status, 200, "it is found to be settled");
    let images = "/api/v1/images/generations";
    let offer = shop.post(images, &picture, &[]).await.challenge();
    let drawn = shop.sign(&offer, 5);
    let header = [(drawn.header_name, drawn.header_value.as_str())];
    assert_eq!(shop.post(images, &picture, &header).await.status, 200);
    assert_eq!(shop.buy(&hello("practice/failing"), 6).await.status, 500);
    assert_eq!(shop.buy(&hello("practice/unsettled"), 7).await.status, 402);
    assert_eq!(shop.chat(&hello("gpt-oss-20b"), &[]).await.status, 200);

    let text = figures(&shop).await;
    let sum = |name: &str| -> u64 {
        let lines = text.lines().filter(|line| line.starts_with(name));
        lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
    };
    let spent = 10_000_000 - shop.purse().await;
    assert_eq!(u128::from(sum("blockrun_revenue_micro_usdc_total{")), spent);
    assert_eq!(sum("blockrun_sold_total{"), 5);
    let report = shop.get("/admin/revenue").await.json();
    assert_eq!((&report["calls"], &report["micro_usdc"]), (&json!(5), &json!(spent.to_string())));

    assert_eq!(figure(&text, "blockrun_settlements_unknown"), 0);
    assert_eq!(figure(&text, "blockrun_payments_verified_total"), 7);
    let refused = "blockrun_payments_refused_total{reason=\"insufficient_funds\"}";
    assert_eq!(figure(&text, refused), 1);
    assert_eq!(figure(&text, "blockrun_provider_failures_total{model=\"practice/failing\"}"), 1);
    let paid = format!("blockrun_requests_total{{route=\"{CHAT}\",status=\"200\"}}");
    assert_eq!(figure(&text, &paid), 6);
    assert_eq!(figure(&text, "blockrun_requests_in_flight"), 1, "this one");
    assert!(figure(&text, "blockrun_stored_answers_bytes") > 0);
}

#[tokio::test]
async fn every_answer_has_the_name_of_its_request() {
    let shop = Shop::open().await;
    let named = [("x-request-id", "my-own.name_1")];
    for (path, status) in [(CHAT, 400), ("/nowhere", 404), ("/api/v1/models", 405)] {
        let answer = shop.post(path, "", &named).await;
        assert_eq!((answer.status, answer.header("x-request-id")), (status, "my-own.name_1"));
    }
    let forged = shop.post(CHAT, "", &[("x-request-id", "a name\u{e9}")]).await;
    assert_eq!(forged.header("x-request-id").len(), 32);
    let text = figures(&shop).await;
    assert_eq!(figure(&text, "blockrun_requests_total{route=\"unknown\",status=\"404\"}"), 1);
    let wrong = "blockrun_requests_total{route=\"/api/v1/models\",status=\"405\"}";
    assert_eq!(figure(&text, wrong), 1);
}

/// Answers nothing; its upstreams are as they are told to be.
#[derive(Debug)]
struct Resting(Vec<bool>);

#[async_trait::async_trait]
impl Provider for Resting {
    fn upstreams(&self) -> Vec<UpstreamState> {
        let state = |(n, resting): (usize, &bool)| UpstreamState {
            name: format!("up-{n}"),
            resting: *resting,
        };
        self.0.iter().enumerate().map(state).collect()
    }

    async fn complete(&self, _: &ProviderCall) -> Result<Completion, ProviderError> {
        Err(ProviderError::failed("nothing"))
    }

    async fn stream(&self, _: &ProviderCall) -> Result<Frames, ProviderError> {
        Err(ProviderError::failed("nothing"))
    }
}

#[tokio::test]
async fn a_gateway_whose_upstreams_all_fail_is_not_ready() {
    for (resting, status) in
        [(vec![], 200), (vec![true, false], 200), (vec![true], 503), (vec![true, true], 503)]
    {
        let provider = Arc::new(Resting(resting.clone()));
        let shop = Shop::around(Gateway::start_with(config(), provider).await.unwrap());
        let answer = shop.get("/ready").await;
        assert_eq!(answer.status, status, "{resting:?}");
        let said = answer.json();
        assert_eq!(said["ready"], json!(status == 200));
        assert_eq!((&said["store"], &said["settlement"]), (&json!("ok"), &json!("ok")));
        assert_eq!(said["upstreams"], if status == 200 { "ok" } else { "all of them fail" });
        let text = figures(&shop).await;
        for (n, resting) in resting.iter().enumerate() {
            let name = format!("blockrun_upstream_resting{{upstream=\"up-{n}\"}}");
            assert_eq!(figure(&text, &name), u64::from(*resting));
        }
    }
}

#[tokio::test]
async fn a_drain_is_announced_and_drops_nobody() {
    let drained = Config { drain_delay: Duration::from_secs(3), ..config() };
    let shop = Shop::with(drained).await;
    let mut body = hello("gpt-4o");
    body["stream"] = json!(true);
    body["messages"][0]["content"] = json!("Count slowly to 80");
    let mut streams = Vec::new();
    for nonce in 1..=20 {
        let payment = shop.payment(&body, nonce).await;
        let request = shop.http.post(shop.url(CHAT)).body(body.to_string());
        let request = request.header(payment.header_name, &payment.header_value);
        streams.push(request.send().await.unwrap());
    }
    let Shop { running, http, .. } = shop;
    let base = running.base_url().to_owned();
    let stopping = tokio::spawn(running.shutdown());
    let mut said = Value::Null;
    while said["draining"] != "the gateway is being stopped" {
        let ready = Answer::of(http.get(format!("{base}/ready")).send().await.unwrap()).await;
        said = ready.json();
        assert_eq!(ready.status == 503, said["draining"] != "ok", "{said}");
    }
    // It still serves who has not heard of it.
    let late = http.post(format!("{base}{CHAT}")).body(hello("gpt-oss-20b").to_string());
    assert_eq!(late.send().await.unwrap().status(), 200);
    for stream in streams {
        assert!(stream.text().await.unwrap().ends_with("data: [DONE]\n\n"));
    }
    assert!(stopping.await.unwrap(), "within the deadline");
    assert!(http.get(format!("{base}/ready")).send().await.is_err());
}
