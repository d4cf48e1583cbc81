//! How money comes into a wallet: a link, an address to copy, and words. Pure.

use alloy::primitives::Address;
use serde::Serialize;

use crate::{money::Usdc, networks::Network};

/// A request to put USDC into a wallet, on one network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Funding {
    /// The wallet.
    pub address: Address,
    /// The network whose USDC it takes.
    pub network: &'static Network,
    /// How much is suggested; `None` leaves it to whoever pays.
    pub amount: Option<Usdc>,
}

/// The same as plain values, the same in every language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FundingDetails {
    /// Checksummed address of the wallet.
    pub address: String,
    /// Network, CAIP-2.
    pub network: String,
    /// Suggested amount in micro-USDC.
    #[serde(rename = "amount_micro")]
    pub amount: Option<Usdc>,
    /// Link for a wallet app (EIP-681).
    pub uri: String,
    /// Page that shows the account to anybody, where one is known.
    pub explorer: Option<String>,
    /// What to do, in plain words.
    pub instructions: String,
}

impl Funding {
    /// The link of EIP-681: a transfer of the network's USDC to the wallet. Wallet apps open it, from
    /// a QR code too.
    pub fn uri(&self) -> String {
        let Network { usdc, chain_id, .. } = self.network;
        let to = format!("ethereum:{usdc}@{chain_id}/transfer?address={}", self.address);
        match self.amount {
            Some(amount) => format!("{to}&uint256={}", amount.micro()),
            None => to,
        }
    }

    /// A page that shows the account to anybody; `None` where none is known.
    pub fn explorer(&self) -> Option<String> {
        let host = match self.network.chain_id {
            8453 => "basescan.org",
            84532 => "sepolia.basescan.org",
            _ => return None,
        };
        Some(format!("https://{host}/address/{}", self.address))
    }

    /// What to do, in plain words; a few lines.
    pub fn instructions(&self) -> String {
        let Network { name, usdc, testnet, .. } = self.network;
        let amount = self.amount.map_or_else(|| "USDC".to_owned(), |sum| format!("{sum} USDC"));
        let source = match testnet {
            true => "Test USDC is free at https://faucet.circle.com (choose the network above).",
            false => {
                "From an exchange (such as Coinbase): withdraw USDC, choose the network above, paste \
                 the address."
            }
        };
        format!(
            "Send {amount} on {name} to\n  {}\n{source}\nFrom a wallet app: open the link, or scan it \
             as a QR code\n  {}\nOnly USDC on {name} counts (contract {usdc}); no ETH is \
             needed.\nEvery program that has the key can spend what is in it: put in no more than you \
             would carry in a purse.",
            self.address,
            self.uri(),
        )
    }

    /// All of it as plain values.
    pub fn details(&self) -> FundingDetails {
        FundingDetails {
            address: self.address.to_string(),
            network: self.network.caip2.to_owned(),
            amount: self.amount,
            uri: self.uri(),
            explorer: self.explorer(),
            instructions: self.instructions(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::{ARC, BASE, BASE_SEPOLIA};

    const ADDRESS: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

    fn funding(network: &'static Network, amount: Option<u128>) -> Funding {
        let amount = amount.map(Usdc::from_micro);
        Funding { address: ADDRESS.parse().unwrap(), network, amount }
    }

    /// The form that the published packages use, too.
    #[test]
    fn the_link_is_a_transfer_of_the_networks_usdc() {
        let base = format!(
            "ethereum:0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913@8453/transfer?address={ADDRESS}"
        );
        assert_eq!(funding(&BASE, None).uri(), base);
        assert_eq!(funding(&BASE, Some(1_500_000)).uri(), format!("{base}&uint256=1500000"));
        let sepolia = funding(&BASE_SEPOLIA, None).uri();
        assert!(sepolia.starts_with("ethereum:0x036CbD53842c5426634e7929541eC2318f3dCF7e@84532/"));
    }

    #[test]
    fn the_words_name_address_network_and_amount() {
        let text = funding(&BASE, Some(2_500_000)).instructions();
        for part in [ADDRESS, "2.5 USDC", "on Base", "ethereum:0x8335", "no ETH is needed"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(text.lines().all(|line| line.len() < 140), "{text}");
        assert!(funding(&BASE_SEPOLIA, None).instructions().contains("faucet"));
        assert_eq!(funding(&ARC, None).explorer(), None);
        let details = funding(&BASE, None).details();
        assert_eq!(details.explorer, Some(format!("https://basescan.org/address/{ADDRESS}")));
    }
}
