//! Money as a small value type.

use std::fmt;

use crate::error::NativeResult;

/// An amount of USDC: an exact count of micro-USDC (1 USDC = 1,000,000). Never negative.
///
/// Its text is decimal dollars: `0.001`. An amount that does not fit, above 18 trillion dollars,
/// is shown as the largest that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, uniffi::Record)]
#[uniffi::export(Display, Ord)]
pub struct Usdc {
    /// The amount in micro-USDC.
    pub micro: u64,
}

impl From<blockrun_llm::Usdc> for Usdc {
    fn from(amount: blockrun_llm::Usdc) -> Self {
        Self { micro: amount.micro().try_into().unwrap_or(u64::MAX) }
    }
}

impl From<Usdc> for blockrun_llm::Usdc {
    fn from(amount: Usdc) -> Self {
        Self::from_micro(amount.micro.into())
    }
}

impl fmt::Display for Usdc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        blockrun_llm::Usdc::from(*self).fmt(f)
    }
}

/// Internal: use `Usdc("0.25")`. Reads decimal dollars with at most 6 decimals.
///
/// # Errors
/// `InvalidArgument` for anything else.
#[uniffi::export]
pub fn parse_usdc(dollars: &str) -> NativeResult<Usdc> {
    Ok(dollars.parse::<blockrun_llm::Usdc>()?.into())
}
