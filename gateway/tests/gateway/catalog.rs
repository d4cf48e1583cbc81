//! The models that are sold.

use blockrun_gateway::{Config, Gateway};
use serde_json::json;

use super::support::{Shop, config, hello};

#[tokio::test]
async fn models_are_listed_with_price_and_limits() {
    let shop = Shop::open().await;
    let list = shop.get("/api/v1/models").await.json();
    assert_eq!(list["object"], "list");
    let rows = list["data"].as_array().unwrap();
    let row = |id: &str| rows.iter().find(|row| row["id"] == id).unwrap();
    let mini = row("openai/gpt-4o-mini");
    assert_eq!(mini["pricing"], json!({"input": 0.15, "output": 0.6}));
    assert_eq!((&mini["context_window"], &mini["max_output"]), (&json!(128_000), &json!(16_384)));
    assert_eq!((&mini["object"], &mini["owned_by"]), (&json!("model"), &json!("openai")));
    assert_eq!(row("openai/dall-e-3")["pricing"], json!({"flat": 0.04}));
    assert_eq!(row("openai/gpt-oss-20b")["billing_mode"], "free");
    assert!(rows.iter().all(|row| row["provider"] != "practice"));
    // What the published clients read of a row.
    for row in rows {
        for text in ["id", "name", "provider", "description", "billing_mode"] {
            assert!(row[text].as_str().is_some_and(|text| !text.is_empty()), "{text}: {row}");
        }
        for number in ["context_window", "max_output"] {
            assert!(row[number].is_u64(), "{number}: {row}");
        }
        assert!(!row["categories"].as_array().unwrap().is_empty() && row["available"] == true);
        let priced =
            if row["billing_mode"] == "flat" { &["flat"][..] } else { &["input", "output"] };
        assert!(priced.iter().all(|key| row["pricing"][key].is_f64()), "{row}");
    }
}

#[tokio::test]
async fn an_unknown_model_is_answered_with_its_neighbours() {
    let shop = Shop::open().await;
    let answer = shop.chat(&hello("gpt-4o-mni"), &[]).await;
    let error = &answer.json()["error"];
    assert_eq!(
        (answer.status, &error["code"], &error["param"]),
        (400, &json!("model_not_found"), &json!("model"))
    );
    assert!(error["message"].as_str().unwrap().contains("openai/gpt-4o-mini"), "{error}");
}

#[tokio::test]
async fn an_image_model_does_not_chat() {
    let shop = Shop::open().await;
    let answer = shop.chat(&hello("dall-e-3"), &[]).await;
    assert_eq!(
        (answer.status, &answer.json()["error"]["code"]),
        (400, &json!("model_not_supported"))
    );
}

#[tokio::test]
async fn another_catalog_can_be_named() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("models.toml");
    let text = "[[model]]\nid = \"a/b\"\nname = \"B\"\nprovider = \"a\"\ndescription = \"d\"\n\
                categories = [\"chat\"]\nfree = true\ncontext = 100\nmax_output = 10\n";
    std::fs::write(&path, text).unwrap();
    let own = Config { catalog: Some(path.clone()), ..config() };
    assert_eq!(Shop::with(own.clone()).await.chat(&hello("b"), &[]).await.status, 200);

    std::fs::write(&path, text.replace("max_output = 10", "max_output = 0")).unwrap();
    let error = Gateway::start(own).await.unwrap_err().to_string();
    assert!(error.contains("models.toml") && error.contains("\"a/b\": max_output"), "{error}");
}
