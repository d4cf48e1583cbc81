//! A paid call of a tool.

use std::{sync::Arc, time::Duration};

use http::Method;
use serde_json::{Map, Value, json};
use url::Url;

use super::{ToolSession, carrier::ToolCarrier, reply::TOOL_FAILED};
use crate::{
    chat::validate,
    client::LLMClient,
    error::{Error, ErrorKind, Result},
    http::{CallKey, Foresight, PaidHttp, PaidRequest, Prepay, Receipt, Replay},
    money::Usdc,
};

/// A call of a tool.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToolCall {
    /// The server: its address, https or http on this machine; or a name of your own (letters, digits,
    /// `-` and `.`) for one without, such as a program that is spoken to over its standard input. It
    /// names the payee in records, budgets by origin and pins, and belongs to the call: a server that is
    /// named otherwise is another one.
    pub server: String,
    /// Name of the tool.
    pub name: String,
    /// Its arguments.
    pub arguments: Map<String, Value>,
    /// Idempotency key, as for a chat. Default: made up.
    pub idempotency_key: Option<String>,
    /// Total time, all repetitions included. Default: the client's.
    pub timeout: Option<Duration>,
    /// Whether a payment that was sent may be sent again when its answer is lost. Default: yes.
    pub replay: Replay,
}

/// What a tool answered.
#[derive(Clone, Debug)]
pub struct ToolResult {
    /// The whole result (`CallToolResult`) as JSON.
    pub json: String,
    /// Whether the tool says that it failed: `isError`.
    pub is_error: bool,
    /// What was paid; `None` when nothing was asked.
    pub receipt: Option<Receipt>,
}

impl ToolResult {
    /// What was paid; zero when nothing was asked.
    pub fn cost(&self) -> Usdc {
        self.receipt.as_ref().map_or(Usdc::ZERO, |receipt| receipt.amount)
    }
}

impl LLMClient {
    /// Calls a tool of an MCP server and pays for it when the server asks, by x402 over MCP.
    ///
    /// Wallet, policy, journal, hook and budgets are those of this client, and so is what it does after
    /// sending: the same payment again, or nothing. It never pays beforehand.
    ///
    /// # Errors
    /// `InvalidArgument`; every payment error; `Connection` and `Timeout` when no answer came; `Api` for
    /// an error of the protocol. A tool that fails without asking for money is no error:
    /// [`ToolResult::is_error`].
    pub async fn call_tool(
        &self,
        session: Arc<dyn ToolSession>,
        call: &ToolCall,
    ) -> Result<ToolResult> {
        let (http, url) = self.at_server(session, call)?;
        validate::timeout(call.timeout)?;
        let timeout = call.timeout.unwrap_or(self.timeout());
        let answer = http
            .send(PaidRequest {
                body: json!({"name": call.name, "arguments": call.arguments}).to_string().into(),
                key: call.idempotency_key.clone().map_or(CallKey::Random, CallKey::Given),
                replay: call.replay,
                ..PaidRequest::new(Method::POST, url, timeout)
            })
            .await?;
        if !matches!(answer.status, 200 | TOOL_FAILED) {
            return Err(answer.into_error(ErrorKind::Api));
        }
        let json = String::from_utf8_lossy(&answer.body).into_owned();
        let said: Value = serde_json::from_str(&json).unwrap_or_default();
        Ok(ToolResult { is_error: said["isError"] == true, json, receipt: answer.receipt })
    }

    /// What pays there, and the address by which the call is known.
    fn at_server(&self, session: Arc<dyn ToolSession>, call: &ToolCall) -> Result<(PaidHttp, Url)> {
        let named = !call.server.contains("://");
        let plain = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
        if named && (call.server.is_empty() || !call.server.chars().all(plain)) {
            let problem = format!(
                "{:?} is neither an address such as https://host/mcp nor a name of letters and digits",
                call.server
            );
            return Err(Error::argument("server", &problem));
        }
        let (wallet, address) = match named {
            true => {
                let address = format!("mcp://{}:0/", call.server.to_ascii_lowercase());
                (self.http_of("call_tool")?.clone(), address)
            }
            false => (self.http_at("server", &call.server)?, call.server.clone()),
        };
        let mut url = Url::parse(&address)
            .map_err(|cause| Error::argument("server", &format!("{address:?}: {cause}")))?;
        // A tool is a place of its own at its server.
        url.set_query(None);
        url.set_fragment(None);
        match url.path_segments_mut() {
            Ok(mut path) => drop(path.pop_if_empty().push(&call.name)),
            Err(()) => return Err(Error::argument("server", "has no host")),
        }
        let transport = wallet.transport.over(Arc::new(ToolCarrier(session)));
        let foresight = Arc::new(Foresight::new(Prepay::Off));
        Ok((PaidHttp { transport, foresight, ..wallet }, url))
    }
}
