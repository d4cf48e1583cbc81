//! How a gateway is paid, in a settings file.

use alloy::primitives::Address;
use blockrun_llm::{
    networks::{BASE_SEPOLIA, Network},
    wallet::LocalKey,
};
use toml::Spanned;

use super::{Fault, upstream::seconds};
use crate::{config::PRACTICE_PAYEE, settlement::Onchain};

/// Wei in a gwei.
const GWEI: f64 = 1e9;
/// No chain takes so much, and it is still exact as a float.
const MOST_GWEI: f64 = 1e6;

#[derive(Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Practice,
    Onchain,
}

/// The table as it is written.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    mode: Spanned<Mode>,
    network: Option<Spanned<String>>,
    payee: Option<Spanned<String>>,
    #[serde(default = "rpc_url_env")]
    rpc_url_env: String,
    #[serde(default = "gas_key_env")]
    gas_key_env: String,
    receipt_wait: Option<Spanned<f64>>,
    confirmations: Option<Spanned<u64>>,
    max_fee_gwei: Option<Spanned<f64>>,
    replace_after: Option<Spanned<f64>>,
    max_gas: Option<Spanned<u64>>,
    #[serde(default)]
    wallet_factories: Vec<Spanned<String>>,
}

fn rpc_url_env() -> String {
    "BLOCKRUN_GATEWAY_RPC_URL".to_owned()
}

fn gas_key_env() -> String {
    "BLOCKRUN_GATEWAY_GAS_KEY".to_owned()
}

/// Who is paid, where and how.
#[derive(Debug)]
pub(crate) struct Settling {
    pub(crate) network: &'static Network,
    pub(crate) payee: Address,
    /// `None` is the practice ledger.
    pub(crate) onchain: Option<Onchain>,
}

impl Row {
    /// Whether the money is real, or at least a chain's.
    pub(super) fn check(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Settling, Fault> {
        let network = self.network()?;
        if *self.mode.get_ref() == Mode::Practice {
            return Ok(Settling { network, payee: PRACTICE_PAYEE, onchain: None });
        }
        let Some(payee) = &self.payee else {
            return Err(Fault::new(
                &self.mode,
                "payee",
                "is missing: name the account that is paid",
            ));
        };
        let held = |name: &str, what: &str| {
            let held = variable(name).map(|text| text.trim().to_owned());
            held.filter(|text| !text.is_empty()).ok_or_else(|| {
                let problem =
                    format!("the environment variable {name} is not set: it holds {what}");
                Fault::new(&self.mode, "mode", problem)
            })
        };
        let rpc_url = held(&self.rpc_url_env, "the JSON-RPC endpoint of the network")?;
        let gas_key = held(&self.gas_key_env, "the key that pays the gas")?;
        let gas_key = LocalKey::from_hex(&gas_key).map_err(|error| {
            Fault::new(&self.mode, "gas_key_env", format!("{}: {error}", self.gas_key_env))
        })?;
        let onchain = self.options(Onchain::new(rpc_url, gas_key))?;
        Ok(Settling { network, payee: account(payee, "payee")?, onchain: Some(onchain) })
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

fn account(text: &Spanned<String>, key: &'static str) -> Result<Address, Fault> {
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
