//! A node that misbehaves: everything is passed on, except what it is told to spoil.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use axum::{Router, body::Bytes, extract::State, routing::post};
use http::StatusCode;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::anvil::Anvil;

/// What is spoilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Spoil {
    Nothing,
    /// Transactions are refused.
    Refuse,
    /// Transactions are swallowed: they do not arrive, and no answer comes.
    Swallow,
    /// Transactions arrive, and no answer comes.
    Silence,
    /// The fees, which are asked for once the answer is there, never come.
    Fees,
    /// Receipts are not found.
    Receipts,
    /// Nothing is answered but errors.
    Everything,
    /// Whatever stands before the node says that it is gone.
    Gone,
}

#[derive(Clone)]
pub(crate) struct Front {
    pub(crate) url: String,
    behind: String,
    spoil: Arc<AtomicU8>,
    sent: Arc<AtomicU8>,
    http: reqwest::Client,
}

impl Front {
    pub(crate) async fn of(anvil: &Anvil) -> Self {
        let (listener, url) = bind().await;
        let front = Self {
            url,
            behind: anvil.url.clone(),
            spoil: Arc::default(),
            sent: Arc::default(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        };
        serve(listener, Router::new().route("/", post(pass)).with_state(front.clone()));
        front
    }

    pub(crate) fn spoil(&self, what: Spoil) {
        self.spoil.store(what as u8, Ordering::SeqCst);
    }

    /// How many transactions, or questions for the fees that are spoilt, came.
    pub(crate) fn sent(&self) -> u8 {
        self.sent.load(Ordering::SeqCst)
    }
}

/// A port of its own, and its URL.
pub(crate) async fn bind() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// Serves as long as the test runs.
pub(crate) fn serve(listener: TcpListener, app: Router) {
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let service = TowerToHyperService::new(app.clone());
            tokio::spawn(async move {
                let http = Builder::new(TokioExecutor::new());
                let _ = http.serve_connection(TokioIo::new(tcp), service).await;
            });
        }
    });
}

async fn pass(State(front): State<Front>, body: Bytes) -> Result<String, StatusCode> {
    if front.spoil.load(Ordering::SeqCst) == Spoil::Gone as u8 {
        return Err(StatusCode::BAD_GATEWAY);
    }
    Ok(answer(&front, body).await)
}

async fn answer(front: &Front, body: Bytes) -> String {
    let request: Value = serde_json::from_slice(&body).unwrap();
    let spoilt = |what: Spoil| front.spoil.load(Ordering::SeqCst) == what as u8;
    let refusal = json!({"code": -32000, "message": "not today"});
    let reply = |key: &str, value: Value| {
        json!({"jsonrpc": "2.0", "id": request["id"], key: value}).to_string()
    };
    if spoilt(Spoil::Everything) {
        return reply("error", refusal);
    }
    let sending = request["method"] == "eth_sendRawTransaction";
    if sending {
        front.sent.fetch_add(1, Ordering::SeqCst);
    }
    if request["method"] == "eth_feeHistory" && spoilt(Spoil::Fees) {
        front.sent.fetch_add(1, Ordering::SeqCst);
        return std::future::pending().await;
    }
    if sending && spoilt(Spoil::Refuse) {
        return reply("error", refusal);
    }
    if sending && spoilt(Spoil::Swallow) {
        return std::future::pending().await;
    }
    let passed = front.http.post(&front.behind).header("content-type", "application/json");
    let answer = passed.body(body).send().await.unwrap().text().await.unwrap();
    if sending && spoilt(Spoil::Silence) {
        return std::future::pending().await;
    }
    if request["method"] == "eth_getTransactionReceipt" && spoilt(Spoil::Receipts) {
        return reply("result", Value::Null);
    }
    answer
}
