//! Another model answers than the one that was asked for, and the response says so.

use serde_json::json;

use super::support::{Answer, Shop, hello};

fn told(answer: &Answer) -> [&str; 3] {
    ["x-fallback-used", "x-fallback-model", "x-settlement-skipped"].map(|name| answer.header(name))
}

#[tokio::test]
async fn an_answer_by_another_model_costs_what_was_asked_and_says_who_answered() {
    let shop = Shop::open().await;
    let body = hello("practice/fallback");
    let payment = shop.payment(&body, 1).await;
    for _ in 0..2 {
        let answer = shop.paid(&body, &payment).await;
        assert_eq!(told(&answer), ["true", "openai/gpt-4o-mini", ""]);
        assert_eq!(answer.json()["model"], "openai/gpt-4o-mini");
        assert!(answer.settlement().success);
    }
    assert_eq!(shop.purse().await, 10_000_000 - payment.amount.micro());
    let refused = shop.chat(&body, &[]).await;
    assert_eq!((refused.status, told(&refused)), (402, ["", "", ""]));
    assert_eq!(told(&shop.buy(&hello("gpt-4o"), 2).await), ["", "", ""]);
}

#[tokio::test]
async fn an_answer_by_a_free_model_costs_nothing() {
    let shop = Shop::open().await;
    for (nonce, stream) in [(1, false), (2, true)] {
        let mut body = hello("practice/free-fallback");
        body["stream"] = json!(stream);
        let payment = shop.payment(&body, nonce).await;
        for _ in 0..2 {
            let answer = shop.paid(&body, &payment).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(told(&answer), ["true", "openai/gpt-oss-20b", "true"]);
            assert!(answer.text().contains("openai/gpt-oss-20b"), "{}", answer.text());
            assert_eq!(answer.header("payment-response"), "");
            assert_eq!(answer.header("blockrun-answer"), "");
        }
    }
    assert_eq!(shop.purse().await, 10_000_000);
}
