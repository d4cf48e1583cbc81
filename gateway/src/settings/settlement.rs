//! How a gateway is paid, in a settings file.

use alloy::primitives::Address;
use blockrun_llm::{
    networks::{BASE_SEPOLIA, Network},
    wallet::LocalKey,
};
use toml::Spanned;

use super::{
    Fault,
    secret::{chosen, held},
    settle_through,
    upstream::seconds,
};
use crate::{
    config::PRACTICE_PAYEE,
    settlement::{Onchain, SettleThrough},
};

/// Wei in a gwei.
const GWEI: f64 = 1e9;
/// No chain takes so much, and it is still exact as a float.
const MOST_GWEI: f64 = 1e6;
/// The variables of what a chain is asked and paid with, where the file names no others.
const RPC_URL: &str = "BLOCKRUN_GATEWAY_RPC_URL";
const GAS_KEY: &str = "BLOCKRUN_GATEWAY_GAS_KEY";

#[derive(Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Practice,
    Onchain,
    Facilitator,
}

/// The table as it is written.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    mode: Spanned<Mode>,
    network: Option<Spanned<String>>,
    payee: Option<Spanned<String>>,
    rpc_url_env: Option<Spanned<String>>,
    gas_key_env: Option<Spanned<String>>,
    receipt_wait: Option<Spanned<f64>>,
    confirmations: Option<Spanned<u64>>,
    max_fee_gwei: Option<Spanned<f64>>,
    replace_after: Option<Spanned<f64>>,
    max_gas: Option<Spanned<u64>>,
    #[serde(default)]
    wallet_factories: Vec<Spanned<String>>,
}

/// Who is paid, where and how.
#[derive(Debug)]
pub(crate) struct Settling {
    pub(crate) network: &'static Network,
    pub(crate) payee: Address,
    /// Without this and the next it is the practice ledger.
    pub(crate) onchain: Option<Onchain>,
    pub(crate) settle_through: Option<SettleThrough>,
}

impl Row {
    /// Whether the money is real, or at least a chain's; `through` is the table of the facilitator.
    pub(super) fn check(
        &self,
        through: Option<&Spanned<settle_through::Row>>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Settling, Fault> {
        let mode = *self.mode.get_ref();
        if let (Some(table), Mode::Practice | Mode::Onchain) = (through, mode) {
            let problem = "is for mode = \"facilitator\": say so in [settlement], or leave it out";
            return Err(Fault::new(table, "settle_through", problem));
        }
        let network = self.network()?;
        let (payee, onchain, settle_through) = match mode {
            Mode::Practice => (PRACTICE_PAYEE, None, None),
            Mode::Onchain => (self.payee()?, Some(self.onchain(variable)?), None),
            Mode::Facilitator => (self.payee()?, None, Some(self.through(through, variable)?)),
        };
        Ok(Settling { network, payee, onchain, settle_through })
    }

    fn payee(&self) -> Result<Address, Fault> {
        let Some(payee) = &self.payee else {
            let problem = "is missing: name the account that is paid";
            return Err(Fault::new(&self.mode, "payee", problem));
        };
        account(payee, "payee")
    }

    fn onchain(&self, variable: impl Fn(&str) -> Option<String>) -> Result<Onchain, Fault> {
        let name = self.named(self.rpc_url_env.as_ref(), RPC_URL);
        let rpc_url = held(&name, "rpc_url_env", &variable)?;
        let name = self.named(self.gas_key_env.as_ref(), GAS_KEY);
        let gas_key = LocalKey::from_hex(&held(&name, "gas_key_env", &variable)?);
        let gas_key = gas_key.map_err(|error| {
            Fault::new(&name, "gas_key_env", format!("{}: {error}", name.get_ref()))
        })?;
        self.options(Onchain::new(rpc_url, gas_key))
    }

    /// The variable that the file names, else the usual one, of which the mode complains.
    fn named(&self, named: Option<&Spanned<String>>, usual: &str) -> Spanned<String> {
        named.cloned().unwrap_or_else(|| Spanned::new(self.mode.span(), usual.to_owned()))
    }

    fn through(
        &self,
        table: Option<&Spanned<settle_through::Row>>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<SettleThrough, Fault> {
        let Some(table) = table else {
            let problem = "needs a table [settle_through] with the url of the facilitator";
            return Err(Fault::new(&self.mode, "mode", problem));
        };
        let mut through = table.get_ref().check(&variable)?;
        let name = chosen(self.rpc_url_env.as_ref(), RPC_URL, self.mode.span(), &variable);
        let rpc_url = name.map(|name| held(&name, "rpc_url_env", &variable));
        through.rpc_url = rpc_url.transpose()?;
        Ok(through)
    }

    fn network(&self) -> Result<&'static Network, Fault> {
        let Some(name) = &self.network else { return Ok(&BASE_SEPOLIA) };
        Network::by_id(name.get_ref())
            .ok_or_else(|| Fault::new(name, "network", "must be \"base\" or \"base-sepolia\""))
    }

    fn options(&self, mut to: Onchain) -> Result<Onchain, Fault> {
        let wait = self.receipt_wait.as_ref();
        to.receipt_wait = seconds(wait, "receipt_wait", to.receipt_wait.as_secs())?;
        let pause = self.replace_after.as_ref();
        to.replace_after = seconds(pause, "replace_after", to.replace_after.as_secs())?;
        checked(&to, pause, "replace_after")?;
        if let Some(blocks) = &self.confirmations {
            to.confirmations = *blocks.get_ref();
            checked(&to, Some(blocks), "confirmations")?;
        }
        if let Some(gas) = &self.max_gas {
            to.max_gas = *gas.get_ref();
            checked(&to, Some(gas), "max_gas")?;
        }
        if let Some(fee) = &self.max_fee_gwei {
            to.max_fee = wei(fee)?;
            checked(&to, Some(fee), "max_fee_gwei")?;
        }
        let factories = self.wallet_factories.iter();
        to.wallet_factories =
            factories.map(|one| account(one, "wallet_factories")).collect::<Result<_, _>>()?;
        Ok(to)
    }
}

/// What was fine before a value was set is at fault only by that value.
fn checked<T>(
    options: &Onchain,
    value: Option<&Spanned<T>>,
    key: &'static str,
) -> Result<(), Fault> {
    match (options.problem(), value) {
        (Some((_, problem)), Some(value)) => Err(Fault::new(value, key, problem)),
        _ => Ok(()),
    }
}

pub(super) fn account(text: &Spanned<String>, key: &'static str) -> Result<Address, Fault> {
    let account = text.get_ref().parse::<Address>();
    account.map_err(|_| Fault::new(text, key, "must be an address: 0x and 40 hex digits"))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within bounds")]
fn wei(fee: &Spanned<f64>) -> Result<u128, Fault> {
    let gwei = *fee.get_ref();
    if gwei > 0.0 && gwei <= MOST_GWEI {
        return Ok((gwei * GWEI).round() as u128);
    }
    Err(Fault::new(fee, "max_fee_gwei", "must be gwei per gas, above 0 and at most a million"))
}
