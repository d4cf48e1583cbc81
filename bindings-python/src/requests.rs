//! The named arguments of Python as options and requests of the core.

use blockrun_llm::{
    ApiRequest, ChatRequest, ClientOptions, DiscoverOptions, ImageRequest, PollOptions, ToolCall,
    http::{Prepay, Replay},
    journal::{Durability, JournalOptions, OnUnresolved, PaymentFilter, RecordState},
    policy::PayeeRule,
};
use pyo3::{exceptions::PyValueError, prelude::*};

use crate::convert::{Arguments, invalid};

/// Options of a client, but for what asks Python back.
pub(crate) fn client_options(arguments: &Arguments<'_, '_>) -> PyResult<ClientOptions> {
    let unresolved = [
        ("resume", OnUnresolved::Resume),
        ("refuse", OnUnresolved::Refuse),
        ("new", OnUnresolved::New),
    ];
    let prepay = [("auto", Prepay::Auto), ("off", Prepay::Off)];
    Ok(ClientOptions {
        private_key: arguments.text("private_key")?.map(Into::into),
        api_url: arguments.text("api_url")?,
        model: arguments.text("model")?,
        timeout: arguments.seconds("timeout")?,
        max_cost_per_call: arguments.dollars("max_cost_per_call")?,
        max_session_cost: arguments.dollars("max_session_cost")?,
        max_cost_per_hour: arguments.dollars("max_cost_per_hour")?,
        max_cost_per_day: arguments.dollars("max_cost_per_day")?,
        payees: payees(arguments)?,
        on_unresolved: arguments.choice("on_unresolved", &unresolved)?.unwrap_or_default(),
        prepay: arguments.choice("prepay", &prepay)?,
        journal: journal_options(arguments)?,
        rpc_url: arguments.text("rpc_url")?,
        ca_file: arguments.path("ca_file")?,
        user_agent: Some(concat!("blockrun-python/", env!("CARGO_PKG_VERSION")).to_owned()),
        ..ClientOptions::default()
    })
}

fn payees(arguments: &Arguments<'_, '_>) -> PyResult<Option<PayeeRule>> {
    let given = arguments.some_texts("payees")?;
    let rule = given.map(|texts| PayeeRule::parse(&texts)).transpose();
    rule.map_err(|error| PyValueError::new_err(error.message().to_owned()))
}

fn journal_options(arguments: &Arguments<'_, '_>) -> PyResult<JournalOptions> {
    let levels = [("process", Durability::Process), ("power", Durability::Power)];
    Ok(JournalOptions {
        home: arguments.path("home")?,
        durability: arguments.choice("durability", &levels)?.unwrap_or_default(),
        ..JournalOptions::default()
    })
}

pub(crate) fn payment_filter(arguments: &Arguments<'_, '_>) -> PyResult<PaymentFilter> {
    let states = RecordState::ALL.map(|state| (state.name(), state));
    let limit = arguments.count("limit")?;
    Ok(PaymentFilter {
        own: arguments.choice("scope", &[("client", true), ("home", false)])?.unwrap_or(true),
        state: arguments.choice("state", &states)?,
        since: arguments.count("since")?,
        model: arguments.text("model")?,
        origin: arguments.text("origin")?,
        limit: limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
    })
}

pub(crate) fn chat_request(arguments: &Arguments<'_, '_>) -> PyResult<ChatRequest> {
    let messages = match arguments.text("prompt")? {
        Some(prompt) => ChatRequest::new(prompt),
        None => ChatRequest::from_messages(arguments.json("messages")?.unwrap_or_default()),
    };
    let request = match arguments.text("system")? {
        Some(system) => messages.system(system),
        None => messages,
    };
    Ok(ChatRequest {
        model: arguments.text("model")?,
        max_tokens: arguments.count("max_tokens")?,
        temperature: arguments.number("temperature")?,
        top_p: arguments.number("top_p")?,
        n: arguments.count("n")?,
        stop: arguments.texts("stop")?,
        tools: arguments.json("tools")?,
        tool_choice: arguments.json("tool_choice")?,
        response_format: arguments.json("response_format")?,
        search: arguments.flag("search")?,
        search_parameters: arguments.json("search_parameters")?,
        reasoning_effort: arguments.text("reasoning_effort")?,
        fallback_models: arguments.texts("fallback_models")?,
        extra: arguments.json("extra")?.unwrap_or_default(),
        idempotency_key: arguments.text("idempotency_key")?,
        timeout: arguments.seconds("timeout")?,
        ..request
    })
}

pub(crate) fn image_request(arguments: &Arguments<'_, '_>) -> PyResult<ImageRequest> {
    Ok(ImageRequest {
        model: arguments.text("model")?,
        size: arguments.text("size")?,
        n: arguments.count("n")?,
        quality: arguments.text("quality")?,
        response_format: arguments.text("response_format")?,
        extra: arguments.json("extra")?.unwrap_or_default(),
        idempotency_key: arguments.text("idempotency_key")?,
        timeout: arguments.seconds("timeout")?,
        ..ImageRequest::new(arguments.required("prompt", Arguments::text)?)
    })
}

pub(crate) fn api_request(arguments: &Arguments<'_, '_>) -> PyResult<ApiRequest> {
    let method = arguments.required("method", Arguments::text)?;
    let parsed = method
        .parse()
        .map_err(|_| invalid("method", &format!("{method:?} is not a method of HTTP")))?;
    let path = arguments.required("path", Arguments::text)?;
    let replays = [("always", Replay::Always), ("never", Replay::Never)];
    Ok(ApiRequest {
        query: arguments.pairs("query")?,
        body: arguments.bytes("body")?.unwrap_or_default().into(),
        model: arguments.text("model")?,
        idempotency_key: arguments.text("idempotency_key")?,
        timeout: arguments.seconds("timeout")?,
        replay: arguments.choice("replay", &replays)?.unwrap_or_default(),
        ..ApiRequest::new(parsed, path)
    })
}

pub(crate) fn discover_options(arguments: &Arguments<'_, '_>) -> PyResult<DiscoverOptions> {
    let limit = arguments.count("limit")?;
    Ok(DiscoverOptions {
        url: arguments.text("url")?,
        query: arguments.text("query")?,
        network: arguments.text("network")?,
        max_price: arguments.dollars("max_price")?,
        limit: limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
        timeout: arguments.seconds("timeout")?,
    })
}

pub(crate) fn tool_call(arguments: &Arguments<'_, '_>) -> PyResult<ToolCall> {
    let replays = [("always", Replay::Always), ("never", Replay::Never)];
    Ok(ToolCall {
        server: arguments.required("server", Arguments::text)?,
        name: arguments.required("name", Arguments::text)?,
        arguments: arguments.json("arguments")?.unwrap_or_default(),
        idempotency_key: arguments.text("idempotency_key")?,
        timeout: arguments.seconds("timeout")?,
        replay: arguments.choice("replay", &replays)?.unwrap_or_default(),
    })
}

pub(crate) fn poll_options(arguments: &Arguments<'_, '_>) -> PyResult<PollOptions> {
    let PollOptions { budget, interval } = PollOptions::default();
    Ok(PollOptions {
        budget: arguments.seconds("budget")?.unwrap_or(budget),
        interval: arguments.seconds("interval")?.unwrap_or(interval),
    })
}
