//! The request as an upstream gets it.

use serde_json::{Map, Value};

use super::settings::Upstream;
use crate::provider::{DrawCall, ProviderCall};

/// A chat: as the caller wrote it, but for the model's name and the tokens of an answer, which are
/// at most those that were priced.
pub(super) fn chat(call: &ProviderCall, name: &str, settings: &Upstream) -> Vec<u8> {
    let mut json = call.chat.json.clone();
    // An upstream that knows the other field beside its own must not follow it.
    json.shift_remove("max_tokens");
    json.shift_remove("max_completion_tokens");
    json.insert(settings.output_limit.field().into(), call.max_output.into());
    body(json, name, settings)
}

/// Pictures: the size and quality that were priced, also where the caller left them open.
pub(super) fn pictures(call: &DrawCall, name: &str, settings: &Upstream) -> Vec<u8> {
    let mut json = call.request.json.clone();
    json.insert("n".into(), call.request.count.into());
    json.insert("size".into(), call.size.to_string().into());
    json.insert("quality".into(), call.quality.as_str().into());
    json.shift_remove("response_format");
    if let Some(format) = settings.pictures_as.response_format() {
        json.insert("response_format".into(), format.into());
    }
    body(json, name, settings)
}

fn body(mut json: Map<String, Value>, name: &str, settings: &Upstream) -> Vec<u8> {
    for field in &settings.drop {
        json.shift_remove(field);
    }
    json.insert("model".into(), name.into());
    Value::Object(json).to_string().into_bytes()
}
