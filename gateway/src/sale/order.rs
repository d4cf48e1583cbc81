//! A request that can be served: valid, for a known model, with a price.

use std::sync::Arc;

use axum::http::request::Parts;
use bytes::Bytes;
use http::{header, uri::Authority};

use crate::{
    app::{App, now},
    catalog::Model,
    chat::ChatRequest,
    offer::Offer,
    problem::Problem,
    provider::ProviderCall,
    quote::{Quote, quote},
};

/// A checked and priced request.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) model: Arc<Model>,
    pub(crate) chat: Arc<ChatRequest>,
    pub(crate) quote: Quote,
    /// The body as it came.
    pub(crate) body: Bytes,
    pub(crate) method: String,
    pub(crate) path: String,
    /// The URL as the caller addressed it; information only.
    url: String,
}

impl Order {
    /// Checks and prices a chat request.
    pub(crate) fn parse(app: &App, parts: &Parts, body: Bytes) -> Result<Self, Problem> {
        let chat = ChatRequest::parse(&body)
            .map_err(|fault| Problem::invalid("invalid_value", fault.message).at(fault.param))?;
        let model = app.catalog.get(&chat.model).ok_or_else(|| unknown_model(app, &chat.model))?;
        let quote = quote(&app.rule, model, &chat, &body)?;
        Ok(Self {
            model: Arc::clone(model),
            chat: Arc::new(chat),
            quote,
            body,
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            url: called_url(app, parts),
        })
    }

    /// What a 402 says about it; `None` when the model is free.
    pub(crate) fn offer(&self, app: &App) -> Option<Offer> {
        let Quote { amount, input_tokens, max_output } = self.quote;
        let id = &self.model.id;
        Some(Offer {
            terms: app.terms,
            amount: amount?,
            url: self.url.clone(),
            description: format!("{id} chat completion, {max_output} max output tokens"),
            basis: Offer::basis(id, input_tokens, max_output, self.chat.choices),
        })
    }

    /// The call to the provider.
    pub(crate) fn call(&self) -> ProviderCall {
        ProviderCall {
            model: Arc::clone(&self.model),
            chat: Arc::clone(&self.chat),
            prompt_tokens: self.quote.input_tokens,
            max_output: self.quote.max_output,
            created: now(),
        }
    }
}

fn unknown_model(app: &App, id: &str) -> Problem {
    let near = app.catalog.nearest(id).join(", ");
    let id: String = id.chars().take(100).collect();
    let message = format!(
        "The model {id:?} does not exist. Did you mean one of {near}? /api/v1/models lists all."
    );
    Problem::invalid("model_not_found", message).at("model")
}

/// The URL as the caller wrote it, as far as its headers tell.
fn called_url(app: &App, parts: &Parts) -> String {
    let scheme = if app.config.tls.is_some() { "https" } else { "http" };
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = parts.uri.authority().cloned();
    let authority = authority.or_else(|| host?.parse::<Authority>().ok());
    match authority {
        Some(authority) => format!("{scheme}://{}{}", authority, parts.uri.path()),
        None => format!("{}{}", app.base_url, parts.uri.path()),
    }
}
