//! Wallets in files, and how money gets into them.

use std::{path::Path, sync::Arc};

use blockrun_llm::{Error, error::Result, wallet};

use crate::{
    cancel::{CancelHandle, on_runtime},
    client::NativeClient,
    convert::parse,
    error::NativeResult,
    money::Usdc,
};

/// What is known of a wallet without its passphrase.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct WalletFile {
    /// Its account, as a checksummed address; nothing for a keystore that does not say.
    pub address: Option<String>,
    /// Where it is.
    pub path: String,
    /// Whether it takes a passphrase to use it.
    pub encrypted: bool,
}

/// A wallet of another program. It is not used.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DiscoveredWallet {
    /// The account of its key, as a checksummed address.
    pub address: String,
    /// Its file.
    pub source: String,
}

/// What a wallet has.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct WalletStatus {
    /// The wallet, as a checksummed address.
    pub address: String,
    /// The network whose USDC was counted, as a CAIP-2 identifier.
    pub network: String,
    /// What it holds there.
    pub balance: Usdc,
}

/// How USDC gets into a wallet.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Funding {
    /// The wallet, as a checksummed address.
    pub address: String,
    /// The network it is funded on, as a CAIP-2 identifier.
    pub network: String,
    /// The suggested amount.
    pub amount: Option<Usdc>,
    /// Link for a wallet app (EIP-681), to open or to draw as a QR code.
    pub uri: String,
    /// Page that shows the account to anybody, where one is known.
    pub explorer: Option<String>,
    /// What to do, in plain words.
    pub instructions: String,
}

impl From<wallet::WalletFile> for WalletFile {
    fn from(file: wallet::WalletFile) -> Self {
        let wallet::WalletFile { address, path, encrypted } = file;
        let address = address.map(|address| address.to_string());
        Self { address, path: path.display().to_string(), encrypted }
    }
}

impl From<wallet::FundingDetails> for Funding {
    fn from(details: wallet::FundingDetails) -> Self {
        let wallet::FundingDetails { address, network, amount, uri, explorer, instructions } =
            details;
        Self { address, network, amount: amount.map(Into::into), uri, explorer, instructions }
    }
}

/// Internal: use `setupAgentWallet`. The file of a wallet that was made just now.
///
/// # Errors
/// `InvalidArgument` for a wallet that cannot be used.
#[uniffi::export]
pub fn ensure_wallet(home: Option<String>) -> NativeResult<Option<String>> {
    let made = blockrun_llm::ensure_wallet(home.as_deref().map(Path::new))?;
    Ok(made.map(|file| file.path.display().to_string()))
}

/// Internal: use `listDiscoveredWallets`.
#[uniffi::export]
pub fn discovered_wallets() -> Vec<DiscoveredWallet> {
    let shown = |found: wallet::DiscoveredWallet| DiscoveredWallet {
        address: found.address.to_string(),
        source: found.source.display().to_string(),
    };
    wallet::discover_wallets().into_iter().map(shown).collect()
}

/// Internal: use `WalletHome`, which says what its methods do.
#[derive(Debug, uniffi::Object)]
pub struct NativeWalletHome(Arc<wallet::WalletHome>);

#[uniffi::export(async_runtime = "tokio")]
impl NativeWalletHome {
    /// Nothing need be there yet.
    ///
    /// # Errors
    /// `InvalidArgument` where there is no home folder.
    #[uniffi::constructor]
    pub fn new(home: Option<String>) -> NativeResult<Self> {
        let found = wallet::WalletHome::find(home.as_deref().map(Path::new))?;
        Ok(Self(Arc::new(found)))
    }

    /// The folder.
    pub fn folder(&self) -> String {
        self.0.folder().display().to_string()
    }

    /// The wallet that is there.
    ///
    /// # Errors
    /// `InvalidArgument` for a file that cannot be used; and so do the others.
    pub fn file(&self) -> NativeResult<Option<WalletFile>> {
        Ok(self.0.file()?.map(Into::into))
    }

    /// Makes a new wallet.
    ///
    /// # Errors
    /// As `file`, and where there is one.
    pub async fn create(&self, passphrase: Option<String>) -> NativeResult<WalletFile> {
        let create = move |home: &wallet::WalletHome| home.create_new(passphrase.map(Into::into));
        Ok(self.aside(create).await?.into())
    }

    /// Brings in a key.
    ///
    /// # Errors
    /// As `create`, and for what is no key.
    pub async fn import_key(
        &self,
        key: String,
        passphrase: Option<String>,
        path: Option<String>,
        replace: bool,
    ) -> NativeResult<WalletFile> {
        let import = move |home: &wallet::WalletHome| {
            let passphrase = passphrase.map(Into::into);
            home.import_key(&key, passphrase.as_ref(), path.as_deref(), replace)
        };
        Ok(self.aside(import).await?.into())
    }

    /// Takes over the wallet of another program.
    ///
    /// # Errors
    /// As `create`, and for an address that none has.
    pub async fn import_discovered(
        &self,
        address: String,
        replace: bool,
    ) -> NativeResult<WalletFile> {
        let import = move |home: &wallet::WalletHome| {
            let address = parse("address", &address, "an address")?;
            home.import_discovered(address, replace)
        };
        Ok(self.aside(import).await?.into())
    }

    /// The key itself.
    ///
    /// # Errors
    /// As `file`, without a wallet, and for a passphrase that does not open it.
    pub async fn export_key(&self, passphrase: Option<String>) -> NativeResult<String> {
        let export = move |home: &wallet::WalletHome| home.export_key(passphrase.map(Into::into));
        Ok(self.aside(export).await?.expose_hex().as_str().to_owned())
    }

    /// Writes an encrypted copy.
    ///
    /// # Errors
    /// As `export_key`, without a passphrase, and where something is.
    pub async fn backup(&self, file: String, passphrase: Option<String>) -> NativeResult<()> {
        let backup = move |home: &wallet::WalletHome| {
            home.backup(Path::new(&file), passphrase.map(Into::into))
        };
        self.aside(backup).await
    }
}

impl NativeWalletHome {
    /// Disks and passphrases take their time, on a thread of their own.
    async fn aside<T: Send + 'static>(
        &self,
        step: impl FnOnce(&wallet::WalletHome) -> Result<T> + Send + 'static,
    ) -> NativeResult<T> {
        let home = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || step(&home)).await;
        let broken = |cause| Error::argument("wallet", &format!("could not be used: {cause}"));
        Ok(done.map_err(broken)??)
    }
}

#[uniffi::export(async_runtime = "tokio")]
impl NativeClient {
    /// The wallet and what it holds.
    ///
    /// # Errors
    /// As `balance`.
    #[uniffi::method(default(cancel = None))]
    pub async fn status(&self, cancel: Option<Arc<CancelHandle>>) -> NativeResult<WalletStatus> {
        let client = self.0.clone();
        let found = on_runtime(cancel, async move { client.status().await }).await?;
        Ok(WalletStatus {
            address: found.address.to_string(),
            network: found.network.to_owned(),
            balance: found.balance.into(),
        })
    }

    /// How USDC gets into the wallet.
    ///
    /// # Errors
    /// `InvalidArgument` with an API key.
    pub fn funding(&self, amount: Option<Usdc>) -> NativeResult<Funding> {
        Ok(self.0.funding(amount.map(Into::into))?.details().into())
    }

    /// What a person is told of a new wallet.
    pub fn welcome(&self, key_file: String) -> String {
        self.0.welcome(Path::new(&key_file))
    }
}
