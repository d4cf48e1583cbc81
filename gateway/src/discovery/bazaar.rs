//! The `bazaar` extension: how an endpoint is called, for catalogs (x402 specification,
//! extensions/bazaar: `info` is an example of a call, `schema` a JSON Schema of `info`).

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::Endpoint;
use crate::{chat::MAX_CHOICES, images::MAX_PICTURES};

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// What every 402 of an endpoint says. It travels in a header, so it names the fields that matter and
/// leaves the rest to `/openapi.json`.
pub(super) fn declaration(endpoint: Endpoint) -> &'static Value {
    static CHAT: LazyLock<Value> = LazyLock::new(chat);
    static IMAGES: LazyLock<Value> = LazyLock::new(images);
    match endpoint {
        Endpoint::Chat => &CHAT,
        Endpoint::Images => &IMAGES,
    }
}

/// The same with the models that can be asked for; a listing has the room.
pub(super) fn with_models(endpoint: Endpoint, models: Vec<String>) -> Value {
    let mut all = declaration(endpoint).clone();
    all["info"]["input"]["body"]["model"] = models.first().cloned().into();
    all["schema"]["properties"]["input"]["properties"]["body"]["properties"]["model"]["enum"] =
        models.into();
    all
}

fn chat() -> Value {
    let body = json!({
        "model": "openai/gpt-4o-mini",
        "messages": [{"role": "user", "content": "Hello!"}],
    });
    let schema = json!({
        "type": "object",
        "properties": {
            "model": {"type": "string"},
            "messages": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "properties": {"role": {"type": "string"}, "content": {}},
                    "required": ["role"],
                },
            },
            "max_tokens": {"type": "integer", "minimum": 1},
            "n": {"type": "integer", "minimum": 1, "maximum": MAX_CHOICES},
            "temperature": {"type": "number", "minimum": 0, "maximum": 2},
            "tools": {"type": "array"},
            "response_format": {"type": "object"},
            "stream": {"type": "boolean"},
        },
        "required": ["model", "messages"],
    });
    let message = json!({"role": "assistant", "content": "Hello! How can I help?"});
    let example = json!({
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    });
    post(&body, &schema, &example)
}

fn images() -> Value {
    let body = json!({"model": "openai/dall-e-3", "prompt": "a red fox in the snow"});
    let schema = json!({
        "type": "object",
        "properties": {
            "model": {"type": "string"},
            "prompt": {"type": "string"},
            "n": {"type": "integer", "minimum": 1, "maximum": MAX_PICTURES},
            "size": {"type": "string"},
            "quality": {"type": "string"},
            "response_format": {"type": "string", "enum": ["url", "b64_json"]},
        },
        "required": ["model", "prompt"],
    });
    post(&body, &schema, &json!({"created": 1, "data": [{"url": "https://..."}]}))
}

fn post(body: &Value, schema: &Value, example: &Value) -> Value {
    json!({
        "info": {
            "input": {"type": "http", "method": "POST", "bodyType": "json", "body": body},
            "output": {"type": "json", "example": example},
        },
        "schema": {
            "$schema": DRAFT,
            "type": "object",
            "properties": {
                "input": {
                    "type": "object",
                    "properties": {
                        "type": {"type": "string", "const": "http"},
                        "method": {"type": "string", "enum": ["POST"]},
                        "bodyType": {"type": "string", "enum": ["json"]},
                        "body": schema,
                    },
                    "required": ["type", "method", "bodyType", "body"],
                    "additionalProperties": false,
                },
                "output": {
                    "type": "object",
                    "properties": {"type": {"type": "string"}, "example": {"type": "object"}},
                    "required": ["type"],
                },
            },
            "required": ["input"],
        },
    })
}
