//! A wallet for an agent that has none: made at first use, then told how to be funded.

use std::path::Path;

use serde::Serialize;

use super::{
    ClientOptions, LLMClient,
    credential::{Credential, wallet_key},
};
use crate::{
    error::Result,
    money::Usdc,
    wallet::{
        Address, Funding, LocalKey, Passphrase, WalletFile, WalletHome, checksummed,
        discover_wallets,
    },
};

/// A client with a wallet, and whether that is new.
#[derive(Debug)]
pub struct AgentWallet {
    /// Pays from the wallet.
    pub client: LLMClient,
    /// For a wallet that was made just now: where it is, how it is funded, and that nothing of other
    /// programs was touched; a few lines for a person. `None` for one that was there.
    pub welcome: Option<String>,
}

/// What a wallet has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WalletStatus {
    /// The wallet.
    #[serde(serialize_with = "checksummed")]
    pub address: Address,
    /// The network whose USDC was counted, CAIP-2.
    pub network: &'static str,
    /// What it holds there, in micro-USDC.
    #[serde(rename = "balance_micro")]
    pub balance: Usdc,
}

/// The wallet that a client pays from to which no credential is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletInUse {
    /// The account; `None` for a keystore that does not say.
    pub address: Option<Address>,
    /// The environment variable that holds the key, which goes before any file.
    pub variable: Option<&'static str>,
    /// The file that holds it, otherwise.
    pub file: Option<WalletFile>,
}

impl WalletInUse {
    /// The wallet of the environment, else the one in the home folder (`home`, `BLOCKRUN_HOME`, then
    /// `~/.blockrun`), without opening it; `None` when there is neither. An API key, with which a
    /// client does not pay from a wallet, is not looked at.
    ///
    /// # Errors
    /// `InvalidArgument` for a key that is none, and as [`WalletHome::file`].
    pub fn find(home: Option<&Path>) -> Result<Option<Self>> {
        if let Some((name, key)) = wallet_key() {
            let address = LocalKey::from_hex(key.trim())?.address();
            return Ok(Some(Self { address: Some(address), variable: Some(name), file: None }));
        }
        let Ok(home) = WalletHome::find(home) else { return Ok(None) };
        let in_use =
            |file: WalletFile| Self { address: file.address, variable: None, file: Some(file) };
        Ok(home.file()?.map(in_use))
    }
}

impl LLMClient {
    /// A client for an agent: with what is configured (options, then the environment, then the wallet
    /// in the home folder), else with a new wallet in the home folder. A key for an account
    /// (`brk_…`) is a credential too: then no wallet is made.
    ///
    /// A new wallet is encrypted when `BLOCKRUN_WALLET_PASSPHRASE` or
    /// `BLOCKRUN_WALLET_PASSPHRASE_COMMAND` is set. Processes that do this at once get one wallet.
    /// Nothing is printed.
    ///
    /// # Errors
    /// As [`LLMClient::with_options`] and [`WalletHome::get_or_create`].
    pub fn setup_agent_wallet(options: ClientOptions) -> Result<AgentWallet> {
        let given = options.private_key.is_some() || options.signer.is_some();
        let new = match given {
            true => None,
            false => ensure_wallet(options.journal.home.as_deref())?,
        };
        let client = Self::with_options(options)?;
        let welcome = new.map(|file| client.welcome(&file.path));
        Ok(AgentWallet { client, welcome })
    }

    /// What a person is told of this client's wallet when it is new: where its key is, how it is
    /// funded, and that nothing of other programs was touched. A few lines.
    pub fn welcome(&self, key_file: &Path) -> String {
        let address = self.address().unwrap_or_default();
        let funding = Funding { address, network: self.network(), amount: None }.instructions();
        let mut text = format!(
            "A new wallet was made for this account: {address}\nIts key is in {} and nowhere else; \
             `blockrun wallet backup FILE` keeps a copy.\n\n{funding}",
            key_file.display()
        );
        let others = discover_wallets().len();
        if others > 0 {
            text.push_str(&format!(
                "\n\nOther programs keep wallets here ({others}). None was taken over: `blockrun wallet \
                 list` shows them."
            ));
        }
        text
    }

    /// The wallet's address, and what it holds on [`LLMClient::network`].
    ///
    /// # Errors
    /// As [`LLMClient::balance`].
    pub async fn status(&self) -> Result<WalletStatus> {
        let address = self.inner.rail.wallet("status")?.signer.address();
        let balance = self.balance(None).await?;
        Ok(WalletStatus { address, network: self.network().caip2, balance })
    }

    /// How USDC gets into this client's wallet on [`LLMClient::network`]; `amount` is a suggestion.
    ///
    /// # Errors
    /// `InvalidArgument` with an API key.
    pub fn funding(&self, amount: Option<Usdc>) -> Result<Funding> {
        let address = self.inner.rail.wallet("funding")?.signer.address();
        Ok(Funding { address, network: self.network(), amount })
    }
}

/// Makes sure that a client without options has somebody who pays: where the environment has no
/// credential and the home folder (`home`, `BLOCKRUN_HOME`, then `~/.blockrun`) no wallet, one is made.
/// The file of a new one; `None` when nothing had to be made.
///
/// # Errors
/// As [`WalletHome::get_or_create`], except that an encrypted wallet is not opened.
pub fn ensure_wallet(home: Option<&Path>) -> Result<Option<WalletFile>> {
    if Credential::configured(None, None)?.is_some() {
        return Ok(None);
    }
    let home = WalletHome::find(home)?;
    if home.file()?.is_some() {
        return Ok(None);
    }
    match home.get_or_create(Passphrase::from_environment)? {
        (_, true) => home.file(),
        (_, false) => Ok(None),
    }
}
