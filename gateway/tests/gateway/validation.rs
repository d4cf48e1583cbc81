//! Bad requests are refused before any price is named.

use serde_json::json;

use super::support::{CHAT, Shop, hello};

#[tokio::test]
async fn a_bad_field_is_named_before_a_price() {
    let shop = Shop::open().await;
    for (field, value) in [
        ("messages", json!([])),
        ("max_tokens", json!(-5)),
        ("temperature", json!(3)),
        ("n", json!(0)),
        ("stream", json!("true")),
    ] {
        let mut body = hello("gpt-4o");
        body[field] = value.clone();
        let answer = shop.chat(&body, &[]).await;
        let error = &answer.json()["error"];
        assert_eq!((answer.status, &error["param"]), (400, &json!(field)));
        assert_eq!(error["type"], "invalid_request_error");
        assert!(error["message"].as_str().unwrap().contains(&value.to_string()), "{error}");
    }
}

#[tokio::test]
async fn a_malformed_body_is_explained() {
    let shop = Shop::open().await;
    for body in ["", "{\"model\":", "[1]", "{\"messages\":[]}"] {
        let answer = shop.post(CHAT, body, &[]).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.json()["error"]["param"].is_string());
    }
}

#[tokio::test]
async fn unknown_fields_are_accepted() {
    let shop = Shop::open().await;
    let mut body = hello("gpt-oss-20b");
    body["some_vendor_option"] = json!({"deep": [1, 2]});
    assert_eq!(shop.chat(&body, &[]).await.status, 200);
}

#[tokio::test]
async fn paths_and_methods_that_do_not_exist() {
    let shop = Shop::open().await;
    let missing = shop.get("/api/v1/chat/completions/").await;
    assert_eq!((missing.status, &missing.json()["error"]["code"]), (404, &json!("not_found")));
    let wrong = shop.get(CHAT).await;
    assert_eq!((wrong.status, &wrong.json()["error"]["code"]), (405, &json!("method_not_allowed")));
    assert_eq!(wrong.header("allow"), "POST");
}
