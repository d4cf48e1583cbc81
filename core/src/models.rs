//! The models that a server offers.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Result};

/// A model as the server publishes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Identifier to ask for.
    pub id: String,
    /// Every other field, as published.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

impl Model {
    /// Whether it makes images: its `categories` hold `image`.
    pub fn makes_images(&self) -> bool {
        let categories = self.fields.get("categories").and_then(Value::as_array);
        categories.is_some_and(|categories| categories.iter().any(|one| one == "image"))
    }
}

/// Reads the answer of `GET /v1/models`: `{"data": [{"id": …}, …]}`.
pub(crate) fn parse_models(body: &[u8]) -> Result<Vec<Model>> {
    #[derive(Deserialize)]
    struct List {
        data: Vec<Model>,
    }
    let list: List = serde_json::from_slice(body).map_err(|cause| {
        Error::new(ErrorKind::Api, format!("the list of models could not be read: {cause}"))
            .with_response(String::from_utf8_lossy(body))
    })?;
    Ok(list.data)
}
