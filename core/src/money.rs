//! Money is an integer: [`Usdc`] counts micro-USDC, the token's own smallest unit (6 decimals).
//!
//! Dollars come in as text or as a float and are turned into micro-USDC exactly; whatever does not
//! fit into 6 decimals is an error, never a rounding.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Micro-USDC in one USDC.
pub const MICRO_PER_USDC: u128 = 1_000_000;

/// An amount of USDC in micro-USDC (1 USDC = 1,000,000).
///
/// Parses and prints decimal dollars exactly: `"0.001"` is 1,000 micro-USDC. Never negative.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Usdc(u128);

impl Usdc {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// An amount from micro-USDC.
    pub const fn from_micro(micro: u128) -> Self {
        Self(micro)
    }

    /// The amount in micro-USDC.
    pub const fn micro(self) -> u128 {
        self.0
    }

    /// An amount from dollars as a float, through its shortest decimal form, so `0.1` is exactly 0.1.
    ///
    /// # Errors
    /// `InvalidArgument` for a negative, infinite or NaN value, or one with more than 6 decimals.
    pub fn from_dollars(dollars: f64) -> Result<Self> {
        // `{}` on a float prints its shortest round-trip form and never an exponent.
        format!("{dollars}").parse()
    }

    /// The amount in dollars as a float: a convenience for people, never used in arithmetic here.
    pub fn dollars(self) -> f64 {
        // Through text: the nearest float to the exact decimal, as a reader would write it.
        self.to_string().parse().unwrap_or(f64::INFINITY)
    }

    /// Sum, or `None` when it does not fit.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// Difference, zero when `other` is larger.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Sum, the largest amount when it does not fit.
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Usdc {
    /// Decimal dollars without trailing zeros: `1`, `0.5`, `0.000001`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, micro) = (self.0 / MICRO_PER_USDC, self.0 % MICRO_PER_USDC);
        if micro == 0 {
            return write!(f, "{whole}");
        }
        let fraction = format!("{micro:06}");
        write!(f, "{whole}.{}", fraction.trim_end_matches('0'))
    }
}

impl FromStr for Usdc {
    type Err = Error;

    /// Reads decimal dollars: digits, optionally a point and at most 6 more digits.
    fn from_str(text: &str) -> Result<Self> {
        let invalid = |why: &str| {
            Error::argument("amount", &format!("{text:?} {why}; write dollars such as 0.25"))
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
            return Err(invalid("is not a decimal amount of dollars"));
        }
        if fraction.len() > 6 {
            return Err(invalid("has more than 6 decimals, the smallest unit of USDC"));
        }
        let micro = format!("{whole}{fraction:0<6}").parse();
        micro.map(Self).map_err(|_| invalid("is too large"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_and_prints_dollars_exactly() {
        for (text, micro) in
            [("0", 0), ("1", 1_000_000), ("0.001", 1_000), ("0.000001", 1), ("12.5", 12_500_000)]
        {
            assert_eq!(text.parse::<Usdc>().unwrap(), Usdc(micro));
            assert_eq!(Usdc(micro).to_string(), text);
        }
        assert_eq!("1.500000".parse::<Usdc>().unwrap(), Usdc(1_500_000));
    }

    #[test]
    fn refuses_what_is_not_an_exact_amount() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "0x1", "1,5", "0.0000001", " 1", "NaN"]
        {
            assert!(text.parse::<Usdc>().is_err(), "{text:?}");
        }
        assert!(u128::MAX.to_string().parse::<Usdc>().is_err());
    }

    #[test]
    fn floats_go_through_their_shortest_form() {
        assert_eq!(Usdc::from_dollars(0.1).unwrap(), Usdc(100_000));
        assert_eq!(Usdc::from_dollars(1e-6).unwrap(), Usdc(1));
        assert_eq!(Usdc::from_dollars(1.0).unwrap(), Usdc(1_000_000));
        for bad in [-1.0, f64::NAN, f64::INFINITY, 1e-7, 0.1 + 0.2] {
            assert!(Usdc::from_dollars(bad).is_err(), "{bad}");
        }
        assert!((Usdc(2_034).dollars() - 0.002_034).abs() < f64::EPSILON);
    }

    proptest! {
        #[test]
        fn print_then_parse_is_identity(micro in 0..u128::MAX / 10) {
            prop_assert_eq!(Usdc(micro).to_string().parse::<Usdc>().unwrap(), Usdc(micro));
        }
    }
}
