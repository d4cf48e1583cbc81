//! The networks that can be paid on, and the one token contract on each.
//!
//! This table is the only source of a signature's domain: what a 402 says about a token is compared
//! with it and never copied from it. A wrong domain name is a silently invalid signature, and a
//! foreign contract is somebody else's token.

use alloy::{
    primitives::{Address, B256, address, b256},
    sol_types::Eip712Domain,
};

/// A chain with its USDC contract and that contract's EIP-712 domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Network {
    /// Name for people.
    pub name: &'static str,
    /// CAIP-2 identifier, what x402 v2 calls the network.
    pub caip2: &'static str,
    /// What x402 v1 calls the network, where it has a name there.
    pub v1_name: Option<&'static str>,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The USDC contract, which is also the domain's verifying contract.
    pub usdc: Address,
    /// EIP-712 domain name of that contract.
    pub domain_name: &'static str,
    /// EIP-712 domain version of that contract.
    pub domain_version: &'static str,
    /// Whether its money is worthless.
    pub testnet: bool,
    /// Public JSON-RPC endpoints, in the order in which they are asked; empty where none is known.
    pub rpc_urls: &'static [&'static str],
    /// Hash of the domain, which every signature needs.
    separator: B256,
}

/// Base, the production network.
pub const BASE: Network = Network {
    name: "Base",
    caip2: "eip155:8453",
    v1_name: Some("base"),
    chain_id: 8453,
    usdc: address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"),
    domain_name: "USD Coin",
    domain_version: "2",
    testnet: false,
    rpc_urls: &[
        "https://base.publicnode.com",
        "https://mainnet.base.org",
        "https://base.meowrpc.com",
    ],
    separator: b256!("02fa7265e7c5d81118673727957699e4d68f74cd74b7db77da710fe8a2c7834f"),
};

/// Base Sepolia, the test network; the practice gateway speaks it.
pub const BASE_SEPOLIA: Network = Network {
    name: "Base Sepolia",
    caip2: "eip155:84532",
    v1_name: Some("base-sepolia"),
    chain_id: 84532,
    usdc: address!("036CbD53842c5426634e7929541eC2318f3dCF7e"),
    domain_name: "USDC",
    domain_version: "2",
    testnet: true,
    rpc_urls: &["https://sepolia.base.org", "https://base-sepolia-rpc.publicnode.com"],
    separator: b256!("71f17a3b2ff373b803d70a5a07c046c1a2bc8e89c09ef722fcb047abe94c9818"),
};

/// Arc, whose native USDC has a token interface at a fixed address.
pub const ARC: Network = Network {
    name: "Arc",
    caip2: "eip155:5042",
    v1_name: None,
    chain_id: 5042,
    usdc: address!("3600000000000000000000000000000000000000"),
    domain_name: "USDC",
    domain_version: "2",
    testnet: false,
    rpc_urls: &[],
    separator: b256!("940506929bba468048a19b567f4f0d534714bc06604b5c3017e5d16785ccdf84"),
};

/// Every network of the table.
pub const ALL: [&Network; 3] = [&BASE, &BASE_SEPOLIA, &ARC];

impl Network {
    /// The network with this CAIP-2 identifier or x402 v1 name, compared exactly.
    pub fn by_id(id: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|network| network.caip2 == id || network.v1_name == Some(id))
    }

    /// The EIP-712 domain of the USDC contract.
    pub fn domain(&self) -> Eip712Domain {
        Eip712Domain::new(
            Some(self.domain_name.into()),
            Some(self.domain_version.into()),
            Some(alloy::primitives::U256::from(self.chain_id)),
            Some(self.usdc),
            None,
        )
    }

    /// The domain separator, equal to the contract's own `DOMAIN_SEPARATOR()`.
    pub const fn domain_separator(&self) -> B256 {
        self.separator
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_separator_is_the_hash_of_its_domain() {
        for network in ALL {
            assert_eq!(
                network.domain_separator(),
                network.domain().separator(),
                "{}",
                network.name
            );
        }
    }

    #[test]
    fn networks_are_found_by_both_names() {
        assert_eq!(Network::by_id("eip155:8453"), Some(&BASE));
        assert_eq!(Network::by_id("base-sepolia"), Some(&BASE_SEPOLIA));
        assert_eq!(Network::by_id("Base"), None);
        assert_eq!(Network::by_id("eip155:1"), None);
    }
}
