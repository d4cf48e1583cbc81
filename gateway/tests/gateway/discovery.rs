//! How agents find what is sold.

use blockrun_gateway::{Config, PRACTICE_PAYEE, Protocols};
use blockrun_llm::x402::decode_header;
use serde_json::{Value, json};

use super::{
    scripted::{Upstream, row, shop},
    support::{Answer, CHAT, Shop, config, hello},
    upstream::completion,
};

const IMAGES: &str = "/api/v1/images/generations";

/// A `[service]` table that uses up what may be used.
fn service() -> String {
    let (name, tag) = ("n".repeat(32), |n: usize| format!("{n:0>32}"));
    let icon = format!("https://models.example/{}", "i".repeat(2_048 - 23));
    format!(
        "[service]\nname = \"{name}\"\ntags = {:?}\nicon_url = \"{icon}\"\n\
         description = \"All of it.\"\ncontact = \"help@models.example\"\n\
         url = \"https://models.example\"\n",
        (0..5).map(tag).collect::<Vec<_>>()
    )
}

async fn services() -> Shop {
    let upstream = Upstream::run(|_, _| completion("Hi")).await;
    shop(&(service() + &row("a", &upstream, "").replace("openai/*\" = \"real-*", "*\" = \"*")))
        .await
}

fn required(answer: &Answer) -> Value {
    assert_eq!(answer.status, 402);
    let header = answer.header("payment-required");
    serde_json::from_str(&decode_header(header).unwrap()).unwrap()
}

#[tokio::test]
async fn the_listing_has_what_is_sold_and_for_how_much() {
    let shop = Shop::open().await;
    let answer = shop.get("/discovery/resources").await;
    let list = answer.json();
    assert_eq!((answer.status, &list["x402Version"]), (200, &json!(2)));
    assert_eq!(list["pagination"], json!({"limit": 20, "offset": 0, "total": 2}));
    let [chat, images] = list["items"].as_array().unwrap().clone().try_into().unwrap();
    for (item, path, least) in [(&chat, CHAT, "1000"), (&images, IMAGES, "39000")] {
        assert_eq!(item["resource"], shop.url(path).as_str());
        assert_eq!((&item["type"], &item["x402Version"]), (&json!("http"), &json!(2)));
        let accepts = &item["accepts"][0];
        assert_eq!((&accepts["amount"], &accepts["scheme"]), (&json!(least), &json!("exact")));
        assert_eq!(accepts["payTo"], PRACTICE_PAYEE.to_string());
        assert!(item["lastUpdated"].as_str().unwrap().ends_with('Z'));
        // What it says of a call is what the 402 of that call says.
        let info = &item["extensions"]["bazaar"]["info"];
        let asked = shop.post(path, &info["input"]["body"], &[]).await;
        let told = required(&asked)["extensions"]["bazaar"].clone();
        assert_eq!(told["info"]["output"], info["output"]);
        assert_eq!(told["info"]["input"]["method"], "POST");
    }
    let input = &chat["extensions"]["bazaar"]["schema"]["properties"]["input"];
    let models = &input["properties"]["body"]["properties"]["model"]["enum"];
    assert!(models.as_array().unwrap().contains(&json!("openai/gpt-4o")), "{models}");
    assert!(chat["description"].as_str().unwrap().contains("GPT-4o mini"), "{chat}");
    assert!(chat.get("serviceName").is_none() && chat.get("tags").is_none());
}

#[tokio::test]
async fn a_listing_can_be_narrowed_and_paged() {
    let shop = Shop::open().await;
    let total = async |query: &str| {
        let list = shop.get(&format!("/discovery/resources?{query}")).await.json();
        (list["items"].as_array().unwrap().len(), list["pagination"]["total"].as_u64().unwrap())
    };
    assert_eq!(total("type=http&network=eip155:84532&scheme=exact").await, (2, 2));
    assert_eq!(total(&format!("payTo={PRACTICE_PAYEE}&extensions=bazaar")).await, (2, 2));
    assert_eq!(total("limit=1").await, (1, 2));
    assert_eq!(total("limit=1&offset=1").await, (1, 2));
    assert_eq!(total("offset=2").await, (0, 2));
    for none in ["type=mcp", "network=eip155:8453", "scheme=upto", "payTo=0x1", "extensions=siwx"] {
        assert_eq!(total(none).await, (0, 0), "{none}");
    }
    let refused = shop.get("/discovery/resources?limit=101").await;
    assert_eq!((refused.status, &refused.json()["error"]["param"]), (400, &json!("limit")));
}

