//! Real upstreams: what they are asked, and what of their answers reaches a buyer.

use std::time::Duration;

use blockrun_gateway::{Config, Gateway};
use serde_json::{Value, json};

use super::{
    events::events,
    scripted::{Act, KEY, Upstream, row, shop, shop_with},
    support::{Answer, CHAT, Shop, config, hello},
};

const IMAGES: &str = "/api/v1/images/generations";

/// A completion as an upstream writes it, with fields that nobody here knows.
pub(crate) fn completion(text: &str) -> Act {
    let body = json!({
        "id": "chatcmpl-7", "object": "chat.completion", "created": 7, "model": "real-2026",
        "choices": [{
            "index": 0, "message": {"role": "assistant", "content": text},
            "finish_reason": "content_filter", "logprobs": null,
        }],
        "usage": {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8, "cached": 1.50},
        "service_tier": "flex",
    });
    Act::Say(200, "content-type: application/json\r\n", body.to_string())
}

/// A chunk of a stream as an upstream writes it.
pub(crate) fn chunk(text: &str) -> String {
    let delta = json!({"content": text});
    let choices = json!([{"index": 0, "delta": delta, "finish_reason": null}]);
    let chunk = json!({"id": "c", "model": "real-2026", "choices": choices, "odd": {"a": 1}});
    format!("data: {chunk}\n\n")
}

pub(crate) fn streamed() -> Value {
    let mut body = hello("gpt-4o");
    body["stream"] = json!(true);
    body
}

