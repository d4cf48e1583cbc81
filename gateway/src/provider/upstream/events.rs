//! A streamed answer: the upstream's events, each passed on when it is wanted.

use std::sync::Arc;

use blockrun_llm::sse::{EventParser, ServerEvent};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use reqwest::Response;
use serde_json::Value;
use tokio::time::timeout;

use super::{failure::Failure, reading, server::Server};
use crate::provider::Frames;

/// The last event of every stream.
const DONE: &str = "[DONE]";

/// The events of a response. Comments, ids and names of events are left out; chunks are passed on
/// as they are but for the model's name.
pub(super) struct Events {
    server: Arc<Server>,
    response: Response,
    parser: EventParser,
    /// The model as the caller knows it.
    model: String,
    ended: bool,
}

impl Events {
    /// Waits for the first event: until then another upstream can still be asked.
    pub(super) async fn open(
        server: &Arc<Server>,
        response: Response,
        model: &str,
    ) -> Result<Frames, Failure> {
        let (server, model) = (Arc::clone(server), model.to_owned());
        let parser = EventParser::default();
        let mut events = Self { server, response, parser, model, ended: false };
        // An end without anything before it is nothing to be paid for.
        let Some(first) = events.next().await?.filter(|_| !events.ended) else {
            return Err(Failure::useless("the upstream's stream was empty"));
        };
        let rest = stream::unfold(events, async |mut events| {
            let event = events.next().await.transpose()?;
            Some((event.map_err(|failure| events.broken(failure).into()), events))
        });
        Ok(stream::iter([Ok(first)]).chain(rest).boxed())
    }

    /// The next event; `None` after the last one, and where the upstream just stops.
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        while !self.ended {
            let unreadable = |_| Failure::useless("the upstream's stream cannot be read");
            if let Some(event) = self.parser.next_event().map_err(unreadable)? {
                self.ended = event.data.trim() == DONE;
                return self.frame(&event).map(Some);
            }
            let silence = self.server.settings.idle_timeout;
            match timeout(silence, self.response.chunk()).await {
                Ok(Ok(Some(chunk))) => self.parser.push(&chunk),
                Ok(Ok(None)) => self.ended = true,
                Ok(Err(_)) => return Err(Failure::lost("the upstream broke off")),
                Err(_) => return Err(Failure::lost("the upstream fell silent")),
            }
        }
        Ok(None)
    }

    fn frame(&self, event: &ServerEvent) -> Result<Bytes, Failure> {
        if self.ended {
            return Ok(Bytes::from_static(b"data: [DONE]\n\n"));
        }
        let mut chunk = reading::parse(event.data.as_bytes())?;
        chunk.insert("model".into(), self.model.as_str().into());
        Ok(Bytes::from(format!("data: {}\n\n", Value::Object(chunk))))
    }

    /// A stream that breaks in the middle counts like a call that fails, and nothing follows.
    fn broken(&mut self, failure: Failure) -> Failure {
        self.ended = true;
        self.server.judged(failure)
    }
}
