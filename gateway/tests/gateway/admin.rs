//! What whoever runs a gateway sees, and nobody else.

use blockrun_gateway::{
    Admin, AdminToken, Config, RevenueError, RevenueQuery, RevenueReport, RevenueRow,
};
use blockrun_llm::Usdc;
use serde_json::json;

use super::support::{Answer, Shop, config, hello, in_folder};

const PAGES: [&str; 3] = ["/admin/revenue", "/dashboard", "/metrics"];
const TOKEN: &str = "a-token-of-these-tests";

fn token() -> AdminToken {
    AdminToken::new(TOKEN).unwrap()
}

async fn ask(shop: &Shop, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = shop.http.get(shop.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn without_a_token_only_this_machine_is_let_in() {
    let admin = Admin { dashboard: true, ..Admin::default() };
    let shop = Shop::with(Config { admin: admin.clone(), ..config() }).await;
    for page in PAGES {
        assert_eq!(ask(&shop, page, &[]).await.status, 200, "{page}");
        for elsewhere in [("x-forwarded-for", "203.0.113.7"), ("host", "rebound.example")] {
            let answer = ask(&shop, page, &[elsewhere]).await;
            assert_eq!(
                (answer.status, &answer.json()["error"]["code"]),
                (403, &json!("admin_closed"))
            );
        }
    }
    let open = Config { bind: ([0, 0, 0, 0], 0).into(), admin, ..config() };
    let shop = Shop::with(open).await;
    let url = format!("http://127.0.0.1:{}", shop.running.address().port());
    for page in PAGES {
        let answer = shop.http.get(format!("{url}{page}")).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{page}");
    }
}

#[tokio::test]
async fn with_a_token_nobody_is_let_in_without_it() {
    let admin = Admin { token: Some(token()), dashboard: true };
    let shop = Shop::with(Config { admin, ..config() }).await;
    let bearer = format!("Bearer {TOKEN}");
    // me:a-token-of-these-tests
    let basic = "Basic bWU6YS10b2tlbi1vZi10aGVzZS10ZXN0cw==";
    for page in PAGES {
        for good in [bearer.as_str(), basic] {
            let proxied = [("authorization", good), ("x-forwarded-for", "203.0.113.7")];
            assert_eq!(ask(&shop, page, &proxied).await.status, 200, "{page}");
        }
        for bad in ["", "Bearer ", "Bearer a-token-of-these-test", "Basic !"] {
            let answer = ask(&shop, page, &[("authorization", bad)]).await;
            assert_eq!(answer.status, 401, "{page} {bad:?}");
            assert!(answer.header("www-authenticate").starts_with("Basic realm="));
            assert!(!answer.text().contains(TOKEN));
        }
    }
}

#[tokio::test]
async fn the_report_is_what_was_settled() {
    let root = tempfile::tempdir().unwrap();
    let config = in_folder(root.path());
    let shop = Shop::with(config).await;
    let mut streamed = hello("gpt-4o");
    streamed["stream"] = json!(true);
    for (nonce, body) in [(1, hello("gpt-4o")), (2, streamed), (3, hello("gpt-4o-mini"))] {
        assert_eq!(shop.buy(&body, nonce).await.status, 200);
    }
    // None of these is revenue.
    assert_eq!(shop.chat(&hello("gpt-oss-20b"), &[]).await.status, 200);
    for (nonce, model, status) in [(4, "practice/failing", 500), (5, "practice/unsettled", 402)] {
        assert_eq!(shop.buy(&hello(model), nonce).await.status, status);
    }

    let mut query = RevenueQuery::default();
    (query.model, query.payer) = (true, true);
    let url = shop.running.base_url().to_owned();
    let report = RevenueReport::fetch(&url, None, query.clone()).await.unwrap();
    let row = |model: &str, calls, micro| RevenueRow {
        day: None,
        model: Some(model.into()),
        payer: Some(shop.key.address().to_string()),
        calls,
        micro_usdc: Usdc::from_micro(micro),
    };
    let price = shop.payment(&hello("gpt-4o"), 8).await.amount;
    assert_eq!(
        report.rows,
        [row("openai/gpt-4o", 2, 2 * price.micro()), row("openai/gpt-4o-mini", 1, 1_000)]
    );
    let locked = RevenueReport::read(root.path(), query.clone()).await.unwrap_err();
    assert!(locked.to_string().contains("in use"), "{locked}");
    assert!(shop.running.shutdown().await);
    assert_eq!(RevenueReport::read(root.path(), query.clone()).await.unwrap(), report);

    let nobody = RevenueReport::fetch(&url, None, query.clone()).await.unwrap_err();
    assert!(nobody.to_string().contains("does not answer"), "{nobody}");
    let nothing = RevenueReport::read(&root.path().join("x"), query).await.unwrap_err();
    assert!(matches!(nothing, RevenueError::Store(_)) && !root.path().join("x").exists());
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_named_and_a_wrong_token_is_told() {
    let shop = Shop::open().await;
    let answer = ask(&shop, "/admin/revenue?by=hour", &[]).await;
    assert_eq!((answer.status, &answer.json()["error"]["code"]), (400, &json!("invalid_query")));
    let admin = Admin { token: Some(token()), dashboard: true };
    let shop = Shop::with(Config { admin, ..config() }).await;
    let url = shop.running.base_url();
    let refused = RevenueReport::fetch(url, None, RevenueQuery::default()).await.unwrap_err();
    assert!(refused.to_string().contains("answers 401"), "{refused}");
    let report = RevenueReport::fetch(url, Some(&token()), RevenueQuery::default()).await;
    assert_eq!(report.unwrap().calls, 0);
}