#[tokio::test]
async fn an_upstream_is_asked_in_its_own_words() {
    let upstream = Upstream::run(|_, _| completion("Hi")).await;
    let more = "headers = { X-Team = \"seven\" }\ndrop = [\"user\"]\n\
                output_limit = \"max_completion_tokens\"";
    let shop = shop(&row("a", &upstream, more)).await;
    let mut body = hello("gpt-4o");
    let asked = json!({"max_tokens": 1_000_000, "user": "u", "seed": 7, "odd": [0.1]});
    body.as_object_mut().unwrap().extend(asked.as_object().unwrap().clone());
    assert_eq!(shop.buy(&body, 1).await.status, 200);
    let [seen] = upstream.seen().try_into().unwrap();
    assert_eq!(seen.line, "POST /v1/chat/completions HTTP/1.1");
    assert_eq!(seen.headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(seen.headers["x-team"], "seven");
    assert!(seen.headers.keys().all(|name| !name.contains("payment")), "{:?}", seen.headers);
    assert_eq!(seen.json["model"], "real-gpt-4o");
    assert_eq!(seen.json["messages"], body["messages"]);
    assert_eq!((&seen.json["seed"], &seen.json["odd"]), (&json!(7), &json!([0.1])));
    // What was priced, by the field that this upstream obeys.
    assert_eq!(seen.json["max_completion_tokens"], 16_384);
    assert!(seen.json.get("max_tokens").is_none() && seen.json.get("user").is_none());
}

#[tokio::test]
async fn an_answer_passes_as_it_is_under_the_model_that_was_asked_for() {
    let upstream = Upstream::run(|_, _| completion("Hi")).await;
    let shop = shop(&row("a", &upstream, "")).await;
    for (nonce, model) in [(1, "gpt-4o"), (2, "openai/gpt-4o")] {
        let body = hello(model);
        let payment = shop.payment(&body, nonce).await;
        let answer = shop.paid(&body, &payment).await;
        let Act::Say(_, _, mut expected) = completion("Hi") else { panic!() };
        expected = expected.replace("\"real-2026\"", &format!("\"{model}\""));
        assert_eq!((answer.status, answer.text()), (200, expected.as_str()));
        assert!(answer.settlement().success);
        assert_eq!(shop.paid(&body, &payment).await.body, answer.body);
    }
    assert_eq!(upstream.seen().len(), 2);
    assert_eq!(upstream.seen()[0].json["max_tokens"], 1_024, "what is priced without a wish");
}

#[tokio::test]
async fn what_no_upstream_serves_is_not_sold() {
    let upstream = Upstream::run(|_, _| completion("Hi")).await;
    let shop = shop(&row("a", &upstream, "")).await;
    let list = shop.get("/api/v1/models").await.json();
    let ids: Vec<_> = list["data"].as_array().unwrap().iter().map(|row| &row["id"]).collect();
    assert!(ids.contains(&&json!("openai/gpt-4o")));
    assert!(ids.iter().all(|id| id.as_str().unwrap().starts_with("openai/")), "{ids:?}");
    // The last one is answered by a model that is served.
    for (model, status) in
        [("deepseek-chat", 400), ("practice/slow", 400), ("practice/fallback", 402)]
    {
        assert_eq!(shop.chat(&hello(model), &[]).await.status, status, "{model}");
    }
}

#[tokio::test]
async fn a_stream_passes_event_by_event() {
    let done = "data: [DONE]\n\n";
    let pieces = [
        ": waiting\n\n".to_owned(),
        chunk("Hel") + "event: odd\nid: 9\n",
        chunk("lo").replace('\n', "\r\n") + "data: {\"choices\": [],",
        " \"usage\": {\"total_tokens\": 8}}\n\n".to_owned(),
        done.to_owned(),
    ];
    let upstream = Upstream::run(move |_, _| Act::Stream(pieces.to_vec(), true)).await;
    let shop = shop(&row("a", &upstream, "")).await;
    let body = streamed();
    let payment = shop.payment(&body, 1).await;
    let answer = shop.paid(&body, &payment).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/event-stream"));
    let named = |chunk: String| chunk.replace("real-2026", "gpt-4o");
    let expected = [
        format!("id: 1\n{}", named(chunk("Hel"))),
        format!("id: 2\n{}", named(chunk("lo"))),
        "id: 3\ndata: {\"choices\":[],\"usage\":{\"total_tokens\":8},\"model\":\"gpt-4o\"}\n\n"
            .into(),
        format!("id: 4\n{done}"),
    ];
    assert_eq!(answer.text(), expected.concat());
    assert_eq!(shop.paid(&body, &payment).await.body, answer.body);
    assert_eq!((upstream.seen().len(), &upstream.seen()[0].json["stream"]), (1, &json!(true)));
    assert_eq!(shop.purse().await, 10_000_000 - payment.amount.micro());
}

#[tokio::test]
async fn a_slow_reader_holds_the_upstream() {
    const MANY: usize = 1_000;
    let mut pieces = vec![chunk(&"x".repeat(64 * 1024)); MANY];
    pieces.push("data: [DONE]\n\n".into());
    let upstream = Upstream::run(move |_, _| Act::Stream(pieces.clone(), true)).await;
    let small = Config { answer_limit: 256 * 1024, ..config() };
    let shop = shop_with(small, &row("a", &upstream, "")).await;
    let body = streamed();
    let payment = shop.payment(&body, 1).await;
    let request = shop.http.post(shop.url(CHAT)).body(body.to_string());
    let request = request.header(payment.header_name, &payment.header_value);
    let response = request.send().await.unwrap();
    let mut held = 0;
    // What the system buffers on the way is not ours, so it is waited until nothing moves.
    while held != upstream.sent() {
        held = upstream.sent();
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(held < MANY, "all of it was taken in");
    assert_eq!(events(&response.text().await.unwrap()).len(), MANY + 1);
}

#[tokio::test]
async fn a_stream_that_breaks_is_owed_and_made_again() {
    let upstream = Upstream::run(|number, _| {
        let pieces = vec![chunk("Hel"), chunk("lo"), "data: [DONE]\n\n".to_owned()];
        if number == 0 {
            Act::Stream(pieces[..2].to_vec(), false)
        } else {
            Act::Stream(pieces, true)
        }
    })
    .await;
    let shop = shop(&row("a", &upstream, "")).await;
    let body = streamed();
    let payment = shop.payment(&body, 1).await;
    let broken = shop.paid(&body, &payment).await;
    assert_eq!(broken.status, 200);
    assert!(broken.text().contains("Hel") && broken.text().contains("\"provider_error\""));
    assert!(!broken.text().contains("[DONE]"));
    let whole = shop.paid(&body, &payment).await;
    assert_eq!(events(whole.text()).last().unwrap().data, "[DONE]");
    assert_eq!(shop.purse().await, 10_000_000 - payment.amount.micro());
}

#[tokio::test]
async fn calls_at_once_do_not_mix() {
    let upstream =
        Upstream::run(|_, seen| completion(seen.json["messages"][0]["content"].as_str().unwrap()))
            .await;
    let shop = shop(&row("a", &upstream, "")).await;
    let calls = (1..=20).map(|nonce| {
        let (shop, mut body) = (&shop, hello("gpt-4o-mini"));
        let said = format!("call {nonce}");
        body["messages"][0]["content"] = json!(said);
        async move {
            let answer = shop.buy(&body, nonce).await;
            assert_eq!(answer.json()["choices"][0]["message"]["content"], said);
        }
    });
    futures_util::future::join_all(calls).await;
    assert_eq!(upstream.seen().len(), 20);
}

async fn draw(shop: &Shop, body: &Value, nonce: u8) -> Answer {
    let payment = shop.sign(&shop.post(IMAGES, body, &[]).await.challenge(), nonce);
    shop.post(IMAGES, body, &[(payment.header_name, &payment.header_value)]).await
}

#[tokio::test]
async fn pictures_come_in_base64_or_behind_a_link() {
    // The practice provider draws the file that the upstream hands out, and serves it.
    let practice = Shop::open().await;
    let body = |format: &str| json!({"model": "dall-e-3", "prompt": "a red fox", "response_format": format});
    let drawn = draw(&practice, &body("b64_json"), 1).await.json()["data"][0]["b64_json"].clone();
    let link = draw(&practice, &body("url"), 2).await.json()["data"][0]["url"].clone();
    let (file, body) = (drawn.clone(), body("b64_json"));

    let upstream = Upstream::run(move |number, _| {
        let data = match number {
            0 => json!([{"b64_json": file, "revised_prompt": "a redder fox"}]),
            1 => json!([{"url": link}]),
            2 => json!([{"b64_json": "bm8gcGljdHVyZQ=="}]),
            _ => json!([{"url": "file:///etc/hostname"}]),
        };
        Act::Say(200, "", json!({"created": 1, "data": data}).to_string())
    })
    .await;
    let shop = shop(&row("a", &upstream, "retries = 0")).await;
    for nonce in 1..=4 {
        let answer = draw(&shop, &body, nonce).await;
        if nonce > 2 {
            assert_eq!(
                (answer.status, &answer.json()["error"]["code"]),
                (500, &json!("provider_error"))
            );
            continue;
        }
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["data"][0]["b64_json"], drawn);
        let revised = if nonce == 1 { json!("a redder fox") } else { Value::Null };
        assert_eq!(answer.json()["data"][0]["revised_prompt"], revised);
    }
    let seen = &upstream.seen()[0];
    assert_eq!(seen.line, "POST /v1/images/generations HTTP/1.1");
    assert_eq!(
        seen.json,
        json!({"model": "real-dall-e-3", "prompt": "a red fox", "n": 1, "size": "1024x1024",
               "quality": "standard", "response_format": "b64_json"})
    );
    assert_eq!(shop.purse().await, 10_000_000 - 2 * 40_000, "what brought no picture is free");
}

#[tokio::test]
async fn a_settings_file_that_cannot_be_used_stops_the_start() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("gateway.toml");
    let start = async || {
        let config = Config { settings: Some(path.clone()), ..config() };
        Gateway::start(config).await.map(drop).unwrap_err().to_string()
    };
    assert!(start().await.contains("gateway.toml: "), "a missing file is named");
    std::fs::write(&path, "[[upstream]]\nname = \"a\"\nbase_url = \"x\"\nmodels = {}\n").unwrap();
    let error = start().await;
    assert!(error.contains("gateway.toml, line 3: base_url: "), "{error}");
}
