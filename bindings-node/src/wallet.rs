//! Wallets in files, and how money gets into them.

use std::{path::PathBuf, sync::Arc};

use blockrun_llm::{
    Error, WalletStatus, ensure_wallet as ensure,
    error::Result as CoreResult,
    wallet::{DiscoveredWallet, Funding, FundingDetails, WalletFile, WalletHome, discover_wallets},
};
use napi::{
    Either, Env,
    bindgen_prelude::{BigInt, ClassInstance, PromiseRaw, Result, Uint8Array, spawn_blocking},
};
use napi_derive::napi;

use crate::{
    cancel::{CancelHandle, cancellable},
    client::NativeClient,
    convert::dollars,
    errors::core,
    output::micro,
};

/// The file of a wallet that was made just now; nothing where there was somebody who pays.
#[napi(catch_unwind)]
pub fn ensure_wallet(home: Option<String>) -> Result<Option<String>> {
    let made = core(ensure(home.map(PathBuf::from).as_deref()))?;
    Ok(made.map(|file| file.path.display().to_string()))
}

/// Wallets of other programs.
#[napi(catch_unwind)]
pub fn discovered_wallets() -> Vec<DiscoveredOutput> {
    discover_wallets().into_iter().map(Into::into).collect()
}

/// A wallet of another program.
#[napi(object, object_from_js = false)]
pub struct DiscoveredOutput {
    pub address: String,
    pub source: String,
}

impl From<DiscoveredWallet> for DiscoveredOutput {
    fn from(found: DiscoveredWallet) -> Self {
        let DiscoveredWallet { address, source } = found;
        Self { address: address.to_string(), source: source.display().to_string() }
    }
}

/// What is known of a wallet without its passphrase.
#[napi(object, object_from_js = false)]
pub struct WalletFileOutput {
    pub address: Option<String>,
    pub path: String,
    pub encrypted: bool,
}

impl From<WalletFile> for WalletFileOutput {
    fn from(file: WalletFile) -> Self {
        let WalletFile { address, path, encrypted } = file;
        let address = address.map(|address| address.to_string());
        Self { address, path: path.display().to_string(), encrypted }
    }
}

/// What is imported, and how.
#[napi(object, object_to_js = false)]
pub struct ImportInput {
    pub key: String,
    pub passphrase: Option<String>,
    pub path: Option<String>,
    pub replace: Option<bool>,
}

/// The folder in which an account keeps its wallet. What takes half a second, since passphrases are
/// slow to try on purpose, is done on another thread.
#[napi]
pub struct NativeHome(Arc<WalletHome>);

#[napi]
impl NativeHome {
    /// Nothing need be there yet.
    #[napi(constructor, catch_unwind)]
    pub fn new(folder: Option<String>) -> Result<Self> {
        let home = core(WalletHome::find(folder.map(PathBuf::from).as_deref()))?;
        Ok(Self(Arc::new(home)))
    }

    #[napi(getter, catch_unwind)]
    pub fn folder(&self) -> String {
        self.0.folder().display().to_string()
    }

    /// The wallet that is there.
    #[napi(catch_unwind)]
    pub fn file(&self) -> Result<Option<WalletFileOutput>> {
        Ok(core(self.0.file())?.map(Into::into))
    }

