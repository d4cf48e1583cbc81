//! Tools of a real gateway, paid by x402 over MCP, and sessions that lose what they carry.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use blockrun_gateway::Running;
use blockrun_llm::{
    ApiRequest, ClientOptions, Error, ErrorKind, LLMClient, Result, ToolCall, ToolSession, Usdc,
    http::Replay,
    journal::{PaymentFilter, RecordState},
};
use conformance::{practice_client, practice_gateway, transfers};
use serde_json::{Value, json};

fn client(api_url: &str) -> LLMClient {
    let max_session_cost = Some(Usdc::from_micro(2_500));
    practice_client(api_url, ClientOptions { max_session_cost, ..ClientOptions::default() })
}

/// What becomes of a message on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Arrives,
    /// The server has it, and nobody its answer.
    AnswerLost,
    Lost,
}

/// A session over HTTP, which knows what it was given to carry.
#[derive(Debug)]
struct Session {
    /// Sends what never costs: messages of JSON-RPC.
    http: LLMClient,
    fates: Mutex<VecDeque<Fate>>,
    carried: Mutex<Vec<Value>>,
}

impl Session {
    fn new(gateway: &Running, fates: &[Fate]) -> Arc<Self> {
        Arc::new(Self {
            http: client(gateway.base_url()),
            fates: Mutex::new(fates.iter().copied().collect()),
            carried: Mutex::default(),
        })
    }

    async fn ask(&self, method: &str, params: Value) -> Result<String> {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let answer = self.http.request(&ApiRequest::post("/mcp", &message)).await?;
        Ok(String::from_utf8_lossy(&answer.body).into_owned())
    }

    /// The payments that it carried.
    fn payments(&self) -> Vec<Value> {
        let carried = self.carried.lock().unwrap();
        let payment = |params: &Value| params["_meta"]["x402/payment"].clone();
        carried.iter().map(payment).filter(Value::is_object).collect()
    }
}

#[async_trait::async_trait]
impl ToolSession for Session {
    async fn call(&self, params: Value) -> Result<String> {
        self.carried.lock().unwrap().push(params.clone());
        let fate = self.fates.lock().unwrap().pop_front().unwrap_or(Fate::Arrives);
        let answer = match fate {
            Fate::Lost => Err(Error::new(ErrorKind::Connection, "lost")),
            Fate::Arrives | Fate::AnswerLost => self.ask("tools/call", params).await,
        };
        match fate {
            Fate::AnswerLost => Err(Error::new(ErrorKind::Connection, "the answer was lost")),
            _ => answer,
        }
    }
}

/// A chat with the gateway's tool.
fn hello(gateway: &Running) -> ToolCall {
    let messages = json!([{"role": "user", "content": "Hello!"}]);
    let arguments = json!({"model": "openai/gpt-4o-mini", "messages": messages});
    ToolCall {
        server: format!("{}/mcp", gateway.base_url()),
        name: "chat".into(),
        arguments: arguments.as_object().unwrap().clone(),
        ..ToolCall::default()
    }
}

async fn paid(gateway: &Running, client: &LLMClient) -> usize {
    transfers(gateway.address(), &client.address().unwrap().to_string()).await.unwrap()
}

