//! [`WalletHome`]: the folder in which an account keeps its wallet.

use std::{
    io::{self, ErrorKind as IoKind},
    path::{Path, PathBuf},
};

use alloy::primitives::Address;
use serde::Serialize;
use zeroize::Zeroizing;

use super::{
    Keystore, Passphrase, ScryptCost, SecretKey,
    private::{self, Locked},
};
use crate::{
    clock::{Clock, SystemClock},
    error::{Error, Result},
};

/// A key in plain hexadecimal, as the published packages keep it.
const SESSION: &str = ".session";
/// The same in their oldest versions. Read, never written.
const LEGACY: &str = "wallet.key";
/// A key under a passphrase.
const KEYSTORE: &str = "keystore.json";

/// The folder in which an account keeps its wallet and its payments.
///
/// One wallet at a time. It is looked for in this order, and the first file that is there decides:
/// one that cannot be used is an error, never a reason to pay from the next.
///
/// 1. `keystore.json`, encrypted (Web3 Secret Storage, version 3)
/// 2. `.session`, the key in hexadecimal
/// 3. `wallet.key`, the same, of old versions; never written
///
/// Files are written whole or not at all, for their owner only from the first byte, and never over a
/// key that is not kept somewhere else. The functions block on the disk; those that encrypt or decrypt
/// for about half a second more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletHome(PathBuf);

/// What is known of a wallet without its passphrase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WalletFile {
    /// Its account; `None` for a keystore that does not say.
    #[serde(serialize_with = "checksummed_if_known")]
    pub address: Option<Address>,
    /// Where it is.
    pub path: PathBuf,
    /// Whether it takes a passphrase to use it.
    pub encrypted: bool,
}

/// The folder of an account: the given one, `BLOCKRUN_HOME`, then `~/.blockrun`; `None` on a system
/// that has no home folder.
pub(crate) fn home_folder(given: Option<&Path>) -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    given
        .map(Path::to_owned)
        .or_else(|| set("BLOCKRUN_HOME"))
        .or_else(|| std::env::home_dir().map(|home| home.join(".blockrun")))
}

