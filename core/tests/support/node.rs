//! A node that says what a script tells it to.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use blockrun_llm::{
    networks::BASE_SEPOLIA,
    wallet::{Address, B256},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

pub(crate) const PAYER: Address = Address::repeat_byte(0x22);
pub(crate) const PAYEE: Address = Address::repeat_byte(0x33);
pub(crate) const NONCE: B256 = B256::repeat_byte(0x44);
pub(crate) const TXID: B256 = B256::repeat_byte(0x55);
/// Time of the newest block.
pub(crate) const NOW: u64 = 1_790_000_000;
/// Its number.
const HEAD: u64 = 1_000_000;

/// What is answered to a question.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Result(Value),
    Error(i64, &'static str),
    /// This status and body.
    Body(u16, String),
    /// A head that promises more than comes.
    Cut,
    /// Nothing, for long.
    Silence,
}

/// What a node says.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) chain_id: &'static str,
    /// To every call; `None`: a balance of 1.234567, and whether the authorization is `used`.
    pub(crate) call: Option<Reply>,
    pub(crate) used: bool,
    /// The newest block.
    pub(crate) head: Value,
    /// Logs that are listed when the block of one is among those asked for.
    pub(crate) logs: Vec<Value>,
    /// Logs of the receipt.
    pub(crate) receipt: Vec<Value>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            chain_id: "0x14a34",
            call: None,
            used: false,
            head: block(HEAD),
            logs: Vec::new(),
            receipt: Vec::new(),
        }
    }
}

impl Script {
    /// An authorization that was executed two blocks ago.
    pub(crate) fn paid() -> Self {
        let (logs, receipt) = (vec![used(HEAD - 2)], receipt(HEAD - 2));
        Self { used: true, logs, receipt, ..Self::default() }
    }

    fn reply(&self, method: &str, params: &Value) -> Reply {
        Reply::Result(match method {
            "eth_chainId" => json!(self.chain_id),
            "eth_call" => return self.call.clone().unwrap_or_else(|| self.view(&params[0])),
            "eth_getBlockByNumber" if params[0] == "latest" => self.head.clone(),
            "eth_getBlockByNumber" => block(number(&params[0])),
            "eth_getLogs" => {
                let asked = number(&params[0]["fromBlock"])..=number(&params[0]["toBlock"]);
                let within = |log: &&Value| {
                    log["blockNumber"].is_null() || asked.contains(&number(&log["blockNumber"]))
                };
                self.logs.iter().filter(within).cloned().collect()
            }
            "eth_getTransactionReceipt" => json!({"logs": self.receipt, "status": "0x1"}),
            _ => return Reply::Error(-32601, "method not found"),
        })
    }

    fn view(&self, call: &Value) -> Reply {
        let is_balance = call["data"].as_str().is_some_and(|data| data.starts_with("0x70a08231"));
        let word = if is_balance { 1_234_567 } else { u32::from(self.used) };
        Reply::Result(json!(format!("{word:#066x}")))
    }
}

/// Blocks come every 2 seconds.
pub(crate) const fn time(block: u64) -> u64 {
    NOW - 2 * (HEAD - block)
}

fn block(number: u64) -> Value {
    let time = time(number);
    json!({"number": format!("{number:#x}"), "timestamp": format!("{time:#x}"), "miner": PAYEE})
}

fn number(quantity: &Value) -> u64 {
    let digits = quantity.as_str().unwrap().trim_start_matches("0x");
    u64::from_str_radix(digits, 16).unwrap()
}

fn log(block: u64, topics: Value, data: &str) -> Value {
    json!({
        "address": BASE_SEPOLIA.usdc, "topics": topics, "data": data,
        "blockNumber": format!("{block:#x}"), "transactionHash": TXID, "logIndex": "0x0",
    })
}

/// `AuthorizationUsed` of the payer and nonce.
pub(crate) fn used(block: u64) -> Value {
    let event = "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5";
    log(block, json!([event, PAYER.into_word(), NONCE]), "0x")
}

/// `AuthorizationCanceled` of the payer and nonce.
pub(crate) fn canceled(block: u64) -> Value {
    let event = "0x1cdd46ff242716cdaa72d159d339a485b3438398348d68f09d7c8c0a59353d81";
    log(block, json!([event, PAYER.into_word(), NONCE]), "0x")
}

/// What an execution says: the nonce is used, and 1,000 micro-USDC moved.
pub(crate) fn receipt(block: u64) -> Vec<Value> {
    let event = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
    let topics = json!([event, PAYER.into_word(), PAYEE.into_word()]);
    vec![used(block), log(block, topics, &format!("{:#066x}", 1_000))]
}

/// A node on a port of its own, which ends with the test's runtime.
pub(crate) struct Node {
    pub(crate) url: String,
    questions: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Node {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let questions = Arc::<Mutex<Vec<_>>>::default();
        let (script, seen) = (Arc::new(script), questions.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script.clone(), seen.clone()));
            }
        });
        Self { url, questions }
    }

    /// How often a method was asked.
    pub(crate) fn asked(&self, method: &str) -> usize {
        self.matching(method).len()
    }

    /// Parameters of the last question of a method.
    pub(crate) fn last(&self, method: &str) -> Value {
        self.matching(method).pop().unwrap()
    }

    fn matching(&self, method: &str) -> Vec<Value> {
        let questions = self.questions.lock().unwrap_or_else(PoisonError::into_inner);
        let of = questions.iter().filter(|(asked, _)| asked == method);
        of.map(|(_, params)| params.clone()).collect()
    }
}

async fn serve(
    mut stream: TcpStream,
    script: Arc<Script>,
    seen: Arc<Mutex<Vec<(String, Value)>>>,
) -> io::Result<()> {
    let question = read_json(&mut stream).await?;
    let (method, params) = (question["method"].as_str().unwrap(), &question["params"]);
    seen.lock().unwrap_or_else(PoisonError::into_inner).push((method.into(), params.clone()));
    let enveloped = |name: &str, value: Value| {
        (200, json!({"jsonrpc": "2.0", "id": question["id"], name: value}).to_string())
    };
    let (status, body) = match script.reply(method, params) {
        Reply::Result(result) => enveloped("result", result),
        Reply::Error(code, said) => enveloped("error", json!({"code": code, "message": said})),
        Reply::Body(status, body) => (status, body),
        Reply::Cut => {
            return stream.write_all(b"HTTP/1.1 200 Ok\r\ncontent-length: 9\r\n\r\n{").await;
        }
        Reply::Silence => {
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
            return Ok(());
        }
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} Scripted\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await
}

async fn read_json(stream: &mut TcpStream) -> io::Result<Value> {
    let mut bytes = Vec::new();
    loop {
        // The body is the last thing that is sent, and it is one JSON document.
        let body = bytes.windows(4).position(|end| end == b"\r\n\r\n").map(|at| &bytes[at + 4..]);
        if let Some(question) = body.and_then(|body| serde_json::from_slice(body).ok()) {
            return Ok(question);
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
