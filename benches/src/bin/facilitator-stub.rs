//! A facilitator that believes everything and costs next to nothing, so that what is measured is the
//! server in front of it: `facilitator-stub PORT`. It verifies and settles nothing, but counts: any other
//! path than the protocol's tells how many settlements it was asked for, and for how much together.

use std::{
    convert::Infallible,
    io::Write,
    sync::atomic::{AtomicU64, Ordering},
};

use blockrun_bench::Problem;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

static SETTLED: AtomicU64 = AtomicU64::new(0);
/// In micro-USDC.
static VALUE: AtomicU64 = AtomicU64::new(0);

#[tokio::main]
async fn main() -> Result<(), Problem> {
    let port: u16 = std::env::args().nth(1).ok_or("facilitator-stub PORT")?.parse()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    writeln!(std::io::stdout(), "listening on http://{}", listener.local_addr()?)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let serving =
            http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(serve));
        tokio::spawn(serving);
    }
}

async fn serve(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let payer = asked.pointer("/paymentPayload/payload/authorization/from");
    let network = asked.pointer("/paymentRequirements/network");
    let answer = match path.as_str() {
        "/supported" => supported(),
        "/verify" => json!({"isValid": true, "payer": payer}),
        "/settle" => {
            let number = SETTLED.fetch_add(1, Ordering::Relaxed);
            let value = asked.pointer("/paymentPayload/payload/authorization/value");
            let value = value.and_then(Value::as_str).and_then(|value| value.parse().ok());
            VALUE.fetch_add(value.unwrap_or_default(), Ordering::Relaxed);
            let transaction = format!("0x{number:064x}");
            json!({"success": true, "transaction": transaction, "network": network, "payer": payer})
        }
        _ => json!({
            "settled": SETTLED.load(Ordering::Relaxed),
            "micro_usdc": VALUE.load(Ordering::Relaxed),
        }),
    };
    let body = Full::new(Bytes::from(answer.to_string()));
    let mut response = Response::new(body);
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    Ok(response)
}

fn supported() -> Value {
    json!({
        "kinds": [
            {"x402Version": 2, "scheme": "exact", "network": "eip155:84532"},
            {"x402Version": 1, "scheme": "exact", "network": "base-sepolia"},
        ],
        "extensions": [],
        "signers": {"eip155:*": ["0x0000000000000000000000000000000000000402"]},
    })
}
