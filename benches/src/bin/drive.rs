//! Our client in Rust, or reqwest alone doing the same exchanges, as it is told row by row:
//! `drive blockrun|memory|power|reqwest`. Reads [`Row`]s as lines of JSON and answers each with
//! [`Measured`](blockrun_bench::Measured).
//!
//! `BUYER_URL` is the base address of the stand-in and `BUYER_KEY` the paying key; the journal is in
//! `BLOCKRUN_HOME`, in memory for `memory`, and survives the loss of power for `power`.

use std::io::Write;

use blockrun_bench::{Call, Measured, Problem, Row, play};
use blockrun_llm::{
    ChatRequest, ClientOptions, LLMClient,
    http::Prepay,
    journal::{Durability, JournalOptions},
};
use bytes::Bytes;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};

const CHUNKS: usize = 200;

#[tokio::main]
async fn main() -> Result<(), Problem> {
    let contender = std::env::args().nth(1).ok_or("drive blockrun|memory|power|reqwest")?;
    let url = std::env::var("BUYER_URL")?;
    let driver = match contender.as_str() {
        "reqwest" => Driver::Bare(Bare::new(&url)?),
        journal => Driver::Paying(Paying::new(&url, journal)?),
    };
    let mut rows = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = rows.next_line().await? {
        let measured = driver.play(serde_json::from_str(&line)?).await?;
        writeln!(std::io::stdout(), "{}", serde_json::to_string(&measured)?)?;
    }
    Ok(())
}

enum Driver {
    Paying(Paying),
    Bare(Bare),
}

impl Driver {
    async fn play(&self, row: Row) -> Result<Measured, Problem> {
        match self {
            Self::Paying(paying) => paying.play(row).await,
            Self::Bare(bare) => bare.play(row).await,
        }
    }
}

/// Our client, with and without knowing prices beforehand.
struct Paying {
    one_trip: LLMClient,
    two_trips: LLMClient,
}

impl Paying {
    fn new(url: &str, journal: &str) -> Result<Self, Problem> {
        let durability = match journal {
            "power" => Durability::Power,
            _ => Durability::Process,
        };
        let in_memory = journal == "memory";
        let client = |prepay| {
            let journal = JournalOptions { in_memory, durability, ..JournalOptions::default() };
            let options = ClientOptions {
                private_key: Some(std::env::var("BUYER_KEY")?.into()),
                api_url: Some(url.to_owned()),
                prepay: Some(prepay),
                journal,
                ..ClientOptions::default()
            };
            Ok::<_, Problem>(LLMClient::with_options(options)?)
        };
        Ok(Self { one_trip: client(Prepay::Auto)?, two_trips: client(Prepay::Off)? })
    }

    async fn play(&self, row: Row) -> Result<Measured, Problem> {
        let client = if row.trips == 1 { &self.one_trip } else { &self.two_trips }.clone();
        let request = ChatRequest::new("x".repeat(row.prompt));
        match row.call {
            Call::Stream => play(row, move || read(client.clone(), request.clone())).await,
            Call::Chat => play(row, move || ask(client.clone(), request.clone())).await,
        }
    }
}

async fn ask(client: LLMClient, request: ChatRequest) -> Result<(), Problem> {
    match client.chat_completion(&request).await?.text().is_empty() {
        true => Err("the answer is empty".into()),
        false => Ok(()),
    }
}

async fn read(client: LLMClient, request: ChatRequest) -> Result<(), Problem> {
    let mut stream = client.chat_completion_stream(&request)?;
    let mut chunks = 0;
    while stream.next().await?.is_some() {
        chunks += 1;
    }
    match chunks {
        CHUNKS => Ok(()),
        other => Err(format!("{other} chunks").into()),
    }
}

/// reqwest, which pays nothing and looks into no answer.
#[derive(Clone)]
struct Bare {
    client: reqwest::Client,
    /// Gets a 402.
    asking: String,
    /// Gets an answer.
    free: String,
}

impl Bare {
    fn new(url: &str) -> Result<Self, Problem> {
        // The client wants one also where it never speaks TLS; an earlier one is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder().no_proxy().tcp_nodelay(true);
        let path = "v1/chat/completions";
        let free = url.replace("/api", "/free");
        Ok(Self {
            client: builder.build()?,
            asking: format!("{url}/{path}"),
            free: format!("{free}/{path}"),
        })
    }

    async fn play(&self, row: Row) -> Result<Measured, Problem> {
        let content = "x".repeat(row.prompt);
        let mut body = json!({
            "model": "openai/gpt-4o-mini",
            "messages": [{"role": "user", "content": content}],
            "max_tokens": 1_024,
        });
        if row.call == Call::Stream {
            body["stream"] = true.into();
        }
        let (bare, body) = (self.clone(), Bytes::from(body.to_string()));
        let call = move || {
            let (bare, body) = (bare.clone(), body.clone());
            async move {
                if row.trips == 2 {
                    bare.post(&bare.asking, body.clone(), 402).await?;
                }
                bare.post(&bare.free, body, 200).await
            }
        };
        play(row, call).await
    }

    async fn post(&self, url: &str, body: Bytes, expected: u16) -> Result<(), Problem> {
        let request = self.client.post(url).header("content-type", "application/json").body(body);
        let mut response = request.send().await?;
        if response.status() != expected {
            return Err(format!("{url} answers {}", response.status()).into());
        }
        while response.chunk().await?.is_some() {}
        Ok(())
    }
}
