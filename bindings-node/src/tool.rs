//! Tools of MCP servers: the session is JavaScript's.

use std::{fmt, sync::Arc};

use blockrun_llm::{
    Error, ErrorKind, ToolCall, ToolResult, ToolSession, error::Result as CoreResult,
};
use napi::{
    Env, Status,
    bindgen_prelude::{BigInt, ClassInstance, Promise, PromiseRaw, Result},
    threadsafe_function::ThreadsafeFunction,
};
use napi_derive::napi;
use serde_json::Value;

use crate::{
    cancel::{CancelHandle, cancellable},
    client::NativeClient,
    convert::{duration, json, one_of},
    errors::core,
    output::{Cost, SettlementOutput},
    request::REPLAY,
};

/// A function of JavaScript that carries the JSON of parameters and brings that of a response. Weak,
/// as `onPayment` is.
type Carry = ThreadsafeFunction<String, Promise<String>, String, Status, false, true>;

/// A call of a tool.
#[napi(object, object_to_js = false)]
pub struct ToolInput {
    pub server: String,
    pub name: String,
    /// JSON object.
    pub arguments: Option<String>,
    pub idempotency_key: Option<String>,
    /// Milliseconds.
    pub timeout: Option<f64>,
    pub replay: Option<String>,
    #[napi(ts_type = "(params: string) => Promise<string>")]
    pub session: Carry,
}

/// What a tool answered.
#[napi(object, object_from_js = false)]
pub struct ToolOutput {
    /// JSON.
    pub raw: String,
    pub is_error: bool,
    pub cost_usd: Option<f64>,
    pub cost_micro: Option<BigInt>,
    pub settlement: Option<SettlementOutput>,
}

impl From<ToolResult> for ToolOutput {
    fn from(result: ToolResult) -> Self {
        let Cost { usd, micro, settlement } = Cost::new(result.receipt.as_ref(), false);
        let (cost_usd, cost_micro) = (usd, micro);
        Self { raw: result.json, is_error: result.is_error, cost_usd, cost_micro, settlement }
    }
}

#[napi]
impl NativeClient {
    /// The result of a tool.
    #[napi(catch_unwind)]
    pub fn call_tool<'env>(
        &self,
        env: &'env Env,
        input: ToolInput,
        cancel: Option<ClassInstance<'_, CancelHandle>>,
    ) -> Result<PromiseRaw<'env, ToolOutput>> {
        let (client, (session, call)) = (self.client()?, core(input.into_call())?);
        let call = async move { Ok(core(client.call_tool(session, &call).await)?.into()) };
        env.spawn_future(cancellable(cancel.as_deref(), call))
    }
}

impl ToolInput {
    fn into_call(self) -> CoreResult<(Arc<dyn ToolSession>, ToolCall)> {
        let arguments = match json("arguments", self.arguments)? {
            None => serde_json::Map::new(),
            Some(Value::Object(arguments)) => arguments,
            Some(_) => return Err(Error::argument("arguments", "must be an object")),
        };
        let call = ToolCall {
            server: self.server,
            name: self.name,
            arguments,
            idempotency_key: self.idempotency_key,
            timeout: duration("timeout", self.timeout)?,
            replay: one_of("replay", self.replay, REPLAY)?,
        };
        Ok((Arc::new(JsSession(self.session)), call))
    }
}

struct JsSession(Carry);

impl fmt::Debug for JsSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JsSession")
    }
}

#[async_trait::async_trait]
impl ToolSession for JsSession {
    async fn call(&self, params: Value) -> CoreResult<String> {
        let carried = async { self.0.call_async_catch(params.to_string()).await?.await };
        // What was thrown stays with the error, and is its cause in JavaScript again.
        carried.await.map_err(|thrown: napi::Error| {
            let message = format!("the session failed: {}", thrown.reason);
            Error::new(ErrorKind::Connection, message).with_source(thrown)
        })
    }
}
