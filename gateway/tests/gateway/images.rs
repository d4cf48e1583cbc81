//! Pictures: priced by number and kind, paid like everything else, real PNG files.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use blockrun_gateway::Config;
use blockrun_llm::{offline::SignedPayment, x402::payment_id};
use serde_json::{Value, json};

use super::support::{Answer, Shop, config, hello};

const IMAGES: &str = "/api/v1/images/generations";
const TOKEN: &str = "abababababababababababababababababababababababababababababababab";

fn fox(changes: Value) -> Value {
    let mut body = json!({"model": "openai/dall-e-3", "prompt": "a red fox"});
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    body
}

async fn payment(shop: &Shop, body: &Value, nonce: u8) -> SignedPayment {
    shop.sign(&shop.post(IMAGES, body, &[]).await.challenge(), nonce)
}

async fn paid(shop: &Shop, body: &Value, payment: &SignedPayment) -> Answer {
    let header = (payment.header_name, payment.header_value.as_str());
    shop.post(IMAGES, body, &[header, ("blockrun-recovery", TOKEN)]).await
}

async fn buy(shop: &Shop, body: &Value, nonce: u8) -> Answer {
    paid(shop, body, &payment(shop, body, nonce).await).await
}

/// Width and height of a PNG file, whose header says them.
fn size(png: &[u8]) -> (u32, u32) {
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (side(16), side(20))
}

fn code(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.json()["error"]["code"].clone())
}

#[tokio::test]
async fn the_402_says_how_many_of_what_and_for_how_much() {
    let shop = Shop::open().await;
    let wide = json!({"n": 2, "size": "1792x1024", "quality": "hd", "model": "dall-e-3"});
    for (changes, micro, size, description) in [
        (json!({}), "40000", "1024x1024", "openai/dall-e-3: 1 image, 1024x1024 standard"),
        (wide, "240000", "1792x1024", "openai/dall-e-3: 2 images, 1792x1024 hd"),
        (
            json!({"model": "stable-diffusion-3"}),
            "65000",
            "1024x1024",
            "stability/stable-diffusion-3: 1 image, 1024x1024 standard",
        ),
        (
            json!({"model": "black-forest/flux", "size": "auto", "quality": "auto"}),
            "40000",
            "1024x1024",
            "black-forest/flux: 1 image, 1024x1024 standard",
        ),
    ] {
        let answer = shop.post(IMAGES, fox(changes), &[]).await;
        assert_eq!(answer.json()["accepts"][0]["maxAmountRequired"], micro);
        assert_eq!(answer.json()["accepts"][0]["description"], description);
        assert_eq!(answer.json()["accepts"][0]["resource"], shop.url(IMAGES).as_str());
        let quote = answer.challenge().extensions["quote"].get().to_owned();
        let quote = &serde_json::from_str::<Value>(&quote).unwrap()["info"];
        assert_eq!((&quote["rule"], &quote["size"]), (&json!("q1"), &json!(size)));
    }
}

#[tokio::test]
async fn a_link_leads_to_the_picture() {
    let shop = Shop::open().await;
    let answer = buy(&shop, &fox(json!({"size": "1024x1792", "n": 2})), 1).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.settlement().success);
    let data = answer.json()["data"].clone();
    let mut pngs = Vec::new();
    for row in data.as_array().unwrap() {
        assert_eq!(row["revised_prompt"], "a red fox");
        let link = row["url"].as_str().unwrap();
        let path = link.strip_prefix(shop.running.base_url()).unwrap();
        let picture = shop.get(path).await;
        assert_eq!((picture.status, picture.header("content-type")), (200, "image/png"));
        assert_eq!(size(&picture.body), (1024, 1792));
        pngs.push(picture.body);
    }
    assert_eq!(pngs.len(), 2);
    assert_ne!(pngs[0], pngs[1]);
    assert_eq!(code(&shop.get("/api/v1/images/none.png").await), (404, json!("picture_not_found")));
    assert_eq!(shop.purse().await, 10_000_000 - 160_000);
}

#[tokio::test]
async fn base64_is_the_same_picture_every_time() {
    let shop = Shop::open().await;
    let body = fox(json!({"response_format": "b64_json"}));
    let (one, two) = (buy(&shop, &body, 1).await.json(), buy(&shop, &body, 2).await.json());
    assert_eq!(one["data"], two["data"]);
    let png = STANDARD.decode(one["data"][0]["b64_json"].as_str().unwrap()).unwrap();
    assert_eq!(size(&png), (1024, 1024));
    assert!(png.windows(8).any(|bytes| bytes == b"tEXtSoft"));
    assert_eq!((&one["size"], &one["quality"]), (&json!("1024x1024"), &json!("standard")));
}

