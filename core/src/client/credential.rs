//! Who pays: a wallet's key, a signer that keeps its key elsewhere, or an account's API key.

use std::{path::Path, sync::Arc};

use zeroize::Zeroizing;

use super::{PrivateKey, environment as env};
use crate::{
    error::{Error, Result},
    wallet::{CheckedSigner, LocalKey, Passphrase, Signer, WalletHome},
};

/// How API keys begin.
const PREFIX: &str = "brk_";
/// Where an API key is looked for.
const API_KEY: &str = "BLOCKRUN_API_KEY";
/// Where a wallet's key is looked for.
const WALLET_KEYS: [&str; 2] = ["BLOCKRUN_WALLET_KEY", "BASE_CHAIN_WALLET_KEY"];

/// Who pays.
pub(super) enum Credential {
    /// A wallet.
    Signer(Arc<dyn Signer>),
    /// An account.
    ApiKey(Zeroizing<String>),
}

impl Credential {
    /// What was given, else what the environment has, else the wallet in the home folder.
    pub(super) fn of(
        given: Option<&PrivateKey>,
        signer: Option<&Arc<dyn Signer>>,
        home: Option<&Path>,
    ) -> Result<Self> {
        if let Some(configured) = Self::configured(given, signer)? {
            return Ok(configured);
        }
        let home = WalletHome::find(home).ok();
        let key = home.map(|home| home.load(Passphrase::from_environment)).transpose()?.flatten();
        match key {
            Some(key) => Ok(Self::Signer(Arc::new(key.signer()))),
            None => Err(Error::argument(
                "private_key",
                "No credential configured. Either set BLOCKRUN_WALLET_KEY to the private key of a \
                 wallet, or BLOCKRUN_API_KEY to an API key, or pass either one as the first \
                 constructor argument, or make a wallet: `blockrun wallet create`, or \
                 setup_agent_wallet",
            )),
        }
    }

    /// What was given, else what the environment has: an API key goes before a wallet's key.
    pub(super) fn configured(
        given: Option<&PrivateKey>,
        signer: Option<&Arc<dyn Signer>>,
    ) -> Result<Option<Self>> {
        if let Some(signer) = signer {
            let checked = CheckedSigner::new(Arc::clone(signer));
            return Ok(Some(Self::Signer(Arc::new(checked))));
        }
        if let Some(key) = given {
            return Self::read("private_key", key.text()).map(Some);
        }
        if let Some(key) = env::text(API_KEY).map(Zeroizing::new) {
            return api_key(API_KEY, key.trim()).map(Some);
        }
        wallet_key().map(|(name, key)| Self::read(name, key.trim())).transpose()
    }

    pub(super) const fn is_api_key(&self) -> bool {
        matches!(self, Self::ApiKey(_))
    }

    fn read(field: &str, text: &str) -> Result<Self> {
        if text.starts_with(PREFIX) {
            return api_key(field, text);
        }
        Ok(Self::Signer(Arc::new(LocalKey::from_hex(text)?)))
    }
}

/// A wallet's key in the environment, and the variable it is in.
pub(super) fn wallet_key() -> Option<(&'static str, Zeroizing<String>)> {
    WALLET_KEYS.into_iter().find_map(|name| Some((name, Zeroizing::new(env::text(name)?))))
}

/// An API key; what is wrong with one is said without showing it.
fn api_key(field: &str, text: &str) -> Result<Credential> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let rest = text.strip_prefix(PREFIX).filter(|rest| !rest.is_empty() && rest.chars().all(plain));
    match rest {
        Some(_) => Ok(Credential::ApiKey(Zeroizing::new(text.to_owned()))),
        None => Err(Error::argument(
            field,
            "Invalid API key: expected a key starting with 'brk_', then letters, digits, _ and -",
        )),
    }
}
