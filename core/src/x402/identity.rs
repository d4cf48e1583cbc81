//! One call, one nonce: the nonce is derived from the idempotency key, so whatever is retried,
//! re-quoted, resumed or raced, the token contract can execute at most one authorization.

use std::fmt;

use alloy::{
    primitives::{Address, B256, keccak256},
    sol_types::SolValue,
};
use url::Url;

/// Domain separation of the nonce, versioned.
const NONCE_TAG: &str = "blockrun/nonce/v1";

/// `scheme://host:port` in one spelling: host in lower case, port always written.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Origin(String);

impl Origin {
    /// The origin of a URL, or `None` when it has no host or no known port.
    pub fn of(url: &Url) -> Option<Self> {
        let (host, port) = (url.host_str()?, url.port_or_known_default()?);
        Some(Self(format!("{}://{}:{port}", url.scheme(), host.to_ascii_lowercase())))
    }

    /// The text `scheme://host:port`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The EIP-3009 nonce of a call:
///
/// ```text
/// keccak256(abi.encode(
///     keccak256("blockrun/nonce/v1"), wallet, keccak256(key),
///     keccak256(METHOD), keccak256("scheme://host:port"), keccak256(path)))
/// ```
///
/// `path` is without its query. Price, payee, body and time do not enter: a changed price for the
/// same call is signed with the same nonce and can still be executed once only.
///
/// The nonce is public on chain and `key` can be guessed from it when it is guessable: do not put
/// personal data into keys.
pub fn nonce(wallet: Address, key: &str, method: &str, origin: &Origin, path: &str) -> B256 {
    let words = (
        keccak256(NONCE_TAG),
        wallet,
        keccak256(key),
        keccak256(method.to_ascii_uppercase()),
        keccak256(origin.as_str()),
        keccak256(path),
    );
    keccak256(words.abi_encode())
}

/// The call's public id: `pay_` and the first 16 bytes of `keccak256("id" ‖ nonce)` in hex.
///
/// It travels instead of the key, on paid legs only: as `Idempotency-Key` and, where the server
/// advertises it, in the `payment-identifier` extension.
pub fn payment_id(nonce: &B256) -> String {
    let hash = keccak256([b"id".as_slice(), nonce.as_slice()].concat());
    format!("pay_{}", alloy::hex::encode(&hash[..16]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Origin {
        Origin::of(&Url::parse(url).unwrap()).unwrap()
    }

    #[test]
    fn an_origin_has_one_spelling() {
        assert_eq!(origin("https://BlockRun.ai/api").as_str(), "https://blockrun.ai:443");
        assert_eq!(origin("http://[::1]:8080/").as_str(), "http://[::1]:8080");
        assert_eq!(origin("https://blockrun.ai:443/x?y"), origin("https://blockrun.ai"));
    }

    #[test]
    fn every_part_of_the_call_changes_the_nonce() {
        let (one, two) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let (a, b) = (origin("https://a.example"), origin("https://b.example"));
        let base = nonce(one, "key", "post", &a, "/v1");
        assert_eq!(base, nonce(one, "key", "POST", &a, "/v1"));
        for other in [
            nonce(two, "key", "POST", &a, "/v1"),
            nonce(one, "kez", "POST", &a, "/v1"),
            nonce(one, "key", "GET", &a, "/v1"),
            nonce(one, "key", "POST", &b, "/v1"),
            nonce(one, "key", "POST", &a, "/v2"),
        ] {
            assert_ne!(base, other);
        }
    }
}
