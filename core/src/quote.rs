//! Prices that are known before a call is made: the rule, and the list that a gateway publishes.

mod rule;
mod sheet;

pub use rule::{ChatPrice, DEFAULT_MAX_TOKENS, MAX_CHOICES, PriceRule, RULE, Rates};
pub use sheet::PriceSheet;
