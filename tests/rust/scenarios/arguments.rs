//! Options and arguments of a file, as Rust takes them. A name that is not known here is a failure:
//! a runner must not skip half of a case.

use std::time::Duration;

use blockrun_llm::{
    ApiRequest, ChatRequest, ClientOptions, DiscoverOptions, ImageRequest, PollOptions,
    http::{Prepay, Replay},
    journal::JournalOptions,
};
use conformance::TEST_KEY;
use serde_json::{Map, Value};

/// Options of the client for the server at `base`.
pub(crate) fn options(given: &Map<String, Value>, base: &str) -> ClientOptions {
    let mut options = ClientOptions {
        private_key: Some(TEST_KEY.into()),
        api_url: Some(base.to_owned()),
        timeout: Some(Duration::from_secs(60)),
        journal: JournalOptions { in_memory: true, ..JournalOptions::default() },
        ..ClientOptions::default()
    };
    for (name, value) in given {
        let dollars = || Some(text(value).parse().unwrap());
        match name.as_str() {
            "private_key" => options.private_key = Some(text(value).into()),
            "api_url" => options.api_url = Some(text(value)),
            "rpc_url" => options.rpc_url = Some(address(value, base)),
            "model" => options.model = Some(text(value)),
            "timeout" => options.timeout = Some(seconds(value)),
            "prepay" => options.prepay = Some(Prepay::parse(name, &text(value)).unwrap()),
            "max_cost_per_call" => options.max_cost_per_call = dollars(),
            "max_session_cost" => options.max_session_cost = dollars(),
            _ => panic!("no option {name:?}"),
        }
    }
    options
}

/// A chat, from a prompt or from messages.
pub(crate) fn chat(arguments: &Map<String, Value>) -> ChatRequest {
    let mut request = ChatRequest::default();
    for (name, value) in arguments {
        let number = || Some(value.as_u64().unwrap());
        match name.as_str() {
            "prompt" => request.messages.extend(ChatRequest::new(text(value)).messages),
            "system" => {}
            "messages" => request.messages = value.as_array().unwrap().clone(),
            "model" => request.model = Some(text(value)),
            "max_tokens" => request.max_tokens = number(),
            "temperature" => request.temperature = value.as_f64(),
            "top_p" => request.top_p = value.as_f64(),
            "n" => request.n = number(),
            "stop" => request.stop = texts(value),
            "tools" => request.tools = Some(value.clone()),
            "tool_choice" => request.tool_choice = Some(value.clone()),
            "response_format" => request.response_format = Some(value.clone()),
            "search" => request.search = value.as_bool(),
            "search_parameters" => request.search_parameters = Some(value.clone()),
            "reasoning_effort" => request.reasoning_effort = Some(text(value)),
            "fallback_models" => request.fallback_models = texts(value),
            "extra" => request.extra = value.as_object().unwrap().clone(),
            "idempotency_key" => request.idempotency_key = Some(text(value)),
            "timeout" => request.timeout = Some(seconds(value)),
            _ => panic!("a chat has no {name:?}"),
        }
    }
    match arguments.get("system") {
        Some(system) => request.system(text(system)),
        None => request,
    }
}

/// An image.
pub(crate) fn image(arguments: &Map<String, Value>) -> ImageRequest {
    let mut request = ImageRequest::default();
    for (name, value) in arguments {
        match name.as_str() {
            "prompt" => request.prompt = text(value),
            "model" => request.model = Some(text(value)),
            "size" => request.size = Some(text(value)),
            "n" => request.n = value.as_u64(),
            "quality" => request.quality = Some(text(value)),
            "response_format" => request.response_format = Some(text(value)),
            "extra" => request.extra = value.as_object().unwrap().clone(),
            "idempotency_key" => request.idempotency_key = Some(text(value)),
            "timeout" => request.timeout = Some(seconds(value)),
            _ => panic!("an image has no {name:?}"),
        }
    }
    request
}

/// A request to any endpoint.
pub(crate) fn api(arguments: &Map<String, Value>) -> ApiRequest {
    let method = text(&arguments["method"]).parse().unwrap();
    let path = arguments.get("path").map(text).unwrap_or_default();
    let mut request = ApiRequest::new(method, path);
    for (name, value) in arguments {
        match name.as_str() {
            "method" | "path" | "url" => {}
            "body" => request.body = value.to_string().into(),
            "query" => {
                let pairs = value.as_object().unwrap().iter();
                request.query = pairs.map(|(name, value)| (name.clone(), text(value))).collect();
            }
            "model" => request.model = Some(text(value)),
            "idempotency_key" => request.idempotency_key = Some(text(value)),
            "timeout" => request.timeout = Some(seconds(value)),
            // Of a request that is polled for.
            "interval" | "budget" => {}
            "replay" if value == "never" => request.replay = Replay::Never,
            _ => panic!("a request has no {name:?} of {value}"),
        }
    }
    request
}

/// A search.
pub(crate) fn discover(arguments: &Map<String, Value>, base: &str) -> DiscoverOptions {
    let mut options = DiscoverOptions::default();
    for (name, value) in arguments {
        match name.as_str() {
            "url" => options.url = Some(address(value, base)),
            "query" => options.query = Some(text(value)),
            "network" => options.network = Some(text(value)),
            "max_price" => options.max_price = Some(text(value).parse().unwrap()),
            "limit" => options.limit = value.as_u64().map(|limit| limit.try_into().unwrap()),
            _ => panic!("a search has no {name:?}"),
        }
    }
    options
}

/// An address, at the server where it says so.
pub(crate) fn address(value: &Value, base: &str) -> String {
    text(value).replace("{server}", base)
}

/// How long to ask for an answer.
pub(crate) fn poll(arguments: &Map<String, Value>) -> PollOptions {
    PollOptions { interval: seconds(&arguments["interval"]), budget: seconds(&arguments["budget"]) }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(text).collect()
}

fn seconds(value: &Value) -> Duration {
    Duration::from_secs_f64(value.as_f64().unwrap())
}
