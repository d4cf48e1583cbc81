//! What a host is told while a call is under way, and how it ends one.

use std::time::{Duration, Instant};

use blockrun_llm::{ChatRequest, ChatResponse, ErrorKind, LLMClient, Result, chat::ChatStream};
use rmcp::{
    RoleServer,
    model::{ProgressNotificationParam, ProgressToken},
    service::RequestContext,
};

/// Not told more often than this.
const PAUSE: Duration = Duration::from_millis(250);
/// The same call may be under way still, when its host has just given it up: it is waited for.
const TURN: Duration = Duration::from_millis(500);
/// So often.
const TURNS: u32 = 20;
/// Told at least this often, so that a host that waits for a sign goes on waiting.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tells a host that asked for it how far a call is.
pub(super) struct Progress<'a> {
    context: &'a RequestContext<RoleServer>,
    token: Option<ProgressToken>,
    steps: f64,
    told: Instant,
}

impl<'a> Progress<'a> {
    pub(super) fn new(context: &'a RequestContext<RoleServer>) -> Self {
        let token = context.meta.get_progress_token();
        Self { context, token, steps: 0.0, told: Instant::now() }
    }

    async fn tell(&mut self, message: String) {
        let Some(token) = self.token.clone() else { return };
        self.steps += 1.0;
        self.told = Instant::now();
        let told = ProgressNotificationParam::new(token, self.steps).with_message(message);
        // A host that does not listen is no reason to give up what was paid for.
        let _ = self.context.peer.notify_progress(told).await;
    }

    /// Does something that takes its time.
    pub(super) async fn during<T>(
        &mut self,
        what: &str,
        mut work: impl Future<Output = T> + Unpin,
    ) -> T {
        loop {
            match tokio::time::timeout(PATIENCE, &mut work).await {
                Ok(done) => return done,
                Err(_) => self.tell(what.to_owned()).await,
            }
        }
    }

    /// Makes a chat completion, in pieces: so that there is something to tell.
    pub(super) async fn chat(
        &mut self,
        client: &LLMClient,
        request: &ChatRequest,
    ) -> Result<ChatResponse> {
        for _ in 0..TURNS {
            match self.read(client, request).await {
                Err(error) if error.kind() == ErrorKind::IdempotencyInFlight => {
                    tokio::time::sleep(TURN).await;
                }
                done => return done,
            }
        }
        self.read(client, request).await
    }

    async fn read(&mut self, client: &LLMClient, request: &ChatRequest) -> Result<ChatResponse> {
        let mut stream = client.chat_completion_stream(request)?;
        let mut characters = 0;
        while let Some(more) = self.next(&mut stream, characters).await? {
            characters += more;
            if self.told.elapsed() > PAUSE {
                self.tell(format!("{characters} characters so far")).await;
            }
        }
        Ok(stream.received())
    }

    async fn next(&mut self, stream: &mut ChatStream, so_far: usize) -> Result<Option<usize>> {
        let waiting = match so_far {
            0 => "waiting for the model".to_owned(),
            _ => format!("{so_far} characters so far"),
        };
        let chunk = self.during(&waiting, Box::pin(stream.next())).await?;
        Ok(chunk.map(|chunk| chunk.text().chars().count()))
    }
}
