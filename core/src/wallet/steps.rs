//! What a program does with a wallet home in one step. A passphrase that is not given comes from the
//! environment ([`Passphrase::from_environment`]), and so does the one under which a key is kept.

use std::path::Path;

use alloy::primitives::Address;

use super::{Passphrase, SecretKey, WalletFile, WalletHome, discovered_key, write_key_file};
use crate::error::{Error, Result};

impl WalletHome {
    /// Makes a new wallet, encrypted if there is a passphrase.
    ///
    /// # Errors
    /// As [`WalletHome::create`].
    pub fn create_new(&self, passphrase: Option<Passphrase>) -> Result<WalletFile> {
        self.check_vacant()?;
        self.create(&SecretKey::generate()?, else_environment(passphrase)?.as_ref())
    }

    /// Brings in a key in any form; see [`SecretKey::from_text`] for the arguments. It is encrypted
    /// if the environment has a passphrase. With `replace` the wallet that is there gives way and is
    /// kept beside it.
    ///
    /// # Errors
    /// As [`SecretKey::from_text`], [`WalletHome::create`] and [`WalletHome::replace`].
    pub fn import_key(
        &self,
        key: &str,
        passphrase: Option<&Passphrase>,
        path: Option<&str>,
        replace: bool,
    ) -> Result<WalletFile> {
        self.keep(&SecretKey::from_text(key, passphrase, path)?, replace)
    }

    /// Takes over the wallet of another program, named by its address.
    ///
    /// # Errors
    /// As [`discovered_key`] and [`WalletHome::import_key`].
    pub fn import_discovered(&self, address: Address, replace: bool) -> Result<WalletFile> {
        self.keep(&discovered_key(address)?, replace)
    }

    /// The key of the wallet that is there. Whoever has it has the money.
    ///
    /// # Errors
    /// As [`WalletHome::load`]; `InvalidArgument` for `wallet` when there is none.
    pub fn export_key(&self, passphrase: Option<Passphrase>) -> Result<SecretKey> {
        let key = self.load(|| else_environment(passphrase))?;
        key.ok_or_else(|| {
            let folder = self.folder().display();
            Error::argument("wallet", &format!("there is none in {folder}; create or import one"))
        })
    }

    /// Writes an encrypted copy to a file that is not there yet. The wallet itself is opened with the
    /// passphrase of the environment, if it takes one.
    ///
    /// # Errors
    /// As [`WalletHome::export_key`] and [`write_key_file`]; `InvalidArgument` without a passphrase.
    pub fn backup(&self, file: &Path, passphrase: Option<Passphrase>) -> Result<()> {
        let key = self.export_key(None)?;
        let passphrase = else_environment(passphrase)?.ok_or_else(|| {
            Error::argument("passphrase", "a copy is encrypted: give the one to open it with")
        })?;
        write_key_file(file, &key, Some(&passphrase))
    }

    fn keep(&self, key: &SecretKey, replace: bool) -> Result<WalletFile> {
        if !replace {
            self.check_vacant()?;
        }
        let passphrase = Passphrase::from_environment()?;
        match replace {
            true => Ok(self.replace(key, passphrase.as_ref())?.0),
            false => self.create(key, passphrase.as_ref()),
        }
    }
}

fn else_environment(given: Option<Passphrase>) -> Result<Option<Passphrase>> {
    given.map_or_else(Passphrase::from_environment, |given| Ok(Some(given)))
}