    #[napi(catch_unwind)]
    pub fn create<'env>(
        &self,
        env: &'env Env,
        passphrase: Option<String>,
    ) -> Result<PromiseRaw<'env, WalletFileOutput>> {
        let create = move |home: &WalletHome| home.create_new(passphrase.map(Into::into));
        self.aside(env, move |home| create(home).map(Into::into))
    }

    #[napi(catch_unwind)]
    pub fn import_key<'env>(
        &self,
        env: &'env Env,
        input: ImportInput,
    ) -> Result<PromiseRaw<'env, WalletFileOutput>> {
        self.aside(env, move |home| {
            let ImportInput { key, passphrase, path, replace } = input;
            let passphrase = passphrase.map(Into::into);
            let replace = replace.unwrap_or_default();
            Ok(home.import_key(&key, passphrase.as_ref(), path.as_deref(), replace)?.into())
        })
    }

    #[napi(catch_unwind)]
    pub fn import_discovered<'env>(
        &self,
        env: &'env Env,
        address: String,
        replace: bool,
    ) -> Result<PromiseRaw<'env, WalletFileOutput>> {
        self.aside(env, move |home| {
            let parsed = address.parse().map_err(|_| {
                Error::argument("address", &format!("{address:?} is not an address"))
            })?;
            Ok(home.import_discovered(parsed, replace)?.into())
        })
    }

    /// The key itself.
    #[napi(catch_unwind)]
    pub fn export_key<'env>(
        &self,
        env: &'env Env,
        passphrase: Option<String>,
    ) -> Result<PromiseRaw<'env, String>> {
        self.aside(env, move |home| {
            let key = home.export_key(passphrase.map(Into::into))?;
            Ok(key.expose_hex().as_str().to_owned())
        })
    }

    #[napi(catch_unwind)]
    pub fn backup<'env>(
        &self,
        env: &'env Env,
        file: String,
        passphrase: Option<String>,
    ) -> Result<PromiseRaw<'env, ()>> {
        let file = PathBuf::from(file);
        self.aside(env, move |home| home.backup(&file, passphrase.map(Into::into)))
    }

    fn aside<'env, T>(
        &self,
        env: &'env Env,
        step: impl FnOnce(&WalletHome) -> CoreResult<T> + Send + 'static,
    ) -> Result<PromiseRaw<'env, T>>
    where
        T: napi::bindgen_prelude::ToNapiValue + Send + 'static,
    {
        let home = Arc::clone(&self.0);
        let step = spawn_blocking(move || core(step(&home)));
        env.spawn_future(async move {
            step.await.map_err(|cause| napi::Error::from_reason(cause.to_string()))?
        })
    }
}

/// What a wallet has.
#[napi(object, object_from_js = false)]
pub struct StatusOutput {
    pub address: String,
    pub network: String,
    pub balance_usd: f64,
    pub balance_micro: BigInt,
}

impl From<WalletStatus> for StatusOutput {
    fn from(status: WalletStatus) -> Self {
        Self {
            address: status.address.to_string(),
            network: status.network.to_owned(),
            balance_usd: status.balance.dollars(),
            balance_micro: micro(status.balance),
        }
    }
}

/// How USDC gets into a wallet.
#[napi(object, object_from_js = false)]
pub struct FundingOutput {
    pub address: String,
    pub network: String,
    pub amount_usd: Option<f64>,
    pub amount_micro: Option<BigInt>,
    pub uri: String,
    pub explorer: Option<String>,
    pub instructions: String,
}

impl From<FundingDetails> for FundingOutput {
    fn from(details: FundingDetails) -> Self {
        let FundingDetails { address, network, amount, uri, explorer, instructions } = details;
        let (amount_usd, amount_micro) = (amount.map(|sum| sum.dollars()), amount.map(micro));
        Self { address, network, amount_usd, amount_micro, uri, explorer, instructions }
    }
}

#[napi]
impl NativeClient {
    /// The wallet and what it holds.
    #[napi(catch_unwind)]
    pub fn status<'env>(
        &self,
        env: &'env Env,
        cancel: Option<ClassInstance<'_, CancelHandle>>,
    ) -> Result<PromiseRaw<'env, StatusOutput>> {
        let client = self.client()?;
        let call = async move { Ok(core(client.status().await)?.into()) };
        env.spawn_future(cancellable(cancel.as_deref(), call))
    }

    /// What a person is told of a new wallet.
    #[napi(catch_unwind)]
    pub fn welcome(&self, key_file: String) -> Result<String> {
        Ok(self.client()?.welcome(key_file.as_ref()))
    }

    /// How USDC gets into the wallet.
    #[napi(catch_unwind)]
    pub fn funding(&self, amount: Option<Either<f64, String>>) -> Result<FundingOutput> {
        Ok(self.ask_for_money(amount)?.details().into())
    }

    /// The QR code of it in a PNG file.
    #[napi(catch_unwind)]
    pub fn funding_png(&self, amount: Option<Either<f64, String>>) -> Result<Uint8Array> {
        Ok(core(self.ask_for_money(amount)?.qr_png())?.into())
    }

    /// The QR code of it for a terminal.
    #[napi(catch_unwind)]
    pub fn funding_text(
        &self,
        amount: Option<Either<f64, String>>,
        dark_blocks: bool,
    ) -> Result<String> {
        core(self.ask_for_money(amount)?.qr_text(dark_blocks))
    }

    fn ask_for_money(&self, amount: Option<Either<f64, String>>) -> Result<Funding> {
        core(self.client()?.funding(core(dollars("amount", amount))?))
    }
}
