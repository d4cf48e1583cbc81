//! For whom, and for whose payees.

use alloy::primitives::Address;
use http::{HeaderMap, header};

use crate::admin::AdminToken;

/// How a gateway is a facilitator: whom it settles for. [`Facilitator::default`] settles for everyone,
/// which is for practice alone: on a chain it would be paying everybody's gas.
#[derive(Debug, Clone, Default)]
pub struct Facilitator {
    /// Accounts that may be paid through it. Empty is any, and only for play money. Default any.
    pub payees: Vec<Address>,
    /// What callers of `/verify` and `/settle` have to send as `Authorization: Bearer …`; others get
    /// 401. `/supported` is open. Default none.
    pub token: Option<AdminToken>,
}

impl Facilitator {
    /// Whether money may be sent there through us.
    pub(super) fn pays(&self, payee: Address) -> bool {
        self.payees.is_empty() || self.payees.contains(&payee)
    }

    /// Whether a caller may ask.
    pub(crate) fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let sent = sent.and_then(|value| value.split_once(' '));
        sent.is_some_and(|(scheme, sent)| {
            scheme.eq_ignore_ascii_case("bearer") && token.is(sent.trim())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_admits() {
        let token = Some(AdminToken::new("0123456789abcdef").unwrap());
        let guarded = Facilitator { token, ..Facilitator::default() };
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("authorization", value.parse().unwrap());
            guarded.admits(&headers)
        };
        assert!(with("Bearer 0123456789abcdef") && with("bearer  0123456789abcdef"));
        assert!(
            !with("Bearer 0123456789abcde")
                && !with("Basic 0123456789abcdef")
                && !with("0123456789abcdef")
                && !with("")
        );
        assert!(!guarded.admits(&HeaderMap::new()));
        assert!(Facilitator::default().admits(&HeaderMap::new()));
        assert!(!format!("{guarded:?}").contains("0123456789abcdef"));
    }

    #[test]
    fn a_list_of_payees_is_the_whole_list() {
        let named = Facilitator { payees: vec![Address::repeat_byte(1)], ..Facilitator::default() };
        assert!(named.pays(Address::repeat_byte(1)) && !named.pays(Address::repeat_byte(2)));
        assert!(Facilitator::default().pays(Address::repeat_byte(2)));
    }
}
