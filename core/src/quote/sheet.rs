//! What a gateway publishes at `/pricing`, as far as a client can foretell a 402 from it.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use super::{PriceRule, RULE, Rates};
use crate::{
    canonical::members,
    clock::Timestamp,
    error::{Error, ErrorKind, Result},
    money::Usdc,
    x402::{Challenge, Requirement, Version},
};

/// Most models and most ways to pay that are read.
const MAX_ROWS: usize = 10_000;
const MAX_ACCEPTS: usize = 16;

/// A gateway's published prices.
///
/// Not trusted, no more than a 402 is: what it foretells goes through the same policy, and a server
/// that asks for something else in the end is answered as if nothing had been foretold.
#[derive(Clone, Debug)]
pub struct PriceSheet {
    rule: PriceRule,
    models: HashMap<String, ChatModel>,
    accepts: Vec<Map<String, Value>>,
    expires: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct ChatModel {
    rates: Rates,
    max_output: u64,
    context: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    rule: String,
    parameters: PriceRule,
    models: Vec<Row>,
    x402_versions: Vec<u64>,
    accepts: Vec<Map<String, Value>>,
    expires: Timestamp,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    alias: Option<String>,
    rates: Option<Rates>,
    #[serde(default)]
    max_output: u64,
    #[serde(default)]
    context_window: u64,
}

impl PriceSheet {
    /// Reads the answer of `GET /pricing`.
    ///
    /// # Errors
    /// `Api` for another rule than `q1`, a gateway that does not speak x402 v2, or another shape.
    pub fn parse(body: &[u8]) -> Result<Self> {
        let wire: Wire = serde_json::from_slice(body).map_err(|cause| unusable(&cause))?;
        if wire.rule != RULE {
            return Err(unusable(&format!("the rule is {}, known is {RULE}", wire.rule)));
        }
        if !wire.x402_versions.contains(&u64::from(Version::V2.number())) {
            return Err(unusable(&"x402 version 2 is not spoken"));
        }
        if wire.models.len() > MAX_ROWS || !(1..=MAX_ACCEPTS).contains(&wire.accepts.len()) {
            return Err(unusable(&"too many models, or too many ways to pay, or none"));
        }
        Ok(Self {
            rule: wire.parameters,
            models: chat_models(wire.models),
            accepts: wire.accepts,
            expires: wire.expires,
        })
    }

    /// Unix time, by the server's clock, until which the prices hold.
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// The exact price of a chat request, given its body; `None` for a model that is free, unknown
    /// or no chat model, and for a request that would be refused.
    pub fn chat(&self, body: &str) -> Option<Usdc> {
        let asked = members(body).ok()?;
        let model: String = serde_json::from_str(asked.get("model")?.get()).ok()?;
        let model = self.models.get(&model)?;
        if !is_list_of_something(asked.get("messages")?) {
            return None;
        }
        let price = self.rule.chat_of(&asked, model.rates, model.max_output).ok()?;
        let tokens = price.input_tokens.checked_add(price.output_tokens)?;
        (tokens <= model.context).then_some(price.amount)
    }

    /// The 402 that a request of this price would get.
    pub fn challenge(&self, amount: Usdc) -> Option<Challenge> {
        let accepts = self.accepts.iter().map(|template| {
            let mut offer = template.clone();
            offer.insert(Version::V2.amount_field().to_owned(), amount.micro().to_string().into());
            Requirement::from_fields(Version::V2, offer).ok()
        });
        Some(Challenge {
            version: Version::V2,
            error: None,
            resource: None,
            accepts: accepts.collect::<Option<_>>()?,
            extensions: BTreeMap::new(),
        })
    }
}

/// Told by its text: a prompt is long.
fn is_list_of_something(value: &RawValue) -> bool {
    let inside = value.get().strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    inside.is_some_and(|text| !text.trim_ascii().is_empty())
}

fn chat_models(rows: Vec<Row>) -> HashMap<String, ChatModel> {
    let mut models = HashMap::with_capacity(2 * rows.len());
    for Row { id, alias, rates, max_output, context_window } in rows {
        let Some(rates) = rates else { continue };
        let model = ChatModel { rates, max_output, context: context_window };
        if let Some(alias) = alias {
            // An id is worth more than another model's short name.
            models.entry(alias).or_insert(model);
        }
        models.insert(id, model);
    }
    models
}

fn unusable(problem: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::Api, format!("the published prices cannot be used: {problem}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{policy::Policy, wallet::Address};

    fn published() -> Value {
        json!({
            "rule": "q1",
            "parameters": PriceRule::default(),
            "models": [
                {"id": "openai/gpt-4o", "alias": "gpt-4o", "context_window": 128_000,
                 "max_output": 16_384, "rates": {"input": 2_500_000, "output": 10_000_000}},
                {"id": "openai/gpt-oss-20b", "alias": "gpt-oss-20b", "free": true},
                {"id": "openai/dall-e-3", "alias": "dall-e-3", "pictures": []},
            ],
            "x402Versions": [2, 1],
            "accepts": [{
                "scheme": "exact", "network": "eip155:84532",
                "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
                "payTo": Address::repeat_byte(9), "maxTimeoutSeconds": 300,
                "extra": {"name": "USDC", "version": "2"},
            }],
            "expires": 1_800_000_000,
        })
    }

    fn sheet(published: &Value) -> Result<PriceSheet> {
        PriceSheet::parse(published.to_string().as_bytes())
    }

    #[test]
    fn a_price_is_foretold_to_the_unit() {
        let sheet = sheet(&published()).unwrap();
        let body = |model: &str| {
            format!(
                r#"{{"model":"{model}","messages":[{{"role":"user","content":"Hello!"}}],"max_tokens":1000}}"#
            )
        };
        for model in ["openai/gpt-4o", "gpt-4o"] {
            assert_eq!(sheet.chat(&body(model)), Some(Usdc::from_micro(11_036)));
        }
        for model in ["openai/gpt-oss-20b", "dall-e-3", "GPT-4o", "practice/slow", ""] {
            assert_eq!(sheet.chat(&body(model)), None, "{model}");
        }
        for refused in [
            r#"{"model":"gpt-4o"}"#,
            r#"{"model":"gpt-4o","messages":[]}"#,
            r#"{"model":"gpt-4o","messages":"Hello!"}"#,
            r#"{"model":"gpt-4o","messages":["Hello!"],"max_tokens":0}"#,
        ] {
            assert_eq!(sheet.chat(refused), None, "{refused}");
        }
        let long = format!(r#"{{"model":"gpt-4o","messages":["{}"]}}"#, "x".repeat(520_000));
        assert_eq!(sheet.chat(&long), None, "more than the context");
    }

    #[test]
    fn its_challenge_passes_policy_like_a_402() {
        let challenge = sheet(&published()).unwrap().challenge(Usdc::from_micro(11_036)).unwrap();
        let terms = Policy::default().choose(&challenge, Address::repeat_byte(7)).unwrap();
        assert_eq!((terms.amount.micro(), terms.payee), (11_036, Address::repeat_byte(9)));
    }

    #[test]
    fn what_is_not_known_is_not_used() {
        for (field, value) in [
            ("rule", json!("q2")),
            ("x402Versions", json!([1])),
            ("accepts", json!([])),
            ("accepts", json!(vec![json!({}); 17])),
            ("models", json!({})),
            ("expires", json!(-1)),
        ] {
            let mut other = published();
            other[field] = value;
            assert!(sheet(&other).is_err(), "{field}");
        }
    }
}
