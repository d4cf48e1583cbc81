//! A request that can be served: valid, for a known model, with a price.

use std::sync::Arc;

use axum::http::request::Parts;
use bytes::Bytes;
use tracing::Instrument;

use super::{goods::Goods, relay};
use crate::{
    app::App,
    observe::Ticket,
    offer::Offer,
    origin::origin,
    problem::Problem,
    provider::{Frames, ProviderError},
};

/// A checked and priced request.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(super) goods: Goods,
    /// The body as it came.
    pub(super) body: Bytes,
    pub(super) method: String,
    pub(super) path: String,
    /// What is known of the request.
    pub(super) ticket: Ticket,
    /// `http://host:port` as the caller addressed it: for links, and information only.
    origin: String,
}

impl Order {
    /// Checks and prices a chat request.
    pub(crate) fn chat(app: &App, parts: &Parts, body: Bytes) -> Result<Self, Problem> {
        let goods = Goods::chat(app, &body)?;
        Ok(Self::of(goods, app, parts, body))
    }

    /// Checks and prices a request for pictures.
    pub(crate) fn images(app: &App, parts: &Parts, body: Bytes) -> Result<Self, Problem> {
        let goods = Goods::images(app, &body)?;
        Ok(Self::of(goods, app, parts, body))
    }

    fn of(goods: Goods, app: &App, parts: &Parts, body: Bytes) -> Self {
        let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
        let ticket = parts.extensions.get::<Ticket>().cloned().unwrap_or_default();
        ticket.asks_for(&goods.model.id);
        let origin = origin(app, &goods.stock.service, &parts.uri, &parts.headers);
        Self { goods, body, method, path, ticket, origin }
    }

    /// What a 402 says about it; `None` when the model is free.
    pub(super) fn offer(&self, app: &App) -> Option<Offer> {
        Some(Offer {
            terms: app.terms.clone(),
            endpoint: self.goods.endpoint(),
            stock: Arc::clone(&self.goods.stock),
            amount: self.goods.amount?,
            url: format!("{}{}", self.origin, self.path),
            description: self.goods.description.clone(),
            basis: self.goods.basis.clone(),
        })
    }

    /// The body of the whole answer.
    pub(super) async fn complete(&self, app: &App) -> Result<Bytes, ProviderError> {
        let asking = app.metrics.asking(&self.goods.by.id);
        let answered = self.goods.complete(app, &self.origin);
        asking.ended(answered.instrument(tracing::info_span!("provider")).await)
    }

    /// The events of the streamed answer, once the first of them is there.
    pub(super) async fn stream(&self, app: &App) -> Result<Frames, ProviderError> {
        let asking = app.metrics.asking(&self.goods.by.id);
        let opened = async { relay::first_event(self.goods.stream().await?).await };
        asking.ended(opened.instrument(tracing::info_span!("provider")).await)
    }

    /// Whether the answer is wanted as a stream.
    pub(super) fn is_stream(&self) -> bool {
        self.goods.is_stream()
    }
}
