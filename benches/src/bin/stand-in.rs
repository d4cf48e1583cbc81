//! A gateway that costs next to nothing, so that what is measured is the client in front of it:
//! `stand-in [PORT]`. It asks for payment as our gateway does, verifies nothing while it is measured,
//! and answers at once.
//!
//! | Request | Answer |
//! |---|---|
//! | `POST /api/v1/chat/completions` | 402, or with a payment an answer, streamed if asked for |
//! | `POST /free/v1/chat/completions` | the same answers, for clients that do not pay |
//! | `GET /api/pricing` | the prices |
//! | `GET /count` | what came in since the last count; 500 with the reason if a payment is not good |

use std::{convert::Infallible, io::Write, sync::Arc};

use blockrun_bench::{Problem, Terms, Till};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Either, Full, StreamBody};
use hyper::{
    Request, Response,
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const CHUNKS: usize = 200;

#[tokio::main]
async fn main() -> Result<(), Problem> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let origin = format!("http://{}", listener.local_addr()?);
    writeln!(std::io::stdout(), "listening on {origin}")?;
    let counter = Arc::new(Counter::new(&origin)?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let counter = Arc::clone(&counter);
        let service = service_fn(move |request| {
            let counter = Arc::clone(&counter);
            async move { Ok::<_, Infallible>(counter.serve(request).await) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

type Body = Either<Full<Bytes>, Events>;
type Events = http_body_util::combinators::UnsyncBoxBody<Bytes, Infallible>;

/// What a request asks, as far as the answer depends on it.
#[derive(Default, Deserialize)]
struct Asked {
    #[serde(default)]
    stream: bool,
}

/// All answers, made once.
struct Counter {
    terms: Terms,
    till: Till,
    required: HeaderValue,
    refusal: Bytes,
    receipt: HeaderValue,
    answer: Bytes,
    chunks: Arc<[Bytes]>,
}

impl Counter {
    fn new(origin: &str) -> Result<Self, Problem> {
        let terms = Terms::new(format!("{origin}/api/v1/chat/completions"));
        Ok(Self {
            required: HeaderValue::try_from(terms.header())?,
            refusal: terms.body().to_string().into(),
            receipt: HeaderValue::try_from(receipt())?,
            answer: answer().to_string().into(),
            chunks: (0..CHUNKS).map(chunk).chain([Bytes::from("data: [DONE]\n\n")]).collect(),
            till: Till::default(),
            terms,
        })
    }

    async fn serve(&self, request: Request<Incoming>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        match (&head.method, head.uri.path()) {
            (&Method::POST, "/api/v1/chat/completions") => self.sell(&head.headers, &body),
            (&Method::POST, "/free/v1/chat/completions") => {
                self.till.free();
                self.deliver(&body)
            }
            (&Method::GET, "/api/pricing") => json_of(&Terms::prices()),
            (&Method::GET, "/count") => self.count(),
            _ => status(StatusCode::NOT_FOUND, Bytes::new()),
        }
    }

    fn sell(&self, headers: &HeaderMap, body: &Bytes) -> Response<Body> {
        let Some(payment) = headers.get("payment-signature").or_else(|| headers.get("x-payment"))
        else {
            self.till.asked();
            let mut refused = status(StatusCode::PAYMENT_REQUIRED, self.refusal.clone());
            refused.headers_mut().insert("payment-required", self.required.clone());
            return refused;
        };
        self.till.take(payment.as_bytes());
        let mut answer = self.deliver(body);
        answer.headers_mut().insert("payment-response", self.receipt.clone());
        answer
    }

    fn deliver(&self, body: &Bytes) -> Response<Body> {
        let asked: Asked = serde_json::from_slice(body).unwrap_or_default();
        match asked.stream {
            true => self.stream(),
            false => status(StatusCode::OK, self.answer.clone()),
        }
    }

    /// Each chunk goes out by itself, as it would when a model writes it.
    fn stream(&self) -> Response<Body> {
        let chunks = Arc::clone(&self.chunks);
        let events = futures_util::stream::unfold(0, move |next| {
            let chunk = chunks.get(next).cloned();
            async move {
                tokio::task::yield_now().await;
                chunk.map(|chunk| (Ok(Frame::data(chunk)), next + 1))
            }
        });
        let mut response = Response::new(Either::Right(StreamBody::new(events).boxed_unsync()));
        let kind = HeaderValue::from_static("text/event-stream");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        response
    }

    fn count(&self) -> Response<Body> {
        match self.till.count(&self.terms) {
            Ok(count) => json_of(&count),
            Err(bad) => status(StatusCode::INTERNAL_SERVER_ERROR, bad.to_string().into()),
        }
    }
}

fn json_of(document: &Value) -> Response<Body> {
    status(StatusCode::OK, document.to_string().into())
}

fn status(status: StatusCode, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::new(body)));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

fn receipt() -> String {
    let settled = json!({
        "success": true,
        "transaction": format!("0x{:064x}", 0x402),
        "network": "eip155:84532",
    });
    blockrun_llm::x402::encode_header(&settled.to_string())
}

fn answer() -> Value {
    json!({
        "id": "chatcmpl-stand-in", "object": "chat.completion", "created": 1_790_000_000,
        "model": "openai/gpt-4o-mini",
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": "Hello! How can I help you today?"},
            "finish_reason": "stop",
        }],
        "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18},
    })
}

/// One event of a stream; the last one says that it ends.
fn chunk(number: usize) -> Bytes {
    let choice = match number + 1 == CHUNKS {
        true => json!({"index": 0, "delta": {}, "finish_reason": "stop"}),
        false => json!({"index": 0, "delta": {"content": " word"}, "finish_reason": null}),
    };
    let chunk = json!({
        "id": "chatcmpl-stand-in", "object": "chat.completion.chunk", "created": 1_790_000_000,
        "model": "openai/gpt-4o-mini", "choices": [choice],
    });
    format!("data: {chunk}\n\n").into()
}