#[tokio::test]
async fn what_is_sold_is_found_by_words() {
    let shop = Shop::open().await;
    let listed = shop.get("/discovery/resources").await.json()["items"].clone();
    let (chat, images) = (&listed[0], &listed[1]);
    let found = async |query: &str| {
        let found = shop.get(&format!("/discovery/search?{query}")).await.json();
        assert_eq!(found["x402Version"], 2, "{found}");
        (found["resources"].clone(), found["partialResults"] == true)
    };
    for (query, expected) in [
        ("query=Image+generation", json!([images])),
        ("query=Claude,+please", json!([chat])),
        ("query=dall-e", json!([images])),
        ("query=openai+image&extensions=bazaar", json!([images, chat])),
        ("query=weather", json!([])),
        ("query=%20-", json!([])),
        ("query=chat&network=eip155:8453", json!([])),
    ] {
        assert_eq!(found(query).await, (expected, false), "{query}");
    }
    assert_eq!(found("query=openai&limit=1&cursor=x").await, (json!([chat]), true));
    for (query, param) in [("", "query"), ("query=", "query"), ("query=a&limit=0", "limit")] {
        let refused = shop.get(&format!("/discovery/search?{query}")).await;
        assert_eq!((refused.status, &refused.json()["error"]["param"]), (400, &json!(param)));
    }
}

#[tokio::test]
async fn the_manifest_leads_everywhere() {
    let shop = Shop::open().await;
    let manifest = shop.get("/.well-known/x402").await.json();
    assert_eq!((&manifest["version"], &manifest["x402Versions"]), (&json!(1), &json!([2, 1])));
    let resources = manifest["resources"].as_array().unwrap();
    assert_eq!(*resources, [CHAT, IMAGES].map(|path| json!(shop.url(path).as_str())));
    for name in ["openapi", "discovery", "pricing", "models"] {
        let url = manifest[name].as_str().unwrap();
        assert_eq!(shop.http.get(url).send().await.unwrap().status(), 200, "{url}");
    }
}

#[tokio::test]
async fn a_service_is_named_everywhere_and_a_402_stays_small() {
    let shop = services().await;
    let image = json!({"model": "dall-e-3", "prompt": "a fox"});
    for (path, body) in [(CHAT, hello("gpt-4o")), (IMAGES, image)] {
        let answer = shop.post(path, &body, &[]).await;
        let length = answer.header("payment-required").len();
        assert!((4_096..=8_192).contains(&length), "{length} bytes");
        let resource = required(&answer)["resource"].clone();
        assert_eq!(resource["url"], format!("https://models.example{path}"));
        assert_eq!(resource["serviceName"], "n".repeat(32));
        assert_eq!(resource["tags"].as_array().unwrap().len(), 5);
        assert_eq!(resource["iconUrl"].as_str().unwrap().len(), 2_048);
        // Such a 402 is paid like any other.
        let payment = shop.sign(&answer.challenge(), if path == CHAT { 1 } else { 2 });
        assert!(payment.header_value.len() < 12_000);
    }
    assert_eq!(shop.buy(&hello("gpt-4o"), 3).await.status, 200);
    let item = shop.get("/discovery/resources").await.json()["items"][0].clone();
    assert_eq!(item["serviceName"], "n".repeat(32));
    assert_eq!(item["resource"], format!("https://models.example{CHAT}"));
    let manifest = shop.get("/.well-known/x402").await.json();
    assert_eq!(manifest["contact"], "help@models.example");
    let info = shop.get("/openapi.json").await.json()["info"].clone();
    assert_eq!(info["title"], "n".repeat(32));
    assert_eq!(info["contact"], json!({"email": "help@models.example"}));
}

#[tokio::test]
async fn the_first_version_is_listed_as_such() {
    let shop = Shop::with(Config { protocols: Protocols::V1, ..config() }).await;
    let item = shop.get("/discovery/resources").await.json()["items"][0].clone();
    assert_eq!(
        (&item["x402Version"], &item["accepts"][0]["maxAmountRequired"]),
        (&json!(1), &json!("1000"))
    );
    let document = shop.get("/openapi.json").await.json();
    let told = &document["components"]["responses"]["PaymentRequired"];
    assert!(told["headers"].get("PAYMENT-REQUIRED").is_none());
    assert_eq!(
        document["components"]["schemas"]["PaymentRequired"]["$ref"],
        "#/components/schemas/OfferV1"
    );
}

#[tokio::test]
async fn every_described_operation_is_served() {
    let shop = Shop::open().await;
    let document = shop.get("/openapi.json").await.json();
    assert_eq!(document["servers"][0]["url"], shop.running.base_url());
    let info = &document["paths"][CHAT]["post"]["x-payment-info"]["price"];
    assert_eq!((&info["mode"], &info["min"]), (&json!("dynamic"), &json!("0.001")));
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let method = method.to_uppercase().parse::<http::Method>().unwrap();
            let url = shop.url(&path.replace(['{', '}'], "x"));
            let asked = shop.http.request(method.clone(), url).body("{}").send().await.unwrap();
            let answer = Answer::of(asked).await;
            let unknown = answer.text().contains("\"not_found\"") || answer.status == 405;
            assert!(!unknown, "{method} {path}: {} {}", answer.status, answer.text());
        }
    }
}