#[tokio::test]
async fn a_tool_is_found_and_paid_once() {
    let gateway = practice_gateway().await;
    let (client, session) = (client(&gateway.api_url()), Session::new(&gateway, &[]));
    let greeting = session.ask("initialize", json!({"protocolVersion": "2025-06-18"})).await;
    assert!(greeting.unwrap().contains(r#""protocolVersion":"2025-06-18""#));
    let tools: Value =
        serde_json::from_str(&session.ask("tools/list", json!({})).await.unwrap()).unwrap();
    let names: Vec<_> = tools["result"]["tools"].as_array().unwrap().iter().collect();
    assert_eq!((names[0]["name"].as_str(), names.len()), (Some("chat"), 2));
    let models = names[0]["inputSchema"]["properties"]["model"]["enum"].to_string();
    assert!(models.contains("openai/gpt-4o-mini"), "{models}");

    let call = ToolCall { idempotency_key: Some("a chat".into()), ..hello(&gateway) };
    let answer = client.call_tool(session.clone(), &call).await.unwrap();
    assert_eq!((answer.cost(), answer.is_error), (Usdc::from_micro(1_000), false));
    let result: Value = serde_json::from_str(&answer.json).unwrap();
    let said = &result["structuredContent"]["choices"][0]["message"]["content"];
    assert_eq!(&result["content"][0]["text"], said);
    let settlement = answer.receipt.unwrap().settlement.unwrap();
    assert_eq!((settlement.success, settlement.network.as_str()), (true, "eip155:84532"));
    // Asked again under its key: the same answer for the same payment.
    let again = client.call_tool(session.clone(), &call).await.unwrap();
    let payments = session.payments();
    assert_eq!((again.json, payments.len()), (answer.json, 2));
    assert_eq!(payments[0], payments[1]);
    assert_eq!(paid(&gateway, &client).await, 1);
    let records = client.payments(PaymentFilter::default()).await.unwrap();
    assert_eq!((records.len(), records[0].state), (1, RecordState::Settled));
    assert_eq!(records[0].url, format!("{}/mcp/chat", gateway.base_url()));
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_with_the_same_payment() {
    use Fate::{AnswerLost, Arrives, Lost};
    for fates in [
        &[Arrives, AnswerLost][..],
        &[Arrives, Lost, AnswerLost],
        &[AnswerLost, Arrives, AnswerLost, Lost],
    ] {
        let gateway = practice_gateway().await;
        let (client, session) = (client(&gateway.api_url()), Session::new(&gateway, fates));
        let answer = client.call_tool(session.clone(), &hello(&gateway)).await.unwrap();
        assert_eq!(answer.cost(), Usdc::from_micro(1_000));
        let payments = session.payments();
        assert!(payments.len() > 1 && payments.iter().all(|one| *one == payments[0]), "{fates:?}");
        assert_eq!(paid(&gateway, &client).await, 1, "{fates:?}");
    }
}

#[tokio::test]
async fn a_call_that_was_given_up_is_taken_up_by_the_same_call() {
    let gateway = practice_gateway().await;
    let client = client(&gateway.api_url());
    let fates = [Fate::Arrives, Fate::AnswerLost].into_iter().chain([Fate::Lost; 50]);
    let deaf = Session::new(&gateway, &fates.collect::<Vec<_>>());
    let call = ToolCall { timeout: Some(Duration::from_secs(5)), ..hello(&gateway) };
    let error = client.call_tool(deaf.clone(), &call).await.unwrap_err();
    assert_eq!(error.payment().name(), "unknown", "{error}");
    let session = Session::new(&gateway, &[]);
    let answer = client.call_tool(session.clone(), &hello(&gateway)).await.unwrap();
    assert_eq!((answer.is_error, session.payments()[0] == deaf.payments()[0]), (false, true));
    assert_eq!(paid(&gateway, &client).await, 1);
}

#[tokio::test]
async fn a_payment_that_may_be_sent_once_is_sent_once() {
    let gateway = practice_gateway().await;
    let client = client(&gateway.api_url());
    let session = Session::new(&gateway, &[Fate::Arrives, Fate::AnswerLost]);
    let call = ToolCall { replay: Replay::Never, ..hello(&gateway) };
    let error = client.call_tool(session.clone(), &call).await.unwrap_err();
    assert_eq!((error.payment().name(), session.payments().len()), ("unknown", 1), "{error}");
}

#[tokio::test]
async fn what_fails_without_a_payment_costs_nothing() {
    let gateway = practice_gateway().await;
    let (client, session) = (client(&gateway.api_url()), Session::new(&gateway, &[]));
    let ask = async |call: ToolCall| client.call_tool(session.clone(), &call).await;
    // A tool that fails has answered.
    let mut wrong = hello(&gateway);
    wrong.arguments.insert("model".into(), "no/such-model".into());
    let answer = ask(wrong).await.unwrap();
    assert_eq!((answer.is_error, answer.cost()), (true, Usdc::ZERO));
    assert!(answer.json.contains("no/such-model"), "{}", answer.json);
    // So has a server that knows no such tool, with an error of the protocol.
    let error = ask(ToolCall { name: "weather".into(), ..hello(&gateway) }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Api);
    assert!(error.to_string().contains("no tool"), "{error}");
    for server in ["", "two words", "http://tools.example/mcp", "https://tools.example/mcp"] {
        let call = ToolCall { server: server.into(), ..hello(&gateway) };
        let error = ask(call).await.unwrap_err();
        assert_eq!(error.field(), Some("server"), "{server}: {error}");
    }
    assert_eq!((session.payments().len(), paid(&gateway, &client).await), (0, 0));
}

#[tokio::test]
async fn a_server_without_an_address_is_paid_from_the_same_purse() {
    let gateway = practice_gateway().await;
    let (client, session) = (client(&gateway.api_url()), Session::new(&gateway, &[]));
    let call = ToolCall { server: "Chat-Program".into(), ..hello(&gateway) };
    for _ in 0..2 {
        client.call_tool(session.clone(), &call).await.unwrap();
    }
    let records = client.payments(PaymentFilter::default()).await.unwrap();
    assert_eq!((records.len(), records[0].url.as_str()), (2, "mcp://chat-program:0/chat"));
    // 2,000 of the session's 2,500 micro-USDC are spent.
    for refused in [
        client.call_tool(session.clone(), &call).await.map(drop),
        client.chat("Hello!").await.map(drop),
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::SpendLimit);
    }
    assert_eq!((session.payments().len(), paid(&gateway, &client).await), (2, 2));
}
