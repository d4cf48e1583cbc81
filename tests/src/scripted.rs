//! The scripted server: plays a scenario on `/{id}/…` and tells on `/seen/{id}` what it saw.
//!
//! It speaks just enough HTTP/1.1 and writes its bytes itself, so that it can also answer what no
//! well-behaved server would.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use blockrun_llm::x402::{decode_header, encode_header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{Reply, Scenario};

/// A server that plays scenarios until it is dropped with its runtime.
#[derive(Clone, Debug)]
pub struct ScriptedServer {
    scenarios: Arc<BTreeMap<String, Scenario>>,
    seen: Arc<Mutex<BTreeMap<String, Seen>>>,
}

/// What the server saw of one scenario.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Requests without a payment.
    pub unpaid: usize,
    /// Payment headers of the others, in order.
    pub payments: Vec<String>,
}

struct Request {
    path: String,
    payment: Option<String>,
}

impl ScriptedServer {
    /// Listens on a free loopback port.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(scenarios: Vec<Scenario>) -> io::Result<(Self, SocketAddr)> {
        let scenarios = scenarios.into_iter().map(|one| (one.id.clone(), one)).collect();
        let server = Self { scenarios: Arc::new(scenarios), seen: Arc::default() };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = accepting.clone();
                tokio::spawn(async move { server.serve(stream).await });
            }
        });
        Ok((server, address))
    }

    /// What was seen of a scenario so far.
    pub fn seen(&self, id: &str) -> Seen {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(id).cloned().unwrap_or_default()
    }

    async fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let Some(request) = read_request(&mut stream).await? else { return Ok(()) };
        let mut parts = request.path.trim_start_matches('/').split('/');
        let (first, second) = (parts.next().unwrap_or_default(), parts.next());
        let reply = match (first, second) {
            ("seen", Some(id)) => Reply { body: Some(self.report(id)), ..Reply::default() },
            (id, _) => match self.scenarios.get(id) {
                Some(scenario) => self.play(scenario, request.payment),
                None => Reply { status: Some(404), ..Reply::default() },
            },
        };
        if !reply.cut {
            stream.write_all(&render(&reply)).await?;
            stream.shutdown().await?;
            // A peer that is still sending would otherwise see a reset before the answer.
            let mut rest = [0; 1024];
            while stream.read(&mut rest).await.is_ok_and(|bytes| bytes > 0) {}
        }
        Ok(())
    }

    fn play(&self, scenario: &Scenario, payment: Option<String>) -> Reply {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = seen.entry(scenario.id.clone()).or_default();
        match payment {
            None => {
                seen.unpaid += 1;
                scenario.unpaid_reply()
            }
            Some(header) => {
                seen.payments.push(header);
                scenario.paid_reply(seen.payments.len() - 1)
            }
        }
    }

    fn report(&self, id: &str) -> Value {
        let seen = self.seen(id);
        json!({"unpaid": seen.unpaid, "payments": seen.payments, "validity": seen.validity()})
    }
}

impl Seen {
    /// Different payment headers.
    pub fn signatures(&self) -> usize {
        let mut headers = self.payments.clone();
        headers.sort();
        headers.dedup();
        headers.len()
    }

    /// Longest time that a payment has left to live, in seconds.
    pub fn validity(&self) -> Option<u64> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
        let expiry = |header: &String| -> Option<u64> {
            let json: Value = serde_json::from_str(&decode_header(header)?).ok()?;
            json.pointer("/payload/authorization/validBefore")?.as_str()?.parse().ok()
        };
        self.payments.iter().filter_map(expiry).max().map(|expiry| expiry.saturating_sub(now))
    }
}

async fn read_request(stream: &mut TcpStream) -> io::Result<Option<Request>> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let header = |name: &str| {
        let named = |line: &str| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        };
        head.lines().skip(1).find_map(named)
    };
    let length: usize = header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    while bytes.len() < head_end + 4 + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
    let path = head.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let payment = header("payment-signature").or_else(|| header("x-payment"));
    Ok(Some(Request { path, payment }))
}

fn render(reply: &Reply) -> Vec<u8> {
    let body = reply.body_text();
    let mut head = format!(
        "HTTP/1.1 {} Scripted\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n",
        reply.status_code(),
        body.len()
    );
    if let Some(challenge) = reply.challenge() {
        let value = encode_header(&challenge.to_string());
        head.push_str(&format!("payment-required: {value}\r\n"));
    }
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {}\r\n", header_value(value)));
    }
    [head.as_bytes(), b"\r\n", body.as_bytes()].concat()
}

fn header_value(value: &Value) -> String {
    if let Some(json) = value.get("base64") {
        return encode_header(&json.to_string());
    }
    if let Some([text, times]) = value.get("repeat").and_then(|list| list.as_array()?.first_chunk())
    {
        let times = usize::try_from(times.as_u64().unwrap_or_default()).unwrap_or_default();
        return text.as_str().unwrap_or_default().repeat(times);
    }
    if let Some(seconds) = value.get("date").and_then(Value::as_i64) {
        let distance = Duration::from_secs(seconds.unsigned_abs());
        let now = SystemTime::now();
        let then = if seconds < 0 { now - distance } else { now + distance };
        return httpdate::fmt_http_date(then);
    }
    value.as_str().unwrap_or_default().to_owned()
}
