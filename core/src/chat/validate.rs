//! What is surely wrong with a request, found before any traffic. Each error names the field; what
//! is not known here passes, since a server may know it.

mod message;
mod tools;

use std::{ops::RangeInclusive, time::Duration};

use serde_json::{Map, Value};

use super::ChatRequest;
use crate::error::{Error, Result};

/// A larger output limit is a mistake.
const IMPLAUSIBLE_TOKENS: u64 = 1_000_000;
/// Stop sequences that the API takes.
const MAX_STOPS: usize = 4;
/// Choices that the API takes.
const MAX_CHOICES: u64 = 128;
/// A longer name of a model is a mistake.
const MAX_MODEL: usize = 256;

/// Checks a chat request for this model.
pub(super) fn chat(request: &ChatRequest, model: &str, stream: bool) -> Result<()> {
    self::model("model", model)?;
    for (index, fallback) in request.fallback_models.iter().enumerate() {
        self::model(&format!("fallback_models[{index}]"), fallback)?;
    }
    message::all(&request.messages)?;
    in_range("temperature", request.temperature, 0.0..=2.0)?;
    in_range("top_p", request.top_p, 0.0..=1.0)?;
    count("max_tokens", request.max_tokens, IMPLAUSIBLE_TOKENS)?;
    count("n", request.n, MAX_CHOICES)?;
    timeout(request.timeout)?;
    stop(&request.stop)?;
    let tools = request.tools.as_ref().or_else(|| request.extra.get("tools"));
    let choice = request.tool_choice.as_ref().or_else(|| request.extra.get("tool_choice"));
    tools::offered(tools)?;
    tools::choice(choice, tools)?;
    response_format(request.response_format.as_ref())?;
    if let Some(parameters) = &request.search_parameters {
        object("search_parameters", Some(parameters))?;
    }
    if request.reasoning_effort.as_ref().is_some_and(|effort| effort.trim().is_empty()) {
        return Err(Error::argument("reasoning_effort", "is empty: write low, medium or high"));
    }
    extra(&request.extra)?;
    form(&request.extra, stream)
}

fn stop(sequences: &[String]) -> Result<()> {
    if sequences.len() > MAX_STOPS {
        let problem = format!("{} sequences, at most {MAX_STOPS} are allowed", sequences.len());
        return Err(Error::argument("stop", &problem));
    }
    match sequences.iter().position(String::is_empty) {
        Some(index) => {
            Err(Error::argument(&format!("stop[{index}]"), "is empty: nothing ends there"))
        }
        None => Ok(()),
    }
}

fn response_format(format: Option<&Value>) -> Result<()> {
    let Some(format) = present(format) else { return Ok(()) };
    object("response_format", Some(format))?;
    name("response_format.type", format.get("type"))?;
    if format["type"] != "json_schema" {
        return Ok(());
    }
    object("response_format.json_schema", format.get("json_schema"))?;
    name("response_format.json_schema.name", format["json_schema"].get("name"))?;
    match present(format["json_schema"].get("schema")) {
        Some(schema) => object("response_format.json_schema.schema", Some(schema)),
        None => Ok(()),
    }
}

/// The parameters of the API that have no field of their own.
fn extra(extra: &Map<String, Value>) -> Result<()> {
    for field in ["presence_penalty", "frequency_penalty"] {
        if let Some(penalty) = present(extra.get(field)) {
            let number = penalty.as_f64().ok_or_else(|| wrong(field, "a number", Some(penalty)))?;
            in_range(field, Some(number), -2.0..=2.0)?;
        }
    }
    if let Some(limit) = present(extra.get("max_completion_tokens")) {
        let field = "max_completion_tokens";
        let number = limit.as_u64().ok_or_else(|| wrong(field, "a whole number", Some(limit)))?;
        count(field, Some(number), IMPLAUSIBLE_TOKENS)?;
    }
    match present(extra.get("stream_options")) {
        Some(options) => object("stream_options", Some(options)),
        None => Ok(()),
    }
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

/// The name of a model.
pub(crate) fn model(field: &str, model: &str) -> Result<()> {
    if model.trim().is_empty() {
        return Err(Error::argument(field, "Model must be a non-empty string"));
    }
    if model.contains(|character: char| character.is_whitespace() || character.is_control()) {
        let problem =
            format!("{model:?} has a space in it; a model is named like openai/gpt-4o-mini");
        return Err(Error::argument(field, &problem));
    }
    if model.len() > MAX_MODEL {
        let problem = format!("{} bytes are no name: at most {MAX_MODEL}", model.len());
        return Err(Error::argument(field, &problem));
    }
    Ok(())
}

/// A number within bounds; NaN never is.
fn in_range(field: &str, value: Option<f64>, allowed: RangeInclusive<f64>) -> Result<()> {
    match value {
        Some(number) if !allowed.contains(&number) => {
            let (least, most) = (allowed.start(), allowed.end());
            Err(Error::argument(field, &format!("{number} is not between {least} and {most}")))
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

/// Null is absent, as OpenAI's API has it.
fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

fn object(field: &str, value: Option<&Value>) -> Result<()> {
    match value {
        Some(Value::Object(_)) => Ok(()),
        other => Err(wrong(field, "an object", other)),
    }
}

/// A string that is not empty.
fn name<'a>(field: &str, value: Option<&'a Value>) -> Result<&'a str> {
    let text = value.and_then(Value::as_str).filter(|text| !text.is_empty());
    text.ok_or_else(|| wrong(field, "a non-empty string", value))
}

/// The elements of a list.
fn list<'a>(field: &str, value: &'a Value) -> Result<&'a [Value]> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| wrong(field, "a list", Some(value)))
}

/// A value of another kind. What it says is not repeated: it may be private.
fn wrong(field: &str, allowed: &str, got: Option<&Value>) -> Error {
    let kind = match got {
        None => return Error::argument(field, &format!("is missing: must be {allowed}")),
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "a boolean",
        Some(Value::Number(_)) => "a number",
        Some(Value::String(text)) if text.is_empty() => "an empty string",
        Some(Value::String(_)) => "a string",
        Some(Value::Array(list)) if list.is_empty() => "an empty list",
        Some(Value::Array(_)) => "a list",
        Some(Value::Object(_)) => "an object",
    };
    Error::argument(field, &format!("must be {allowed}, got {kind}"))
}
