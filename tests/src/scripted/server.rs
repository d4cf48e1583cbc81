//! The server: plays scenarios on `/{id}/…` and judges them on `/seen/{id}`.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};

use super::{Seen, message};
use crate::{Reply, Scenario, Sent, check_outcomes};

/// How long a client may take to close what it does not want.
const CLOSING: Duration = Duration::from_secs(60);

/// A server that plays scenarios until it is dropped with its runtime.
#[derive(Clone, Debug)]
pub struct ScriptedServer {
    scenarios: Arc<BTreeMap<String, Scenario>>,
    seen: Arc<Mutex<BTreeMap<String, Seen>>>,
}

impl ScriptedServer {
    /// Listens on a free loopback port.
    ///
    /// # Errors
    /// When no port can be had, or two scenarios have one name.
    pub async fn start(scenarios: Vec<Scenario>) -> io::Result<(Self, SocketAddr)> {
        let count = scenarios.len();
        let scenarios: BTreeMap<_, _> =
            scenarios.into_iter().map(|one| (one.id.clone(), one)).collect();
        if scenarios.len() != count {
            return Err(io::Error::other("two scenarios have the same name"));
        }
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
        self.lock().get(id).cloned().unwrap_or_default()
    }

    /// What is wrong with a scenario: with the requests that came, and with what the callers saw.
    pub async fn judge(&self, id: &str, outcomes: &[Value]) -> Vec<String> {
        let Some(scenario) = self.scenarios.get(id) else {
            return vec![format!("there is no scenario {id:?}")];
        };
        let started = Instant::now();
        while self.seen(id).is_waiting() && started.elapsed() < CLOSING {
            sleep(Duration::from_millis(5)).await;
        }
        let mut problems = check_outcomes(scenario, outcomes);
        problems.extend(self.seen(id).problems(scenario));
        problems
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let Some(mut sent) = message::read(&mut stream).await? else { return Ok(()) };
        let path = sent.path.trim_start_matches('/').to_owned();
        let (first, rest) = path.split_once('/').unwrap_or((&path, ""));
        if first == "seen" {
            return message::answer(&mut stream, &self.asked(rest, &sent).await).await;
        }
        let Some(scenario) = self.scenarios.get(first) else {
            return message::answer(&mut stream, &Reply::status(404)).await;
        };
        sent.path = format!("/{rest}");
        let (reply, watched) =
            self.lock().entry(first.to_owned()).or_default().take(scenario, &sent);
        sleep(reply.delay()).await;
        // Before the first byte: the client may have its answer before this program goes on.
        self.lock().entry(first.to_owned()).or_default().answering();
        let answered = message::answer(&mut stream, &reply).await;
        self.lock().entry(first.to_owned()).or_default().closed(watched);
        answered
    }

    /// GET: what was seen. POST with the outcomes of all calls: what is wrong.
    async fn asked(&self, id: &str, sent: &Sent) -> Reply {
        let Some(scenario) = self.scenarios.get(id) else { return Reply::status(404) };
        if sent.method == "GET" {
            return Reply::json(self.seen(id).report(scenario));
        }
        match serde_json::from_str::<Vec<Value>>(&sent.body) {
            Ok(outcomes) => Reply::json(json!({"violations": self.judge(id, &outcomes).await})),
            Err(cause) => {
                Reply::json(json!({"violations": [format!("no list of outcomes: {cause}")]}))
            }
        }
    }
}