impl WalletHome {
    /// The wallet home in a folder, which need not be there yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// The folder given, `BLOCKRUN_HOME`, then `~/.blockrun`.
    ///
    /// # Errors
    /// `InvalidArgument` for `home` on a system that has no home folder.
    pub fn find(given: Option<&Path>) -> Result<Self> {
        home_folder(given).map(Self).ok_or_else(|| {
            Error::argument("home", "there is no home folder; give one, or set BLOCKRUN_HOME")
        })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// The wallet that is there, without opening it; `None` when there is none.
    ///
    /// # Errors
    /// `InvalidArgument` for `wallet`: a file that is malformed or that others could read or change.
    pub fn file(&self) -> Result<Option<WalletFile>> {
        let Some(found) = self.find_file()? else { return Ok(None) };
        let path = self.0.join(found.name());
        let (address, encrypted) = match &found {
            Found::Keystore(keystore) => (keystore.address(), true),
            Found::Plain(_, key) => (Some(key.address()), false),
        };
        Ok(Some(WalletFile { address, path, encrypted }))
    }

    /// The key of the wallet that is there; `None` when there is none. `passphrase` is asked for
    /// only where it is needed.
    ///
    /// # Errors
    /// As [`WalletHome::file`]; `InvalidArgument` for a missing or wrong `passphrase`; whatever
    /// `passphrase` fails with.
    pub fn load(
        &self,
        passphrase: impl FnOnce() -> Result<Option<Passphrase>>,
    ) -> Result<Option<SecretKey>> {
        match self.find_file()? {
            None => Ok(None),
            Some(Found::Plain(_, key)) => Ok(Some(key)),
            Some(Found::Keystore(keystore)) => {
                let passphrase = passphrase()?.ok_or_else(|| {
                    Error::argument(
                        "passphrase",
                        &format!(
                            "{} is encrypted; set BLOCKRUN_WALLET_PASSPHRASE, or \
                             BLOCKRUN_WALLET_PASSPHRASE_COMMAND to a command that prints it",
                            self.0.join(KEYSTORE).display()
                        ),
                    )
                })?;
                keystore.decrypt(passphrase.expose()).map(Some)
            }
        }
    }

    /// Makes a wallet with this key, encrypted if there is a passphrase.
    ///
    /// # Errors
    /// `InvalidArgument` for `wallet` when there is one already, for an empty `passphrase`, and for
    /// a folder that cannot be written.
    pub fn create(&self, key: &SecretKey, passphrase: Option<&Passphrase>) -> Result<WalletFile> {
        let new = Written::of(key, passphrase)?;
        let locked = self.lock()?;
        self.check_vacant()?;
        locked.write_new(new.name, &new.text).map_err(|cause| self.unwritable(&cause))?;
        Ok(self.written(key, &new))
    }

    /// Makes sure that there is no wallet, before one is made or asked for.
    ///
    /// # Errors
    /// `InvalidArgument` for `wallet` that names the one there is; as [`WalletHome::file`].
    pub fn check_vacant(&self) -> Result<()> {
        match self.file()? {
            Some(there) => Err(there.in_the_way()),
            None => Ok(()),
        }
    }

    /// The wallet that is there, or a new one, encrypted if there is a passphrase; and whether it is
    /// new. Of processes that do so at once, one makes it and all get it.
    ///
    /// # Errors
    /// As [`WalletHome::load`] and [`WalletHome::create`].
    pub fn get_or_create(
        &self,
        passphrase: impl FnOnce() -> Result<Option<Passphrase>>,
    ) -> Result<(SecretKey, bool)> {
        if self.find_file()?.is_some() {
            let there = self.load(passphrase)?;
            return there.map(|key| (key, false)).ok_or_else(|| self.gone());
        }
        let passphrase = passphrase()?;
        let key = SecretKey::generate()?;
        match self.create(&key, passphrase.as_ref()) {
            Ok(_) => Ok((key, true)),
            // Another process was faster, or nothing can be written here.
            Err(cause) => match self.load(|| Ok(passphrase))? {
                Some(there) => Ok((there, false)),
                None => Err(cause),
            },
        }
    }

    /// Puts this key in the place of the wallet that is there, if any, encrypted if there is a
    /// passphrase. Each key file that gives way is kept beside it first, as
    /// `<name>.backup-<Unix time>`, unless it holds the same key in plain: so `replace` with the
    /// wallet's own key encrypts it, or undoes that.
    ///
    /// # Errors
    /// As [`WalletHome::create`], except that a wallet may be there.
    pub fn replace(
        &self,
        key: &SecretKey,
        passphrase: Option<&Passphrase>,
    ) -> Result<(WalletFile, Vec<PathBuf>)> {
        let new = Written::of(key, passphrase)?;
        let locked = self.lock()?;
        let mut kept = Vec::new();
        let mut in_the_way = Vec::new();
        for name in [KEYSTORE, SESSION] {
            let Some(text) = private::read(&self.0.join(name))? else { continue };
            if name == KEYSTORE || !is_key(&text, key) {
                kept.push(
                    self.keep_beside(&locked, name, &text)
                        .map_err(|cause| self.unwritable(&cause))?,
                );
            }
            in_the_way.push(name);
        }
        in_the_way.retain(|name| *name != new.name);
        let written = locked.replace(new.name, &new.text);
        let moved = written.and_then(|()| {
            in_the_way.into_iter().try_for_each(|name| std::fs::remove_file(self.0.join(name)))
        });
        moved.map_err(|cause| self.unwritable(&cause))?;
        Ok((self.written(key, &new), kept))
    }

    fn find_file(&self) -> Result<Option<Found>> {
        if let Some(json) = private::read(&self.0.join(KEYSTORE))? {
            return Keystore::parse(&json).map(Found::Keystore).map(Some);
        }
        for name in [SESSION, LEGACY] {
            let path = self.0.join(name);
            if let Some(text) = private::read(&path)? {
                let key = SecretKey::from_hex(text.trim()).map_err(|cause| {
                    let problem = format!("{} holds no key: {cause}", path.display());
                    Error::argument("wallet", &problem)
                })?;
                return Ok(Some(Found::Plain(name, key)));
            }
        }
        Ok(None)
    }

    fn keep_beside(&self, locked: &Locked, name: &str, text: &str) -> io::Result<PathBuf> {
        let time = SystemClock.now();
        for count in 1.. {
            let more = if count == 1 { String::new() } else { format!("-{count}") };
            let backup = format!("{name}.backup-{time}{more}");
            match locked.write_new(&backup, text) {
                Err(cause) if cause.kind() == IoKind::AlreadyExists => {}
                written => return written.map(|()| self.0.join(backup)),
            }
        }
        Err(IoKind::AlreadyExists.into())
    }

    fn lock(&self) -> Result<Locked> {
        Locked::take(&self.0).map_err(|cause| self.unwritable(&cause))
    }

    fn written(&self, key: &SecretKey, new: &Written) -> WalletFile {
        WalletFile {
            address: Some(key.address()),
            path: self.0.join(new.name),
            encrypted: new.name == KEYSTORE,
        }
    }

    fn unwritable(&self, cause: &io::Error) -> Error {
        let folder = self.0.display();
        let problem = format!(
            "{folder} cannot be written: {cause}; set BLOCKRUN_HOME to a folder of \
                               your own on a local disk"
        );
        Error::argument("wallet", &problem)
    }

    fn gone(&self) -> Error {
        let problem = format!("somebody removed it from {} just now; try again", self.0.display());
        Error::argument("wallet", &problem)
    }
}

impl WalletFile {
    fn in_the_way(&self) -> Error {
        let account = self.address.map_or_else(String::new, |address| format!(" of {address}"));
        let problem = format!(
            "there is one{account} already, {}; it is never overwritten: replace it expressly, which \
             keeps it beside the new one, or set BLOCKRUN_HOME to another folder",
            self.path.display()
        );
        Error::argument("wallet", &problem)
    }
}

/// Writes a key to a file that is not there yet, encrypted if there is a passphrase, else as `0x` and
/// 64 hexadecimal digits; for its owner only.
///
/// # Errors
/// `InvalidArgument` for `path` when something is there already or it cannot be written, and for an
/// empty `passphrase`.
pub fn write_key_file(path: &Path, key: &SecretKey, passphrase: Option<&Passphrase>) -> Result<()> {
    let text = Written::of(key, passphrase)?.text;
    private::write_new(path, &text).map_err(|cause| {
        Error::argument("path", &format!("{} could not be written: {cause}", path.display()))
    })
}

fn checksummed_if_known<S: serde::Serializer>(
    address: &Option<Address>,
    out: S,
) -> std::result::Result<S::Ok, S::Error> {
    address.map(|address| address.to_string()).serialize(out)
}

enum Found {
    Keystore(Keystore),
    Plain(&'static str, SecretKey),
}

impl Found {
    const fn name(&self) -> &'static str {
        match self {
            Self::Keystore(_) => KEYSTORE,
            Self::Plain(name, _) => name,
        }
    }
}

/// A file to be written.
struct Written {
    name: &'static str,
    text: Zeroizing<String>,
}

impl Written {
    fn of(key: &SecretKey, passphrase: Option<&Passphrase>) -> Result<Self> {
        let Some(passphrase) = passphrase else {
            return Ok(Self { name: SESSION, text: key.expose_hex() });
        };
        let keystore = Keystore::encrypt(key, passphrase.expose(), ScryptCost::default())?;
        Ok(Self { name: KEYSTORE, text: Zeroizing::new(keystore.to_json()) })
    }
}

fn is_key(text: &str, key: &SecretKey) -> bool {
    SecretKey::from_hex(text.trim()).is_ok_and(|there| there.address() == key.address())
}