#[tokio::test]
async fn a_picture_is_paid_once_and_had_again() {
    let shop = Shop::open().await;
    let body = fox(json!({}));
    let bought = payment(&shop, &body, 1).await;
    let first = paid(&shop, &body, &bought).await;
    let id = payment_id(&bought.authorization.nonce);
    assert_eq!((first.status, first.header("blockrun-answer")), (200, id.as_str()));
    assert_eq!(paid(&shop, &body, &bought).await.body, first.body);
    let fetched = shop.http.get(shop.url(&format!("/api/v1/answers/{id}")));
    let fetched =
        Answer::of(fetched.header("blockrun-recovery", TOKEN).send().await.unwrap()).await;
    assert_eq!((fetched.status, &fetched.body), (200, &first.body));
    // The payment is for this request and no other, here or elsewhere.
    let other = paid(&shop, &fox(json!({"n": 2})), &bought).await;
    assert_eq!(code(&other), (409, json!("authorization_conflict")));
    let header = [(bought.header_name, bought.header_value.as_str())];
    assert_eq!(shop.chat(&hello("gpt-4o"), &header).await.status, 409);
    assert_eq!(shop.purse().await, 10_000_000 - 40_000);
}

#[tokio::test]
async fn too_little_is_not_enough() {
    let shop = Shop::open().await;
    let cheap = payment(&shop, &fox(json!({})), 1).await;
    let answer = paid(&shop, &fox(json!({"n": 2})), &cheap).await;
    assert_eq!(answer.status, 402);
    assert_eq!(answer.json()["error"], "invalid_payment_requirements");
    assert_eq!(shop.purse().await, 10_000_000);
}

#[tokio::test]
async fn what_cannot_be_drawn_is_said_before_any_price() {
    let shop = Shop::open().await;
    for (changes, param) in [
        (json!({"prompt": ""}), "prompt"),
        (json!({"n": 11}), "n"),
        (json!({"size": "7x7"}), "size"),
        (json!({"quality": "ultra"}), "quality"),
        (json!({"response_format": "jpeg"}), "response_format"),
        (json!({"model": "gpt-4o"}), "model"),
        (json!({"model": "dall-e-4"}), "model"),
        (json!({"stream": true}), "stream"),
    ] {
        let answer = shop.post(IMAGES, fox(changes.clone()), &[]).await;
        assert_eq!((answer.status, &answer.json()["error"]["param"]), (400, &json!(param)));
        assert_eq!(answer.json()["error"]["type"], "invalid_request_error", "{changes}");
    }
}

#[tokio::test]
async fn a_link_ends_with_its_time() {
    let (brief, long) = (Duration::from_secs(1), Duration::from_secs(3_600));
    for (picture_time, status) in [(brief, 404), (long, 200)] {
        let shop = Shop::with(Config { picture_time, ..config() }).await;
        let answer = buy(&shop, &fox(json!({})), 1).await.json();
        let link = answer["data"][0]["url"].as_str().unwrap();
        let path = link.strip_prefix(shop.running.base_url()).unwrap();
        tokio::time::sleep(2 * brief).await;
        assert_eq!(shop.get(path).await.status, status);
    }
}

#[tokio::test]
async fn links_that_there_is_no_room_for_are_not_sold() {
    let shop = Shop::with(Config { pictures_limit: 100, ..config() }).await;
    let answer = buy(&shop, &fox(json!({})), 1).await;
    assert_eq!(code(&answer), (500, json!("provider_error")));
    assert!(answer.text().contains("b64_json"), "{}", answer.text());
    assert_eq!(shop.purse().await, 10_000_000);
    let inline = fox(json!({"response_format": "b64_json"}));
    assert_eq!(buy(&shop, &inline, 2).await.status, 200);
}

#[tokio::test]
async fn ten_large_pictures_fit_into_one_answer() {
    let shop = Shop::open().await;
    let all = json!({"n": 10, "size": "1792x1024", "response_format": "b64_json"});
    let answer = buy(&shop, &fox(all), 1).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["data"].as_array().unwrap().len(), 10);
    assert!(answer.body.len() < 1 << 20, "{} bytes", answer.body.len());
}

#[tokio::test]
async fn image_models_and_their_prices_are_published() {
    let shop = Shop::open().await;
    let models = shop.get("/api/v1/models").await.json();
    let pricing = shop.get("/api/pricing").await.json();
    for id in ["openai/dall-e-3", "stability/stable-diffusion-3", "black-forest/flux"] {
        for list in [&models["data"], &pricing["models"]] {
            let row = list.as_array().unwrap().iter().find(|row| row["id"] == id).unwrap();
            assert_eq!(row["categories"], json!(["image"]));
            assert_eq!((&row["billing_mode"], &row["available"]), (&json!("flat"), &json!(true)));
        }
    }
    let rows = pricing["models"].as_array().unwrap();
    let row = rows.iter().find(|row| row["id"] == "openai/dall-e-3").unwrap();
    assert_eq!(row["alias"], "dall-e-3");
    assert!(
        row["pictures"]
            .as_array()
            .unwrap()
            .contains(&json!({"size": "1792x1024", "quality": "hd", "price": 120_000}))
    );
}
