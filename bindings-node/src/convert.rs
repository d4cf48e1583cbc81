//! Values of JavaScript into values of the core.

use std::{sync::Arc, time::Duration};

use blockrun_llm::{
    ChatRequest, ClientOptions, Error, Usdc,
    error::Result,
    http::PaymentHook,
    journal::{Durability, JournalOptions, OnUnresolved, PaymentFilter, RecordState},
    x402::Origin,
};
use napi::{Either, bindgen_prelude::BigInt};
use napi_derive::napi;
use serde_json::{Map, Value};
use url::Url;

use crate::hook::{Ask, OnPayment};

/// Who we say we are.
const USER_AGENT: &str = concat!("blockrun-node/", env!("CARGO_PKG_VERSION"));

const ON_UNRESOLVED: &[(&str, OnUnresolved)] = &[
    ("resume", OnUnresolved::Resume),
    ("refuse", OnUnresolved::Refuse),
    ("new", OnUnresolved::New),
];

const DURABILITY: &[(&str, Durability)] =
    &[("process", Durability::Process), ("power", Durability::Power)];

/// Options of a client.
#[napi(object, object_to_js = false)]
pub struct ClientInput {
    pub private_key: Option<String>,
    pub api_url: Option<String>,
    /// Milliseconds.
    pub timeout: Option<f64>,
    pub model: Option<String>,
    pub max_cost_per_call: Option<Either<f64, String>>,
    pub max_session_cost: Option<Either<f64, String>>,
    pub max_cost_per_hour: Option<Either<f64, String>>,
    pub max_cost_per_day: Option<Either<f64, String>>,
    #[napi(ts_type = "(request: PaymentRequestOutput) => Promise<boolean>")]
    pub on_payment: Option<Ask>,
    pub on_unresolved: Option<String>,
    pub home: Option<String>,
    pub durability: Option<String>,
    pub rpc_url: Option<String>,
    pub ca_file: Option<String>,
}

impl ClientInput {
    pub(crate) fn into_options(self) -> Result<ClientOptions> {
        Ok(ClientOptions {
            private_key: self.private_key.map(Into::into),
            api_url: self.api_url,
            timeout: self.timeout.map(duration).transpose()?,
            model: self.model,
            max_cost_per_call: dollars("max_cost_per_call", self.max_cost_per_call)?,
            max_session_cost: dollars("max_session_cost", self.max_session_cost)?,
            max_cost_per_hour: dollars("max_cost_per_hour", self.max_cost_per_hour)?,
            max_cost_per_day: dollars("max_cost_per_day", self.max_cost_per_day)?,
            on_payment: self.on_payment.map(|ask| Arc::new(OnPayment(ask)) as Arc<dyn PaymentHook>),
            on_unresolved: one_of("on_unresolved", self.on_unresolved, ON_UNRESOLVED)?,
            journal: JournalOptions {
                home: self.home.map(Into::into),
                durability: one_of("durability", self.durability, DURABILITY)?,
                ..JournalOptions::default()
            },
            rpc_url: self.rpc_url,
            ca_file: self.ca_file.map(Into::into),
            user_agent: Some(USER_AGENT.to_owned()),
            ..ClientOptions::default()
        })
    }
}

/// A chat completion. Whole numbers were checked to be whole; free-form members are JSON text.
#[napi(object, object_to_js = false)]
pub struct ChatInput {
    pub model: Option<String>,
    /// One user message; or else `messages`.
    pub prompt: Option<String>,
    /// JSON array.
    pub messages: Option<String>,
    pub system: Option<String>,
    pub max_tokens: Option<f64>,
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub n: Option<f64>,
    pub stop: Option<Vec<String>>,
    /// JSON.
    pub response_format: Option<String>,
    /// JSON.
    pub tools: Option<String>,
    /// JSON.
    pub tool_choice: Option<String>,
    /// Milliseconds.
    pub timeout: Option<f64>,
    pub idempotency_key: Option<String>,
    /// JSON object.
    pub extra: Option<String>,
}

