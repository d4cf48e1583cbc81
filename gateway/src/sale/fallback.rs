//! Answers by another model than the one that was asked for: the response says so. Where that other
//! model is free, so is the answer.

use axum::response::Response;
use http::HeaderValue;

use super::goods::Goods;
use crate::catalog::Price;

const USED: &str = "x-fallback-used";
const MODEL: &str = "x-fallback-model";
const SKIPPED: &str = "x-settlement-skipped";

/// All that a response may say about who answered.
pub(crate) const FALLBACK_HEADERS: [&str; 3] = [USED, MODEL, SKIPPED];

/// What a response says about who answered.
#[derive(Debug, Clone)]
pub(super) struct Fallback {
    model: Option<String>,
    free: bool,
}

impl Fallback {
    pub(super) fn of(goods: &Goods) -> Self {
        let other = goods.by.id != goods.model.id;
        let free = other && goods.by.price == Price::Free;
        Self { model: other.then(|| goods.by.id.clone()), free }
    }

    /// Whether the payment is verified, but not executed.
    pub(super) const fn is_free(&self) -> bool {
        self.free
    }

    /// Says it on a response that has an answer.
    pub(super) fn tell(&self, response: &mut Response) {
        let answered = response.status().is_success();
        let Some(model) = self.model.as_ref().filter(|_| answered) else { return };
        let headers = response.headers_mut();
        headers.insert(USED, HeaderValue::from_static("true"));
        if let Ok(model) = HeaderValue::try_from(model) {
            headers.insert(MODEL, model);
        }
        if self.free {
            headers.insert(SKIPPED, HeaderValue::from_static("true"));
        }
    }
}
