//! The views and events of USDC (FiatToken v2: ERC-20 and EIP-3009) that are read.

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    sol,
    sol_types::{SolCall, SolEvent},
};
use serde_json::{Value, json};

use super::{
    answer::{Log, Quantity},
    endpoint::Node,
};
use crate::{error::Result, money::Usdc};

sol! {
    #[allow(missing_docs)]
    #[derive(Debug, PartialEq)]
    interface Token {
        function balanceOf(address account) external view returns (uint256);
        function authorizationState(address authorizer, bytes32 nonce) external view returns (bool);

        event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);
        event AuthorizationCanceled(address indexed authorizer, bytes32 indexed nonce);
        event Transfer(address indexed from, address indexed to, uint256 value);
    }
}

pub(super) use Token::{AuthorizationCanceled, AuthorizationUsed, Transfer};

impl Node<'_> {
    /// What an account holds in the newest block.
    pub(super) async fn balance(self, account: Address) -> Result<Usdc> {
        self.check_chain().await?;
        let balance = self.view(Token::balanceOfCall { account }, json!("latest")).await?;
        self.usdc(balance)
    }

    /// Whether an authorization was used or cancelled by the end of a block.
    pub(super) async fn is_used(
        self,
        payer: Address,
        nonce: B256,
        block: Quantity,
    ) -> Result<bool> {
        let call = Token::authorizationStateCall { authorizer: payer, nonce };
        self.view(call, json!(block)).await
    }

    /// An amount as the token counts it.
    pub(super) fn usdc(self, value: U256) -> Result<Usdc> {
        let micro = u128::try_from(value).map_err(|_| {
            self.problem(&format!("said {value} micro-USDC, more than there can be"))
        })?;
        Ok(Usdc::from_micro(micro))
    }

    async fn view<C: SolCall>(self, call: C, block: Value) -> Result<C::Return> {
        let token = self.network.usdc;
        let input = Bytes::from(call.abi_encode());
        let output: Bytes =
            self.ask("eth_call", json!([{"to": token, "data": input}, block])).await?;
        if output.is_empty() {
            return Err(self.problem(&format!("knows no contract at {token}")));
        }
        // Both views return one word; anything else is not this token.
        let returned = B256::try_from(output.as_ref()).ok();
        let value = returned.and_then(|word| C::abi_decode_returns_validate(word.as_slice()).ok());
        value.ok_or_else(|| self.problem(&format!("answered {} with {output}", C::SIGNATURE)))
    }
}

/// Topics of the two ways in which an authorization of this payer ends.
pub(super) fn end_topics(payer: Address, nonce: B256) -> Value {
    let ends = [AuthorizationUsed::SIGNATURE_HASH, AuthorizationCanceled::SIGNATURE_HASH];
    json!([ends, payer.into_word(), nonce])
}

/// Whether a log is the end of this authorization: used or cancelled.
pub(super) fn is_end(log: &Log, token: Address, payer: Address, nonce: B256) -> bool {
    let used = || log.event() == Some(AuthorizationUsed { authorizer: payer, nonce });
    let cancelled = || log.event() == Some(AuthorizationCanceled { authorizer: payer, nonce });
    log.address == token && (used() || cancelled())
}

/// The transfer that executed an authorization, from all logs of its transaction.
///
/// The token first marks the nonce as used and then moves the money, so it is the payer's first
/// transfer after that mark; one behind the mark of another authorization is not ours.
pub(super) fn executed(
    logs: &[Log],
    token: Address,
    payer: Address,
    nonce: B256,
) -> Option<Transfer> {
    let mark = AuthorizationUsed { authorizer: payer, nonce };
    let mut own = logs.iter().filter(|log| log.address == token);
    own.by_ref().find(|log| log.event().as_ref() == Some(&mark))?;
    own.take_while(|log| !log.is::<AuthorizationUsed>())
        .filter_map(Log::event::<Transfer>)
        .find(|transfer| transfer.from == payer)
}

#[cfg(test)]
mod tests {
    use alloy::hex;

    use super::*;

    const TOKEN: Address = Address::repeat_byte(1);
    const PAYER: Address = Address::repeat_byte(2);
    const PAYEE: Address = Address::repeat_byte(3);
    const NONCE: B256 = B256::repeat_byte(4);

    fn log(event: &impl SolEvent) -> Log {
        let data = event.encode_log_data();
        Log {
            address: TOKEN,
            topics: data.topics().to_vec(),
            data: data.data,
            transaction_hash: B256::ZERO,
            block_number: Quantity(1),
        }
    }

    fn used(nonce: B256) -> Log {
        log(&AuthorizationUsed { authorizer: PAYER, nonce })
    }

    fn moved(from: Address, value: u64) -> Log {
        log(&Transfer { from, to: PAYEE, value: U256::from(value) })
    }

    fn value(logs: &[Log]) -> Option<u64> {
        executed(logs, TOKEN, PAYER, NONCE).map(|transfer| transfer.value.to())
    }

    #[test]
    fn selectors_and_topics_are_those_of_the_contract() {
        assert_eq!(hex::encode(Token::balanceOfCall::SELECTOR), "70a08231");
        assert_eq!(hex::encode(Token::authorizationStateCall::SELECTOR), "e94a0102");
        let topics = end_topics(PAYER, NONCE);
        let used = "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5";
        let canceled = "0x1cdd46ff242716cdaa72d159d339a485b3438398348d68f09d7c8c0a59353d81";
        assert_eq!(topics[0], json!([used, canceled]));
        assert_eq!(topics[1], format!("0x{:0>64}", "02".repeat(20)));
    }

    #[test]
    fn an_authorization_ends_in_two_ways() {
        let cancelled = log(&AuthorizationCanceled { authorizer: PAYER, nonce: NONCE });
        for end in [&used(NONCE), &cancelled] {
            assert!(is_end(end, TOKEN, PAYER, NONCE));
            assert!(!is_end(end, TOKEN, PAYEE, NONCE));
            assert!(!is_end(end, TOKEN, PAYER, B256::ZERO));
            assert!(!is_end(end, PAYEE, PAYER, NONCE));
        }
        assert!(!is_end(&moved(PAYER, 5), TOKEN, PAYER, NONCE));
    }

    #[test]
    fn the_transfer_belongs_to_its_mark() {
        assert_eq!(value(&[used(NONCE), moved(PAYER, 5)]), Some(5));
        let other = B256::repeat_byte(9);
        let batch = [used(other), moved(PAYER, 1), used(NONCE), moved(PAYER, 5), moved(PAYER, 7)];
        assert_eq!(value(&batch), Some(5));
        assert_eq!(value(&[used(NONCE), moved(PAYEE, 1), moved(PAYER, 5)]), Some(5));
    }

    #[test]
    fn used_without_its_transfer_is_not_paid() {
        let other = used(B256::repeat_byte(9));
        assert_eq!(value(&[]), None);
        assert_eq!(value(&[used(NONCE)]), None);
        assert_eq!(value(&[moved(PAYER, 5), used(NONCE)]), None);
        assert_eq!(value(&[used(NONCE), other, moved(PAYER, 5)]), None);
        let foreign = Log { address: PAYEE, ..moved(PAYER, 5) };
        assert_eq!(value(&[used(NONCE), foreign]), None);
        let cut = Log { data: Bytes::from_static(&[0; 31]), ..moved(PAYER, 5) };
        assert_eq!(value(&[used(NONCE), cut]), None);
    }
}
