//! A gateway, a wallet and the few steps between them.

use std::{
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use alloy::primitives::{Address, B256};
use blockrun_gateway::{Config, Database, Gateway, Running};
use blockrun_llm::{
    offline::{SignedPayment, sign_payment},
    policy::Policy,
    wallet::LocalKey,
    x402::{Challenge, Settlement},
};
use http::HeaderMap;
use serde_json::{Value, json};
use url::Url;

pub(crate) const CHAT: &str = "/api/v1/chat/completions";

/// A well-known key of test chains.
pub(crate) const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/// A configuration on a free port, with an empty database of the kind that this run of the tests is
/// for. Once a gateway is [at rest](Shop::at_rest) nothing happens but what a test does: the upkeep
/// stays away.
pub(crate) fn config() -> Config {
    let database = conformance::shared_database().map(|url| Database {
        // Many tests run at once.
        connections: 2,
        ..Database::new(url)
    });
    let upkeep = Duration::from_secs(3_600);
    Config { bind: ([127, 0, 0, 1], 0).into(), database, upkeep, ..Config::default() }
}

/// The same with a database that outlives its gateway: where this run has none that does, in a folder.
pub(crate) fn lasting(folder: &Path) -> Config {
    let config = config();
    let data = config.database.is_none().then(|| folder.to_owned());
    Config { data, ..config }
}

/// The same with SQLite in a folder, whatever this run of the tests is for.
pub(crate) fn in_folder(folder: &Path) -> Config {
    Config { data: Some(folder.to_owned()), database: None, ..config() }
}

/// Runs SQL on the database of a gateway that is stopped; returns the first column of the first row.
pub(crate) fn sql(config: &Config, sql: &str) -> String {
    if let Some(database) = &config.database {
        return conformance::Postgres::shared().unwrap().sql(&database.url, sql);
    }
    let file = config.data.as_ref().unwrap().join("gateway.sqlite");
    let db = rusqlite::Connection::open(file).unwrap();
    let mut statement = db.prepare(sql).unwrap();
    let mut rows = statement.query([]).unwrap();
    let text = |row: &rusqlite::Row<'_>| match row.get_ref(0).unwrap() {
        rusqlite::types::ValueRef::Integer(number) => number.to_string(),
        other => other.as_str().unwrap().to_owned(),
    };
    rows.next().unwrap().map(text).unwrap_or_default()
}

/// A request of one user message.
pub(crate) fn hello(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "Hello!"}]})
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

pub(crate) struct Shop {
    pub(crate) running: Running,
    pub(crate) http: reqwest::Client,
    pub(crate) key: LocalKey,
}

/// A response, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) async fn of(response: reqwest::Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.bytes().await.unwrap().to_vec(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn settlement(&self) -> Settlement {
        Settlement::from_headers(&self.headers).unwrap()
    }

    /// The v2 challenge of a 402, or the v1 one when only that is offered.
    pub(crate) fn challenge(&self) -> Challenge {
        assert_eq!(self.status, 402, "{}", self.text());
        Challenge::parse(&self.headers, &self.body).unwrap()
    }

    /// The v1 challenge of a 402.
    pub(crate) fn challenge_v1(&self) -> Challenge {
        assert_eq!(self.status, 402, "{}", self.text());
        Challenge::parse(&HeaderMap::new(), &self.body).unwrap()
    }
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::with(config()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        Self::around(Gateway::start(config).await.unwrap())
    }

    pub(crate) fn around(running: Running) -> Self {
        // The process may have one already: tests share it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { running, http, key: LocalKey::from_hex(KEY).unwrap() }
    }

    /// Waits until the look at the store that a gateway takes as it starts is over. It has a few steps,
    /// and each question to the store lets it take one.
    pub(crate) async fn at_rest(self) -> Self {
        for _ in 0..20 {
            assert_eq!(self.get("/health").await.status, 200);
        }
        self
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        format!("{}{path}", self.running.base_url()).parse().unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.http.get(self.url(path)).send().await.unwrap()).await
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        body: impl ToString,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = self.http.post(self.url(path)).body(body.to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request.send().await.unwrap()).await
    }

    pub(crate) async fn chat(&self, body: &Value, headers: &[(&str, &str)]) -> Answer {
        self.post(CHAT, body, headers).await
    }

    /// A payment that answers a challenge, valid from now.
    pub(crate) fn sign(&self, challenge: &Challenge, nonce: u8) -> SignedPayment {
        self.sign_with(&Policy::default(), challenge, nonce)
    }

    pub(crate) fn sign_with(
        &self,
        policy: &Policy,
        challenge: &Challenge,
        nonce: u8,
    ) -> SignedPayment {
        let nonce = B256::repeat_byte(nonce);
        sign_payment(&self.key, challenge, policy, &self.url(CHAT), now(), nonce).unwrap()
    }

    /// The payment of a body, by its 402.
    pub(crate) async fn payment(&self, body: &Value, nonce: u8) -> SignedPayment {
        self.sign(&self.chat(body, &[]).await.challenge(), nonce)
    }

    /// Sends a body with a payment.
    pub(crate) async fn paid(&self, body: &Value, payment: &SignedPayment) -> Answer {
        self.chat(body, &[(payment.header_name, &payment.header_value)]).await
    }

    /// Asks, signs, pays.
    pub(crate) async fn buy(&self, body: &Value, nonce: u8) -> Answer {
        self.paid(body, &self.payment(body, nonce).await).await
    }

    pub(crate) async fn rpc(&self, method: &str, params: Value) -> Value {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let answer = self.post("/practice/rpc", request, &[]).await;
        assert_eq!(answer.status, 200);
        answer.json()
    }

    /// The balance of an account in micro-USDC, as the token tells it.
    pub(crate) async fn balance(&self, account: Address) -> u128 {
        let usdc = blockrun_llm::networks::BASE_SEPOLIA.usdc.to_string();
        let data = format!("0x70a08231{:0>64}", alloy::hex::encode(account));
        let answer = self.rpc("eth_call", json!([{"to": usdc, "data": data}, "latest"])).await;
        let word = answer["result"].as_str().unwrap().strip_prefix("0x").unwrap();
        u128::from_str_radix(word, 16).unwrap()
    }

    /// What the test wallet has.
    pub(crate) async fn purse(&self) -> u128 {
        self.balance(self.key.address()).await
    }
}
