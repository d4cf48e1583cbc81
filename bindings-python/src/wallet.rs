//! Wallets in files: `blockrun_llm.wallet` stands on it.

use std::path::PathBuf;

use blockrun_llm::{
    Result,
    networks::BASE,
    wallet::{Address, Funding, WalletHome, discover_wallets},
};
use pyo3::{prelude::*, types::PyDict};

use crate::{
    convert::{Arguments, invalid, to_json},
    errors::exception,
};

/// The file of a wallet that was made just now; `None` where there was somebody who pays.
#[pyfunction]
pub(crate) fn ensure_wallet(py: Python<'_>, home: Option<PathBuf>) -> PyResult<Option<PathBuf>> {
    let made = py.detach(|| blockrun_llm::ensure_wallet(home.as_deref()));
    Ok(made.map_err(|error| exception(py, &error))?.map(|file| file.path))
}

/// Wallets of other programs, as JSON.
#[pyfunction]
pub(crate) fn discovered(py: Python<'_>) -> PyResult<String> {
    to_json(&py.detach(discover_wallets))
}

/// How USDC gets to an account on Base, as JSON.
#[pyfunction]
pub(crate) fn funding_on_base(address: &str, arguments: &Bound<'_, PyDict>) -> PyResult<String> {
    let address = account(address)?;
    let amount = Arguments(arguments).dollars("amount")?;
    to_json(&Funding { address, network: &BASE, amount }.details())
}

fn account(text: &str) -> PyResult<Address> {
    text.parse().map_err(|_| invalid("address", &format!("{text:?} is not an address")))
}

/// The folder in which an account keeps its wallet.
#[pyclass(frozen, module = "blockrun_llm._native")]
pub(crate) struct Home(WalletHome);

#[pymethods]
impl Home {
    #[new]
    fn new(py: Python<'_>, folder: Option<PathBuf>) -> PyResult<Self> {
        let home = WalletHome::find(folder.as_deref());
        home.map(Self).map_err(|error| exception(py, &error))
    }

    #[getter]
    fn folder(&self) -> PathBuf {
        self.0.folder().to_owned()
    }

    /// The wallet that is there, as JSON.
    fn file(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.run(py, WalletHome::file)?.map(|file| to_json(&file)).transpose()
    }

    /// The file of a new wallet, as JSON, and so do the next.
    fn create(&self, py: Python<'_>, passphrase: Option<String>) -> PyResult<String> {
        to_json(&self.run(py, |home| home.create_new(passphrase.map(Into::into)))?)
    }

    fn import_key(&self, py: Python<'_>, arguments: &Bound<'_, PyDict>) -> PyResult<String> {
        let arguments = Arguments(arguments);
        let key = arguments.required("key", Arguments::text)?;
        let passphrase = arguments.text("passphrase")?.map(Into::into);
        let path = arguments.text("path")?;
        let replace = arguments.flag("replace")?.unwrap_or_default();
        let import = |home: &WalletHome| {
            home.import_key(&key, passphrase.as_ref(), path.as_deref(), replace)
        };
        to_json(&self.run(py, import)?)
    }

    fn import_discovered(&self, py: Python<'_>, address: &str, replace: bool) -> PyResult<String> {
        let address = account(address)?;
        to_json(&self.run(py, |home| home.import_discovered(address, replace))?)
    }

    /// The key itself.
    fn export_key(&self, py: Python<'_>, passphrase: Option<String>) -> PyResult<String> {
        let key = self.run(py, |home| home.export_key(passphrase.map(Into::into)))?;
        Ok(key.expose_hex().as_str().to_owned())
    }

    fn backup(&self, py: Python<'_>, file: PathBuf, passphrase: Option<String>) -> PyResult<()> {
        self.run(py, |home| home.backup(&file, passphrase.map(Into::into)))
    }
}

impl Home {
    /// Disks and passphrases take their time: other threads go on meanwhile.
    fn run<T: Send>(
        &self,
        py: Python<'_>,
        step: impl FnOnce(&WalletHome) -> Result<T> + Send,
    ) -> PyResult<T> {
        py.detach(|| step(&self.0)).map_err(|error| exception(py, &error))
    }
}
