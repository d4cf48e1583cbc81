//! What must not be done by two transactions at once.

use alloy::primitives::Address;
#[cfg(feature = "postgres")]
use alloy::primitives::keccak256;

/// A lock that lasts to the end of a transaction. Whoever takes several takes them in this order, so
/// that nobody waits in a circle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock<'a> {
    /// The claims of a payer: their order, and the names of its calls.
    Payer(&'a Address),
    /// The end of the practice ledger.
    Ledger,
    /// The next nonce of an account that pays gas.
    #[cfg_attr(not(feature = "onchain"), expect(dead_code, reason = "a chain wants gas"))]
    Gas(&'a Address),
}

#[cfg(feature = "postgres")]
impl Lock<'_> {
    /// Its number among the advisory locks of a database. Two that share one wait for each other
    /// without need, and nothing worse.
    pub(super) fn number(self) -> i64 {
        let hash = match self {
            Self::Payer(payer) => keccak256([b"payer".as_slice(), payer.as_slice()].concat()),
            Self::Ledger => keccak256(b"ledger"),
            Self::Gas(account) => keccak256([b"gas".as_slice(), account.as_slice()].concat()),
        };
        let [a, b, c, d, e, f, g, h, ..] = hash.0;
        i64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}
