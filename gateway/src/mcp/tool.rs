//! The tools: one for each path where something is sold.

use serde_json::{Value, json};

use crate::{discovery::Endpoint, stock::Stock};

/// Versions of MCP that are spoken, the newest first; nothing that is used here differs in them.
const VERSIONS: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
/// What a model is told of all tools together.
const INSTRUCTIONS: &str = "These tools cost money: each call is paid in USDC by x402, with the price told \
    beforehand (a result with isError and the price as structuredContent). Arguments and results are \
    those of OpenAI's API.";

/// A path where something is sold, by the name of its tool.
pub(super) fn named(name: &str) -> Option<Endpoint> {
    Endpoint::ALL.into_iter().find(|endpoint| self::name(*endpoint) == name)
}

/// The name of its tool.
pub(super) const fn name(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Chat => "chat",
        Endpoint::Images => "image",
    }
}

/// The answer to `initialize`.
pub(crate) fn greeting(params: &Value, stock: &Stock) -> Value {
    let asked = params["protocolVersion"].as_str().unwrap_or_default();
    let version = VERSIONS.into_iter().find(|version| *version == asked).unwrap_or(VERSIONS[0]);
    let name = stock.service.name.as_deref().unwrap_or("blockrun-gateway");
    json!({
        "protocolVersion": version,
        "capabilities": {"tools": {}},
        "serverInfo": {"name": name, "version": env!("CARGO_PKG_VERSION")},
        "instructions": INSTRUCTIONS,
    })
}

/// The answer to `tools/list`: what is sold now.
pub(crate) fn list(stock: &Stock) -> Value {
    let sold = |endpoint: &Endpoint| endpoint.models(&stock.catalog).next().is_some();
    let tools: Vec<_> =
        Endpoint::ALL.into_iter().filter(sold).map(|endpoint| tool(endpoint, stock)).collect();
    json!({ "tools": tools })
}

fn tool(endpoint: Endpoint, stock: &Stock) -> Value {
    let price = match endpoint.prices(stock) {
        Some((least, _)) => format!(" Costs {least} USDC or more, told before it is paid."),
        None => String::new(),
    };
    let title = match endpoint {
        Endpoint::Chat => "Ask a model (paid)",
        Endpoint::Images => "Make pictures (paid)",
    };
    json!({
        "name": name(endpoint),
        "title": title,
        "description": format!("{}.{price}", endpoint.description(&stock.catalog)),
        "inputSchema": endpoint.input_schema(&stock.catalog),
        "annotations": {
            "title": title,
            "readOnlyHint": false,
            "destructiveHint": false,
            "idempotentHint": false,
            "openWorldHint": true,
        },
    })
}
