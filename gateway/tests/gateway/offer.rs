//! The 402.

use blockrun_gateway::{Config, PRACTICE_PAYEE, Protocols};
use blockrun_llm::x402::{Version, decode_header};
use serde_json::{Value, json};

use super::{
    scripted::{Upstream, row, shop},
    support::{CHAT, Shop, config, hello},
    upstream::completion,
};

#[tokio::test]
async fn both_versions_are_offered_at_once() {
    let shop = Shop::open().await;
    let answer = shop.chat(&hello("gpt-4o-mini"), &[]).await;
    assert_eq!(answer.status, 402);
    assert_eq!(answer.header("cache-control"), "no-store");

    let json = decode_header(answer.header("payment-required")).unwrap();
    let v2: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(v2["x402Version"], 2);
    assert_eq!(v2["resource"]["url"], shop.url("/api/v1/chat/completions").as_str());
    assert_eq!(
        v2["accepts"][0],
        json!({
            "scheme": "exact",
            "network": "eip155:84532",
            "amount": "1000",
            "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
            "payTo": PRACTICE_PAYEE.to_string(),
            "maxTimeoutSeconds": 300,
            "extra": {"name": "USDC", "version": "2"},
        })
    );
    assert_eq!(v2["extensions"]["payment-identifier"]["info"]["required"], false);
    assert_eq!(v2["extensions"]["quote"]["info"]["rule"], "q1");
    assert_eq!(v2["extensions"]["quote"]["info"]["inputTokens"], 13);

    let v1 = answer.json();
    assert_eq!(v1["x402Version"], 1);
    assert_eq!(v1["error"], "X-PAYMENT header is required");
    assert_eq!(v1["accepts"][0]["maxAmountRequired"], "1000");
    assert_eq!(v1["accepts"][0]["network"], "base-sepolia");
    assert_eq!(v1["accepts"][0]["resource"], v2["resource"]["url"]);
    assert_eq!(v1["price"], json!({"amount": "0.001", "currency": "USD"}));
}

#[tokio::test]
async fn one_version_can_be_offered_alone() {
    let v1 = Shop::with(Config { protocols: Protocols::V1, ..config() }).await;
    let answer = v1.chat(&hello("gpt-4o"), &[]).await;
    assert!(!answer.headers.contains_key("payment-required"));
    assert_eq!(answer.challenge().version, Version::V1);

    let v2 = Shop::with(Config { protocols: Protocols::V2, ..config() }).await;
    let answer = v2.chat(&hello("gpt-4o"), &[]).await;
    assert_eq!(answer.challenge().version, Version::V2);
    let body = answer.json();
    assert!(body.get("accepts").is_none() && body.get("x402Version").is_none());
    assert_eq!(body["error"]["code"], "payment_required");
    assert_eq!(body["price"]["currency"], "USD");

    // A payment of the other version is refused, not misread.
    let other = v1.payment(&hello("gpt-4o"), 1).await;
    let refused = v2.paid(&hello("gpt-4o"), &other).await;
    assert_eq!(refused.challenge().error.as_deref(), Some("invalid_x402_version"));
}

#[tokio::test]
async fn a_clamped_answer_is_told_in_the_description() {
    let shop = Shop::open().await;
    let mut body = hello("gpt-4o-mini");
    body["max_tokens"] = json!(1_000_000);
    let description = shop.chat(&body, &[]).await.json()["accepts"][0]["description"].clone();
    assert_eq!(description, "openai/gpt-4o-mini chat completion, 16384 max output tokens");
}

#[tokio::test]
async fn a_free_model_answers_without_a_payment() {
    let shop = Shop::open().await;
    let answer = shop.chat(&hello("gpt-oss-20b"), &[]).await;
    assert_eq!(answer.status, 200);
    assert!(answer.json()["choices"][0]["message"]["content"].as_str().unwrap().contains("Hello!"));
    assert!(!answer.headers.contains_key("payment-response"));
}

#[tokio::test]
async fn the_published_prices_are_the_asked_ones() {
    use blockrun_llm::quote::{PriceRule, Rates};

    let shop = Shop::open().await;
    let pricing = shop.get("/api/pricing").await.json();
    assert_eq!((&pricing["rule"], &pricing["x402Versions"]), (&json!("q1"), &json!([2, 1])));
    assert!(pricing["accepts"][0].get("amount").is_none());
    assert!(pricing["expires"].as_u64().unwrap() > super::support::now());

    let rule: PriceRule = serde_json::from_value(pricing["parameters"].clone()).unwrap();
    let models = pricing["models"].as_array().unwrap();
    for model in models.iter().filter(|model| model.get("rates").is_some()) {
        let rates: Rates = serde_json::from_value(model["rates"].clone()).unwrap();
        let body = hello(model["alias"].as_str().unwrap());
        let max_output = model["max_output"].as_u64().unwrap();
        let price = rule.chat(&body.to_string(), rates, max_output).unwrap();
        let asked = shop.chat(&body, &[]).await.json()["accepts"][0]["maxAmountRequired"].clone();
        assert_eq!(asked, price.amount.micro().to_string(), "{model}");
    }
}

#[tokio::test]
async fn a_quote_is_what_the_402_asks_for() {
    let shop = Shop::open().await;
    let quote = async |body: &Value| shop.post("/api/v1/quote", body, &[]).await;
    let images = "/api/v1/images/generations";
    let picture = json!({"model": "dall-e-3", "prompt": "a fox", "n": 2});
    for (path, body) in [(CHAT, hello("gpt-4o")), (images, picture)] {
        let told = quote(&body).await;
        assert_eq!((told.status, told.header("cache-control")), (200, "no-store"));
        let (told, asked) = (told.json(), shop.post(path, &body, &[]).await);
        let required = decode_header(asked.header("payment-required")).unwrap();
        let required: Value = serde_json::from_str(&required).unwrap();
        assert_eq!(told["amount"], required["accepts"][0]["amount"]);
        assert_eq!(told["quote"], required["extensions"]["quote"]["info"]);
        assert_eq!(told["description"], required["resource"]["description"]);
        assert_eq!((&told["price"], &told["free"]), (&asked.json()["price"], &json!(false)));
    }
    let free = quote(&hello("gpt-oss-20b")).await.json();
    assert_eq!((&free["free"], &free["amount"]), (&json!(true), &json!("0")));
    for wrong in [json!({}), hello("gpt-4o-mni"), json!({"model": "gpt-4o"})] {
        assert_eq!(quote(&wrong).await.status, 400);
    }
}

#[tokio::test]
async fn prices_are_set_published_and_charged() {
    let upstream = Upstream::run(|_, _| completion("Hi")).await;
    let price = "[price]\nmargin_bps = 0\nfloor = 7\noutput_permille = 500\n";
    let shop = shop(&(price.to_owned() + &row("a", &upstream, ""))).await;
    let published = shop.get("/api/pricing").await.json()["parameters"].clone();
    let chosen = ["margin_bps", "output_permille"].map(|name| published[name].clone());
    assert_eq!(chosen, [json!(0), json!(500)]);
    // 13 tokens at $2.50 and half of 1,024 at $10.00 per million: 32.5 + 5,120.
    let payment = shop.payment(&hello("gpt-4o"), 1).await;
    assert_eq!(payment.amount.micro(), 5_153);
    assert_eq!(shop.paid(&hello("gpt-4o"), &payment).await.status, 200);
    assert_eq!(shop.purse().await, 10_000_000 - 5_153);
}
