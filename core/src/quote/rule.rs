//! Price rule `q1`: what a call costs, known before it is made.
//!
//! Pure integer arithmetic in u128, the same in client and gateway. For a chat:
//!
//! ```text
//! input  = ⌈ UTF-8 bytes of canonical JSON {messages, response_format, tools} / 4 ⌉
//!          + image_tokens for each data URL, whose own bytes do not count
//! output = ⌈ n × min(max_tokens or 1,024, the model's maximum) × output_permille / 1,000 ⌉
//! µUSDC  = max(floor, ⌈ (input·r_in + output·r_out) × (10,000 + margin_bps) / 10^10 ⌉)
//! ```
//!
//! with rates in micro-USDC per million tokens. The price does not depend on what the model then
//! really says: a quote is a fixed price.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    canonical::{Count, canonical_with, members},
    error::{Error, Result},
    money::Usdc,
};

/// Name of the rule, as published by a gateway.
pub const RULE: &str = "q1";

/// Output tokens that are priced when a request names no maximum.
pub const DEFAULT_MAX_TOKENS: u64 = 1_024;

/// Most choices that one request may ask for.
pub const MAX_CHOICES: u64 = 128;

/// The parameters of rule `q1` that a gateway chooses and publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceRule {
    /// Margin in hundredths of a percent.
    pub margin_bps: u32,
    /// The least that a paid call costs, in micro-USDC.
    pub floor: Usdc,
    /// Share of the output maximum that is priced, in thousandths.
    pub output_permille: u32,
    /// Tokens counted for an image that comes as a data URL.
    pub image_tokens: u64,
}

impl Default for PriceRule {
    /// 10 % margin, $0.001 floor, the whole output maximum, 1,024 tokens an image.
    fn default() -> Self {
        Self {
            margin_bps: 1_000,
            floor: Usdc::from_micro(1_000),
            output_permille: 1_000,
            image_tokens: 1_024,
        }
    }
}

/// A model's rates, in micro-USDC per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
    /// For a million input tokens.
    pub input: u64,
    /// For a million output tokens.
    pub output: u64,
}

/// The price of one chat request and the token counts behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatPrice {
    /// What the call costs.
    pub amount: Usdc,
    /// Input tokens that were counted.
    pub input_tokens: u64,
    /// Output tokens that were counted.
    pub output_tokens: u64,
}

/// The members of a request's body.
pub(super) type Members<'a> = BTreeMap<String, &'a RawValue>;

impl PriceRule {
    /// Prices a chat request from its JSON body. `max_output` is the model's own maximum.
    ///
    /// # Errors
    /// `InvalidArgument` when the body is not a JSON object, a count in it is not a positive
    /// integer, or the price does not fit into 128 bits.
    pub fn chat(&self, body: &str, rates: Rates, max_output: u64) -> Result<ChatPrice> {
        self.chat_of(&members(body)?, rates, max_output)
    }

    /// The same, given the members of the body.
    pub(super) fn chat_of(
        &self,
        members: &Members<'_>,
        rates: Rates,
        max_output: u64,
    ) -> Result<ChatPrice> {
        let input_tokens = self.input_tokens(members)?;
        let output_tokens = self.output_tokens(members, max_output)?;
        let amount = self.amount(input_tokens, output_tokens, rates).ok_or_else(too_large)?;
        Ok(ChatPrice { amount, input_tokens, output_tokens })
    }

    /// Prices `count` images at `unit` each. The unit price is the whole price: no margin is added.
    ///
    /// # Errors
    /// `InvalidArgument` when the price does not fit into 128 bits.
    pub fn images(&self, count: u64, unit: Usdc) -> Result<Usdc> {
        let total = unit.micro().checked_mul(u128::from(count)).ok_or_else(too_large)?;
        Ok(self.floor.max(Usdc::from_micro(total)))
    }

    fn amount(&self, input: u64, output: u64, rates: Rates) -> Option<Usdc> {
        let cost = |tokens: u64, rate: u64| u128::from(tokens).checked_mul(u128::from(rate));
        let base = cost(input, rates.input)?.checked_add(cost(output, rates.output)?)?;
        let scaled = base.checked_mul(10_000 + u128::from(self.margin_bps))?;
        Some(self.floor.max(Usdc::from_micro(scaled.div_ceil(10_000_000_000))))
    }

    fn input_tokens(&self, members: &Members<'_>) -> Result<u64> {
        let mut images = 0_u64;
        let mut no_image = |string: &str| {
            let image = string.starts_with("data:");
            images += u64::from(image);
            !image
        };
        let mut bytes = 2; // the braces
        for (position, name) in ["messages", "response_format", "tools"]
            .into_iter()
            .filter(|name| members.get(*name).is_some_and(|value| value.get() != "null"))
            .enumerate()
        {
            let mut value = Count::default();
            canonical_with(members[name].get(), &mut no_image, &mut value)?;
            bytes += name.len() + value.0 + 3 + usize::from(position > 0);
        }
        let text_tokens = (bytes as u64).div_ceil(4);
        let image_tokens = images.checked_mul(self.image_tokens).ok_or_else(too_large)?;
        text_tokens.checked_add(image_tokens).ok_or_else(too_large)
    }

