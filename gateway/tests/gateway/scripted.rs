//! An upstream that does what a test tells it: a real socket, one request a connection.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use blockrun_gateway::Config;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::support::{Shop, config};

/// The keys of the upstreams of these tests. Any variable that every test process has will do, and a
/// test may set none: it shares its process.
pub(crate) const KEY_ENV: &str = "CARGO_MANIFEST_DIR";
pub(crate) const KEY: &str = env!("CARGO_MANIFEST_DIR");

/// A request as an upstream saw it; names of headers in lower case.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) json: Value,
}

/// What to do about a request.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Answer so: status, header lines, body.
    Say(u16, &'static str, String),
    /// Send these pieces of an event stream, a moment apart; `true` ends it as it should.
    Stream(Vec<String>, bool),
    /// Send these, and then nothing until the other side hangs up.
    Stall(Vec<String>),
    /// Close the connection without a word.
    HangUp,
    /// Say nothing until the other side hangs up.
    Silence,
}

type Script = dyn Fn(usize, &Seen) -> Act + Send + Sync;

/// A running upstream.
#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    left: Arc<Mutex<usize>>,
    sent: Arc<Mutex<usize>>,
}

impl Upstream {
    /// The script gets the number of the request, from 0, and the request.
    pub(crate) async fn run(script: impl Fn(usize, &Seen) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let upstream =
            Self { address, seen: Arc::default(), left: Arc::default(), sent: Arc::default() };
        let (serving, script): (_, Arc<Script>) = (upstream.clone(), Arc::new(script));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (upstream, script) = (serving.clone(), Arc::clone(&script));
                tokio::spawn(async move { upstream.serve(socket, &*script).await });
            }
        });
        upstream
    }

    /// What came so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How many callers hung up on a silence.
    pub(crate) fn left(&self) -> usize {
        *self.left.lock().unwrap()
    }

    /// How many pieces of streams are on their way.
    pub(crate) fn sent(&self) -> usize {
        *self.sent.lock().unwrap()
    }

    async fn serve(&self, mut socket: TcpStream, script: &Script) {
        let Some(request) = read(&mut socket).await else { return };
        let number = {
            let mut seen = self.seen.lock().unwrap();
            seen.push(request.clone());
            seen.len() - 1
        };
        // The gateway may hang up at any time.
        let _ = match script(number, &request) {
            Act::Say(status, headers, body) => {
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\n\
                     connection: close\r\n\r\n"
                );
                socket.write_all((head + &body).as_bytes()).await
            }
            Act::Stream(pieces, whole) => self.stream(&mut socket, &pieces, whole).await,
            Act::Stall(pieces) => {
                let _ = self.stream(&mut socket, &pieces, false).await;
                self.wait(&mut socket).await
            }
            Act::HangUp => Ok(()),
            Act::Silence => self.wait(&mut socket).await,
        };
    }

    async fn wait(&self, socket: &mut TcpStream) -> std::io::Result<()> {
        let _ = socket.read(&mut [0]).await;
        *self.left.lock().unwrap() += 1;
        Ok(())
    }

    async fn stream(
        &self,
        socket: &mut TcpStream,
        pieces: &[String],
        whole: bool,
    ) -> std::io::Result<()> {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\
                    transfer-encoding: chunked\r\n\r\n";
        socket.write_all(head.as_bytes()).await?;
        for piece in pieces {
            socket.write_all(format!("{:x}\r\n{piece}\r\n", piece.len()).as_bytes()).await?;
            *self.sent.lock().unwrap() += 1;
            // So that a piece is what is read at once.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        if whole { socket.write_all(b"0\r\n\r\n").await } else { Ok(()) }
    }
}

async fn read(socket: &mut TcpStream) -> Option<Seen> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4_096]);
    loop {
        let read = socket.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.lines();
        let line = lines.next().unwrap().to_owned();
        let pairs = lines.map(|line| line.split_once(": ").unwrap());
        let headers: HashMap<_, _> =
            pairs.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        if bytes.len() >= end + 4 + length {
            let json = serde_json::from_slice(&bytes[end + 4..]).unwrap_or_default();
            return Some(Seen { line, headers, json });
        }
    }
}

/// A row of a settings file for an upstream, with a key and quick to give up; `more` is further keys.
pub(crate) fn row(name: &str, upstream: &Upstream, more: &str) -> String {
    let address = upstream.address;
    format!(
        "[[upstream]]\nname = \"{name}\"\nbase_url = \"http://{address}/v1\"\n\
         key_env = \"{KEY_ENV}\"\nmodels = {{ \"openai/*\" = \"real-*\" }}\n{more}\n"
    )
}

/// A gateway in front of upstreams.
pub(crate) async fn shop(settings: &str) -> Shop {
    shop_with(config(), settings).await
}

/// The same, set up otherwise.
pub(crate) async fn shop_with(config: Config, settings: &str) -> Shop {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("gateway.toml");
    std::fs::write(&path, settings).unwrap();
    Shop::with(Config { settings: Some(path), ..config }).await
}
