//! What a facilitator settles, asked when the gateway starts.

use alloy::primitives::{Address, B256};
use blockrun_llm::{Usdc, networks::Network, x402::Version};
use serde_json::Value;

use super::{request::Form, said::Answer};
use crate::{
    config::Config,
    settlement::{Signed, Transfer},
};

/// The questions that a facilitator understands: in version 2 where it speaks that for our network,
/// else in version 1. Otherwise why not, with what it settles instead.
pub(super) fn of(config: &Config, supported: &Answer) -> Result<Form, String> {
    let kinds = serde_json::from_slice::<Value>(&supported.body).ok();
    let kinds = kinds.as_ref().and_then(|said| said.get("kinds")).and_then(Value::as_array);
    let Some(kinds) = kinds else {
        return Err(format!("/supported answers something else, with status {}", supported.status));
    };
    let network = config.network;
    let found = [Version::V2, Version::V1].into_iter().find_map(|version| {
        let kind = kinds.iter().find(|kind| is(kind, version, network))?;
        let extra = kind.get("extra").and_then(Value::as_object).cloned().unwrap_or_default();
        Some((version, extra))
    });
    let Some((version, extra)) = found else {
        let wanted = [network.v1_name, Some(network.caip2)].into_iter().flatten();
        let wanted = wanted.collect::<Vec<_>>().join(" or ");
        return Err(format!("it does not settle exact on {wanted}, only {}", list(kinds)));
    };
    let form = Form::new(version, network, config.max_timeout_seconds(), config.payee, extra);
    form.check(&sample(config)).map_err(|odd| format!("of what it wants, {odd}"))?;
    Ok(form)
}

fn is(kind: &Value, version: Version, network: &Network) -> bool {
    let name = match version {
        Version::V1 => network.v1_name,
        Version::V2 => Some(network.caip2),
    };
    kind["x402Version"] == version.number()
        && kind["scheme"] == "exact"
        && kind["network"].as_str() == name
}

/// The kinds for people.
fn list(kinds: &[Value]) -> String {
    let text = |kind: &Value, name: &str| {
        kind[name].as_str().map_or_else(|| kind[name].to_string(), str::to_owned)
    };
    let one = |kind: &Value| {
        format!(
            "{} on {} (v{})",
            text(kind, "scheme"),
            text(kind, "network"),
            text(kind, "x402Version")
        )
    };
    let all: Vec<_> = kinds.iter().take(20).map(one).collect();
    if all.is_empty() { "nothing".into() } else { all.join(", ") }
}

/// Any transfer: what a facilitator adds is judged beside it.
fn sample(config: &Config) -> Transfer {
    Transfer {
        payer: Address::ZERO,
        payee: config.payee,
        value: Usdc::from_micro(1),
        valid_after: 0,
        valid_before: 0,
        nonce: B256::ZERO,
        signed: Signed::default(),
        purchase: String::new(),
        resource: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    fn of_kinds(kinds: Value) -> Result<(Version, Map<String, Value>), String> {
        let body = json!({ "kinds": kinds }).to_string().into_bytes();
        let form = of(&Config::default(), &Answer { status: 200, body })?;
        Ok((form.version, form.extra))
    }

    #[test]
    fn version_2_is_spoken_where_it_can_be() {
        let v1 = json!({"x402Version": 1, "scheme": "exact", "network": "base-sepolia"});
        let v2 = json!({
            "x402Version": 2, "scheme": "exact", "network": "eip155:84532", "extra": {"a": 1},
        });
        assert_eq!(of_kinds(json!([v1])).unwrap().0, Version::V1);
        let (version, extra) = of_kinds(json!([v1, v2])).unwrap();
        assert_eq!((version, &extra["a"]), (Version::V2, &json!(1)));
    }

    #[test]
    fn what_is_not_there_is_named_beside_what_is() {
        let other = json!({"x402Version": 2, "scheme": "upto", "network": "eip155:84532"});
        let error = of_kinds(json!([other])).unwrap_err();
        assert!(
            error.contains("eip155:84532") && error.contains("upto on eip155:84532 (v2)"),
            "{error}"
        );
        assert!(of_kinds(json!([])).unwrap_err().ends_with("only nothing"));
        assert!(of_kinds(json!({})).unwrap_err().contains("status 200"));
    }

    #[test]
    fn nothing_may_be_added_that_changes_the_payment() {
        let with = |extra: Value| {
            of_kinds(json!([{
                "x402Version": 2, "scheme": "exact", "network": "eip155:84532", "extra": extra,
            }]))
        };
        assert!(with(json!({"feePayer": "x"})).is_ok());
        let error = with(json!({"paymentFlow": "upfront"})).unwrap_err();
        assert!(error.contains("extra.paymentFlow") && error.contains("upfront"), "{error}");
        assert!(with(json!({"assetTransferMethod": "permit2"})).is_err());
    }
}
