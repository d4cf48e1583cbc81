//! The prices of a settings file.

use blockrun_llm::{Usdc, quote::PriceRule};
use toml::Spanned;

use super::Fault;

/// Largest margin: ten times the cost on top of it.
const MOST_MARGIN: u32 = 100_000;

/// The parameters of the price rule as they are written; what is left out has its default.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    margin_bps: Option<Spanned<u32>>,
    floor: Option<Spanned<u64>>,
    output_permille: Option<Spanned<u32>>,
}

impl Row {
    pub(super) fn check(&self) -> Result<PriceRule, Fault> {
        let mut rule = PriceRule::default();
        if let Some(margin) = &self.margin_bps {
            rule.margin_bps = *margin.get_ref();
            if rule.margin_bps > MOST_MARGIN {
                return Err(Fault::new(margin, "margin_bps", "must be at most 100000 (1,000 %)"));
            }
        }
        if let Some(floor) = &self.floor {
            rule.floor = Usdc::from_micro(u128::from(*floor.get_ref()));
            if *floor.get_ref() == 0 {
                return Err(Fault::new(floor, "floor", "must be at least 1 micro-USDC"));
            }
        }
        if let Some(permille) = &self.output_permille {
            rule.output_permille = *permille.get_ref();
            if !(1..=1_000).contains(&rule.output_permille) {
                return Err(Fault::new(permille, "output_permille", "must be from 1 to 1000"));
            }
        }
        Ok(rule)
    }
}