    fn output_tokens(&self, members: &Members<'_>, max_output: u64) -> Result<u64> {
        let asked = match count(members, "max_completion_tokens")? {
            Some(tokens) => Some(tokens),
            None => count(members, "max_tokens")?,
        };
        let tokens = asked.unwrap_or(DEFAULT_MAX_TOKENS).min(max_output);
        let choices = count(members, "n")?.unwrap_or(1);
        if choices > MAX_CHOICES {
            return Err(Error::argument("n", &format!("{choices} is more than {MAX_CHOICES}")));
        }
        let permille = u128::from(tokens) * u128::from(choices) * u128::from(self.output_permille);
        u64::try_from(permille.div_ceil(1_000)).map_err(|_| too_large())
    }
}

/// A positive integer member of the body; absent and null are `None`.
fn count(members: &Members<'_>, name: &str) -> Result<Option<u64>> {
    let Some(value) = members.get(name).filter(|value| value.get() != "null") else {
        return Ok(None);
    };
    match value.get().parse() {
        Ok(0) | Err(_) => {
            Err(Error::argument(name, &format!("{} is not a positive integer", value.get())))
        }
        Ok(number) => Ok(Some(number)),
    }
}

fn too_large() -> Error {
    Error::argument("body", "the request is too large to price")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATES: Rates = Rates { input: 150_000, output: 600_000 };

    #[test]
    fn a_worked_example() {
        let body = r#"{"model":"m","messages":[{"role":"user","content":"Hello!"}]}"#;
        // {"messages":[{"content":"Hello!","role":"user"}]} is 49 bytes: 13 tokens.
        let price = PriceRule::default().chat(body, RATES, 16_384).unwrap();
        assert_eq!((price.input_tokens, price.output_tokens), (13, 1_024));
        // (13 × 150,000 + 1,024 × 600,000) × 11,000 / 10^10 = 677.985 → 678, below the floor.
        assert_eq!(price.amount.micro(), 1_000);
        let long = r#"{"messages":[{"role":"user","content":"Hello!"}],"max_tokens":4096}"#;
        assert_eq!(PriceRule::default().chat(long, RATES, 16_384).unwrap().amount.micro(), 2_706);
    }

    #[test]
    fn spaces_and_order_do_not_change_the_price() {
        let one = r#"{"messages":[{"role":"user","content":"é"}],"tools":[{"b":1,"a":2.50}]}"#;
        let two = r#"{ "tools" : [ {"a": 2.50, "b": 1} ], "messages": [ {"content":"\u00e9", "role":"user"} ] }"#;
        let rule = PriceRule::default();
        assert_eq!(rule.chat(one, RATES, 10).unwrap(), rule.chat(two, RATES, 10).unwrap());
    }

    #[test]
    fn a_data_url_counts_as_one_image() {
        let image = |bytes: usize| {
            let url = format!("data:image/png;base64,{}", "A".repeat(bytes));
            format!(r#"{{"messages":[{{"image_url":{{"url":"{url}"}}}}]}}"#)
        };
        let rule = PriceRule::default();
        let tokens = |bytes| rule.chat(&image(bytes), RATES, 10).unwrap().input_tokens;
        assert_eq!(tokens(4), tokens(40_000));
        assert_eq!(tokens(4), 1_024 + 10);
    }

    #[test]
    fn bad_counts_are_named() {
        for (body, field) in [
            (r#"{"messages":[],"max_tokens":0}"#, "max_tokens"),
            (r#"{"messages":[],"max_tokens":"9"}"#, "max_tokens"),
            (r#"{"messages":[],"max_tokens":1.5}"#, "max_tokens"),
            (r#"{"messages":[],"n":-1}"#, "n"),
            (r#"{"messages":[],"n":129}"#, "n"),
        ] {
            let error = PriceRule::default().chat(body, RATES, 10).unwrap_err();
            assert!(error.message().starts_with(field), "{error}");
        }
    }

    proptest! {
        #[test]
        fn never_below_the_exact_price_and_never_a_unit_above(
            input in 0..u64::MAX, output in 0..u64::MAX, r_in in 0..u64::MAX / 4, r_out in 0..u64::MAX / 4,
            margin_bps in 0..100_000_u32,
        ) {
            let rule = PriceRule { margin_bps, floor: Usdc::ZERO, ..PriceRule::default() };
            // None is the only other outcome: an overflow is an error, never a small price.
            if let Some(amount) = rule.amount(input, output, Rates { input: r_in, output: r_out }) {
                use alloy::primitives::U512;
                let exact = (U512::from(input) * U512::from(r_in) + U512::from(output) * U512::from(r_out))
                    * U512::from(10_000 + margin_bps);
                let unit = U512::from(10_000_000_000_u64);
                let charged = U512::from(amount.micro()) * unit;
                prop_assert!(charged >= exact && charged < exact + unit);
            }
        }

        #[test]
        fn more_text_never_costs_less(short in 0..2_000_usize, more in 0..2_000_usize) {
            let body = |n: usize| format!(r#"{{"messages":[{{"content":"{}"}}]}}"#, "x".repeat(n));
            let rule = PriceRule { floor: Usdc::ZERO, ..PriceRule::default() };
            let price = |n| rule.chat(&body(n), RATES, 100).unwrap().amount;
            prop_assert!(price(short) <= price(short + more));
        }
    }
}
