//! What a facilitator settles.

use serde_json::{Value, json};

use crate::config::Config;

/// The answer of `/supported`: `exact` on the gateway's network, in both versions of the protocol
/// where version 1 has a name for it, and the account that sends the settlements.
pub(crate) fn supported(config: &Config) -> Value {
    let kind = |version: u8, network: &str| json!({"x402Version": version, "scheme": "exact", "network": network});
    let mut kinds = vec![kind(2, config.network.caip2)];
    kinds.extend(config.network.v1_name.map(|name| kind(1, name)));
    let gas = config.onchain.iter().map(|onchain| onchain.gas_key.address().to_string());
    let mut signers = json!({});
    if let Some(gas) = gas.reduce(|first, _| first) {
        signers["eip155:*"] = json!([gas]);
    }
    json!({"kinds": kinds, "extensions": [], "signers": signers})
}
