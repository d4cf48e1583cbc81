//! The provider: the upstreams in their order.

use std::sync::Arc;

use super::{
    failure::{Failure, Remedy},
    question::{Drawn, Question, Streamed, Whole},
    server::Server,
    settings::Upstream,
};
use crate::{
    catalog::Model,
    provider::{
        Completion, DrawCall, Frames, Picture, Provider, ProviderCall, ProviderError, UpstreamState,
    },
};

/// The upstreams of a settings file.
#[derive(Debug)]
pub(crate) struct Upstreams {
    servers: Vec<Arc<Server>>,
}

impl Upstreams {
    /// Connects to nothing yet.
    pub(crate) fn new(upstreams: Vec<Upstream>) -> Result<Self, String> {
        let servers = upstreams.into_iter().map(|upstream| Server::new(upstream).map(Arc::new));
        Ok(Self { servers: servers.collect::<Result<_, _>>()? })
    }

    /// Asks the upstreams of a model, one after the other until one answers.
    async fn ask<Q: Question>(
        &self,
        model: &Model,
        question: Q,
    ) -> Result<Q::Answer, ProviderError> {
        let mut last = None;
        for server in &self.servers {
            let Some(name) = server.settings.models.name(model) else { continue };
            match server.ask(&name, &question).await {
                Ok(answer) => return Ok(answer),
                Err(failure) if failure.remedy == Remedy::Stop => return Err(failure.into()),
                Err(failure) => last = Some(failure),
            }
        }
        let unserved = || Failure::useless("no upstream serves this model");
        Err(last.unwrap_or_else(unserved).into())
    }
}

#[async_trait::async_trait]
impl Provider for Upstreams {
    fn serves(&self, model: &Model) -> bool {
        self.servers.iter().any(|server| server.settings.models.name(model).is_some())
    }

    fn upstreams(&self) -> Vec<UpstreamState> {
        let state = |server: &Arc<Server>| UpstreamState {
            name: server.settings.name.clone(),
            resting: server.breaker.is_open(),
        };
        self.servers.iter().map(state).collect()
    }

    async fn complete(&self, call: &ProviderCall) -> Result<Completion, ProviderError> {
        self.ask(&call.model, Whole(call)).await
    }

    async fn stream(&self, call: &ProviderCall) -> Result<Frames, ProviderError> {
        self.ask(&call.model, Streamed(call)).await
    }

    async fn draw(&self, call: &DrawCall) -> Result<Vec<Picture>, ProviderError> {
        self.ask(&call.model, Drawn(call)).await
    }
}
