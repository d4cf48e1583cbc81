//! What is sold: an answer of a model, its price, and how it is had.

use std::sync::Arc;

use blockrun_llm::Usdc;
use bytes::Bytes;
use serde_json::Value;

use super::pictures;
use crate::{
    app::{App, now},
    catalog::{Catalog, Model},
    chat::ChatRequest,
    discovery::Endpoint,
    field::{self, Invalid},
    images::{self, Delivery, ImageRequest},
    offer::Offer,
    problem::Problem,
    provider::{DrawCall, Frames, ProviderCall, ProviderError},
    quote::{Quote, quote},
    stock::Stock,
};

/// Something that was asked for and can be sold.
#[derive(Debug, Clone)]
pub(super) struct Goods {
    /// The model that was asked for.
    pub(super) model: Arc<Model>,
    /// The model that answers: another one where the catalog names a fallback.
    pub(super) by: Arc<Model>,
    work: Work,
    /// What was sold when it was asked for.
    pub(super) stock: Arc<Stock>,
    /// What it costs; `None` when the model is free.
    pub(super) amount: Option<Usdc>,
    /// One line for people.
    pub(super) description: String,
    /// The counts behind the price.
    pub(super) basis: Value,
}

/// What a provider has to do.
#[derive(Debug, Clone)]
enum Work {
    Chat(Arc<ChatRequest>, Quote),
    Draw(DrawCall, Delivery),
}

impl Goods {
    /// What a body asks for when the path does not say it: its model decides.
    pub(super) fn any(app: &App, body: &[u8]) -> Result<Self, Problem> {
        let id = field::object(body).and_then(|json| field::model(&json)).map_err(invalid)?;
        if known(&app.shelf.stock().catalog, &id)?.is_image() {
            Self::images(app, body)
        } else {
            Self::chat(app, body)
        }
    }

    pub(super) fn chat(app: &App, body: &[u8]) -> Result<Self, Problem> {
        let chat = ChatRequest::parse(body).map_err(invalid)?;
        let stock = app.shelf.stock();
        let model = known(&stock.catalog, &chat.model)?;
        let by = stock.catalog.answering(&model);
        let quote = quote(&stock.rule, &model, &chat, body)?;
        let Quote { amount, input_tokens, max_output } = quote;
        let id = &model.id;
        Ok(Self {
            amount,
            description: format!("{id} chat completion, {max_output} max output tokens"),
            basis: Offer::chat_basis(id, input_tokens, max_output, chat.choices),
            work: Work::Chat(Arc::new(chat), quote),
            stock,
            model,
            by,
        })
    }

    pub(super) fn images(app: &App, body: &[u8]) -> Result<Self, Problem> {
        let request = ImageRequest::parse(body).map_err(invalid)?;
        let stock = app.shelf.stock();
        let model = known(&stock.catalog, &request.model)?;
        let quote = images::quote(&stock.rule, &model, &request)?;
        let (id, count, kind) = (&model.id, request.count, &quote.kind);
        let noun = if count == 1 { "image" } else { "images" };
        let delivery = request.delivery;
        let call = DrawCall {
            model: Arc::clone(&model),
            request: Arc::new(request),
            size: kind.size,
            quality: kind.quality.clone(),
        };
        Ok(Self {
            amount: Some(quote.amount),
            description: format!("{id}: {count} {noun}, {} {}", kind.size, kind.quality),
            basis: Offer::image_basis(id, count, kind),
            work: Work::Draw(call, delivery),
            stock,
            by: Arc::clone(&model),
            model,
        })
    }

    /// Where it is sold.
    pub(super) const fn endpoint(&self) -> Endpoint {
        match self.work {
            Work::Chat(..) => Endpoint::Chat,
            Work::Draw(..) => Endpoint::Images,
        }
    }

    /// Whether the answer is wanted as a stream.
    pub(super) fn is_stream(&self) -> bool {
        matches!(&self.work, Work::Chat(chat, _) if chat.stream)
    }

    /// The body of the whole answer; `origin` is where links lead.
    pub(super) async fn complete(&self, app: &App, origin: &str) -> Result<Bytes, ProviderError> {
        match &self.work {
            Work::Chat(chat, quote) => {
                Ok(self.stock.provider.complete(&self.call(chat, *quote)).await?.body)
            }
            Work::Draw(call, delivery) => {
                pictures::answer(app, &*self.stock.provider, call, *delivery, origin).await
            }
        }
    }

    /// The events of the streamed answer.
    pub(super) async fn stream(&self) -> Result<Frames, ProviderError> {
        match &self.work {
            Work::Chat(chat, quote) => self.stock.provider.stream(&self.call(chat, *quote)).await,
            Work::Draw(..) => Err(ProviderError::failed("pictures are not streamed")),
        }
    }

    fn call(&self, chat: &Arc<ChatRequest>, quote: Quote) -> ProviderCall {
        ProviderCall {
            model: Arc::clone(&self.by),
            chat: Arc::clone(chat),
            prompt_tokens: quote.input_tokens,
            max_output: quote.max_output.min(self.by.max_output),
            created: now(),
        }
    }
}

fn invalid(fault: Invalid) -> Problem {
    Problem::invalid("invalid_value", fault.message).at(fault.param)
}

fn known(catalog: &Catalog, id: &str) -> Result<Arc<Model>, Problem> {
    let found = catalog.get(id).cloned();
    found.ok_or_else(|| {
        let near = catalog.nearest(id).join(", ");
        let id: String = id.chars().take(100).collect();
        let message = format!(
            "The model {id:?} does not exist. Did you mean one of {near}? /api/v1/models lists all."
        );
        Problem::invalid("model_not_found", message).at("model")
    })
}