impl ChatInput {
    pub(crate) fn into_request(self) -> Result<ChatRequest> {
        let json =
            |field: &str, text: Option<String>| text.map(|text| json(field, &text)).transpose();
        let mut request = match self.prompt {
            Some(prompt) => ChatRequest::new(prompt),
            None => ChatRequest::from_messages(list(json("messages", self.messages)?)?),
        };
        if let Some(system) = self.system {
            request = request.system(system);
        }
        Ok(ChatRequest {
            model: self.model,
            max_tokens: self.max_tokens.map(whole),
            temperature: self.temperature,
            top_p: self.top_p,
            n: self.n.map(whole),
            stop: self.stop.unwrap_or_default(),
            tools: json("tools", self.tools)?,
            tool_choice: json("tool_choice", self.tool_choice)?,
            response_format: json("response_format", self.response_format)?,
            extra: members(json("extra", self.extra)?)?,
            timeout: self.timeout.map(duration).transpose()?,
            idempotency_key: self.idempotency_key,
            ..request
        })
    }
}

/// Which payments to list.
#[napi(object, object_to_js = false)]
pub struct PaymentsInput {
    pub scope: Option<String>,
    pub state: Option<String>,
    /// Unix time.
    pub since: Option<f64>,
    pub model: Option<String>,
    pub origin: Option<String>,
    pub limit: Option<f64>,
}

impl PaymentsInput {
    pub(crate) fn into_filter(self) -> Result<PaymentFilter> {
        let scopes = &[("client", true), ("home", false)];
        let states = RecordState::ALL.map(|state| (state.name(), Some(state)));
        Ok(PaymentFilter {
            own: self.scope.is_none() || one_of("scope", self.scope, scopes)?,
            state: one_of("state", self.state, &states)?,
            since: self.since.map(whole),
            model: self.model,
            origin: self.origin.map(|url| origin(&url)).transpose()?,
            limit: self.limit.map(|limit| whole(limit) as usize),
        })
    }
}

/// Dollars, exactly: a number through its shortest decimal form, or decimal text.
pub(crate) fn dollars(field: &str, given: Option<Either<f64, String>>) -> Result<Option<Usdc>> {
    let parsed = match given {
        None => return Ok(None),
        Some(Either::A(number)) => Usdc::from_dollars(number),
        Some(Either::B(text)) => text.parse(),
    };
    // The core does not know what the amount was for.
    parsed
        .map(Some)
        .map_err(|cause| Error::argument(field, cause.message().trim_start_matches("amount: ")))
}

/// The value of a name; the default when none is given.
fn one_of<T: Copy + Default>(field: &str, given: Option<String>, known: &[(&str, T)]) -> Result<T> {
    let Some(given) = given else { return Ok(T::default()) };
    let found = known.iter().find(|(name, _)| *name == given);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        Error::argument(field, &format!("{given:?} is not one of {}", names.join(", ")))
    })
}

/// The origin of a URL in the form of the journal, with its port.
fn origin(url: &str) -> Result<String> {
    let origin = url.parse().ok().and_then(|url: Url| Origin::of(&url));
    let origin = origin.ok_or_else(|| {
        Error::argument("origin", &format!("{url:?} is not an address such as https://blockrun.ai"))
    })?;
    Ok(origin.to_string())
}

/// JSON text.
pub(crate) fn json(field: &str, text: &str) -> Result<Value> {
    serde_json::from_str(text)
        .map_err(|cause| Error::argument(field, &format!("is not valid JSON: {cause}")))
}

/// A 64-bit number out of a `BigInt`.
pub(crate) fn u64_of(field: &str, number: &BigInt) -> Result<u64> {
    match number.get_u64() {
        (_, number, true) => Ok(number),
        _ => Err(Error::argument(field, "is negative or does not fit into 64 bits")),
    }
}

/// A 32-bit number out of a `BigInt`.
pub(crate) fn u32_of(field: &str, number: &BigInt) -> Result<u32> {
    u32::try_from(u64_of(field, number)?)
        .map_err(|_| Error::argument(field, "does not fit into 32 bits"))
}

fn duration(milliseconds: f64) -> Result<Duration> {
    Duration::try_from_secs_f64(milliseconds / 1_000.0).map_err(|_| {
        Error::argument("timeout", &format!("{milliseconds} is not a number of milliseconds"))
    })
}

fn list(messages: Option<Value>) -> Result<Vec<Value>> {
    match messages {
        Some(Value::Array(messages)) => Ok(messages),
        _ => Err(Error::argument("messages", "must be an array of messages")),
    }
}

fn members(extra: Option<Value>) -> Result<Map<String, Value>> {
    match extra {
        None => Ok(Map::new()),
        Some(Value::Object(members)) => Ok(members),
        _ => Err(Error::argument("extra", "must be an object")),
    }
}

/// A number that was checked to be whole and not negative; the core says what is too large.
fn whole(number: f64) -> u64 {
    number as u64
}
