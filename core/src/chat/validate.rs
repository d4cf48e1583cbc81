//! What is surely wrong with a request, found before any traffic. Each error names the field; what
//! is not known here passes, since a server may know it.

use std::time::Duration;

use serde_json::{Map, Value};

use super::ChatRequest;
use crate::error::{Error, Result};

/// A larger output limit is a mistake.
const IMPLAUSIBLE_TOKENS: u64 = 1_000_000;
/// Stop sequences that the API takes.
const MAX_STOPS: usize = 4;
/// Choices that the API takes.
const MAX_CHOICES: u64 = 128;

/// Checks a chat request for this model.
pub(super) fn chat(request: &ChatRequest, model: &str, stream: bool) -> Result<()> {
    self::model("model", model)?;
    for (index, fallback) in request.fallback_models.iter().enumerate() {
        self::model(&format!("fallback_models[{index}]"), fallback)?;
    }
    messages(&request.messages)?;
    in_range("temperature", request.temperature, 2.0)?;
    in_range("top_p", request.top_p, 1.0)?;
    count("max_tokens", request.max_tokens, IMPLAUSIBLE_TOKENS)?;
    count("n", request.n, MAX_CHOICES)?;
    timeout(request.timeout)?;
    if request.stop.len() > MAX_STOPS {
        let problem = format!("{} sequences, at most {MAX_STOPS} are allowed", request.stop.len());
        return Err(Error::argument("stop", &problem));
    }
    if request.search_parameters.as_ref().is_some_and(|parameters| !parameters.is_object()) {
        return Err(Error::argument("search_parameters", "must be an object"));
    }
    if request.reasoning_effort.as_ref().is_some_and(|effort| effort.trim().is_empty()) {
        return Err(Error::argument("reasoning_effort", "is empty: write low, medium or high"));
    }
    form(&request.extra, stream)
}

fn messages(messages: &[Value]) -> Result<()> {
    if messages.is_empty() {
        return Err(Error::argument("messages", "is empty: give at least one message"));
    }
    for (index, message) in messages.iter().enumerate() {
        if !message.get("role").is_some_and(Value::is_string) {
            let field = format!("messages[{index}].role");
            return Err(Error::argument(
                &field,
                "is missing: write user, system, assistant or tool",
            ));
        }
    }
    Ok(())
}

/// Whether an answer comes whole or in chunks is the choice of a method.
fn form(extra: &Map<String, Value>, stream: bool) -> Result<()> {
    match extra.get("stream") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Bool(asked)) if *asked == stream => Ok(()),
        Some(_) if stream => Err(Error::argument("stream", "this call returns a stream")),
        Some(_) => {
            let problem = "this call returns one whole answer; chat_completion_stream streams";
            Err(Error::argument("stream", problem))
        }
    }
}

/// The name of a model, in a field of that name.
pub(crate) fn model(field: &str, model: &str) -> Result<()> {
    if model.trim().is_empty() {
        let problem = "must be a non-empty string: the name of a model, such as openai/gpt-4o-mini";
        return Err(Error::argument(field, problem));
    }
    Ok(())
}

/// A number from 0 to `most`; NaN is none.
fn in_range(field: &str, value: Option<f64>, most: f64) -> Result<()> {
    match value {
        Some(number) if !(0.0..=most).contains(&number) => {
            Err(Error::argument(field, &format!("{number} is not between 0 and {most}")))
        }
        _ => Ok(()),
    }
}

/// A number from 1 to `most`.
pub(crate) fn count(field: &str, value: Option<u64>, most: u64) -> Result<()> {
    match value {
        Some(0) => Err(Error::argument(field, "0 is too small: at least 1")),
        Some(number) if number > most => {
            Err(Error::argument(field, &format!("{number} is implausibly large: at most {most}")))
        }
        _ => Ok(()),
    }
}

/// The total time of a call.
pub(crate) fn timeout(timeout: Option<Duration>) -> Result<()> {
    match timeout {
        Some(Duration::ZERO) => Err(Error::argument("timeout", "must be more than 0 seconds")),
        _ => Ok(()),
    }
}
