//! What writes key files: create, import, export, backup, encrypt, decrypt.

use std::{
    io::{IsTerminal, Read, stdin, stdout},
    path::Path,
};

use blockrun_llm::{
    WalletInUse,
    wallet::{
        KeyForm, Passphrase, SecretKey, WalletFile, WalletHome, discovered_key, write_key_file,
    },
};
use zeroize::Zeroizing;

use super::{ImportArguments, ask, no_wallet, told};
use crate::output::{Failure, print, remark};

/// Holds the passphrase of what is imported, where nobody can be asked.
const IMPORT_PASSPHRASE: &str = "BLOCKRUN_IMPORT_PASSPHRASE";

const IN_ARGUMENTS: &str = "\
a key among the arguments can be read by every program on this machine and stays in the history of the \
shell; if this one was real, move its money. Give it when asked, on standard input (`blockrun wallet \
import -`), or in a file";

pub(super) fn create(encrypt: bool) -> Result<(), Failure> {
    let home = home()?;
    home.check_vacant().map_err(told)?;
    let passphrase = ask::new(encrypt)?;
    new(&home, &SecretKey::generate()?, passphrase.as_ref())
}

/// Keeps a key that nobody has had before.
pub(super) fn new(
    home: &WalletHome,
    key: &SecretKey,
    passphrase: Option<&Passphrase>,
) -> Result<(), Failure> {
    let file = home.create(key, passphrase).map_err(told)?;
    made(&file)?;
    remark("It is empty: `blockrun wallet fund` says how money gets in.")
}

pub(super) fn import(arguments: ImportArguments) -> Result<(), Failure> {
    if arguments.key.is_some() {
        return Err(Failure::usage(IN_ARGUMENTS));
    }
    let home = home()?;
    if !arguments.replace {
        home.check_vacant().map_err(told)?;
    }
    let key = match arguments.found {
        Some(address) => discovered_key(address).map_err(told)?,
        None => given(&arguments)?,
    };
    let passphrase = ask::new(arguments.encrypt)?;
    if !arguments.replace {
        let file = home.create(&key, passphrase.as_ref()).map_err(told)?;
        return made(&file);
    }
    let (file, kept) = home.replace(&key, passphrase.as_ref()).map_err(told)?;
    for backup in kept {
        remark(&format!("the one before is kept in {}", backup.display()))?;
    }
    made(&file)
}

pub(super) fn encrypt() -> Result<(), Failure> {
    let home = home()?;
    let there = home.file().map_err(told)?.ok_or_else(no_wallet)?;
    if there.encrypted {
        let path = there.path.display();
        return Err(Failure::usage(format!("{path} is encrypted already")));
    }
    let key = opened(&home)?;
    let passphrase = ask::new(true)?;
    let (file, _) = home.replace(&key, passphrase.as_ref()).map_err(told)?;
    made(&file)
}

/// The keystore stays beside the plain file, as that of a wallet that gave way to another.
pub(super) fn decrypt() -> Result<(), Failure> {
    let home = home()?;
    let there = home.file().map_err(told)?.ok_or_else(no_wallet)?;
    if !there.encrypted {
        let path = there.path.display();
        return Err(Failure::usage(format!("{path} is not encrypted")));
    }
    if !ask::somebody() {
        return Err(Failure::usage(
            "a wallet is decrypted for somebody who confirms it on a terminal; `blockrun wallet export \
             --to FILE` writes its key to a file that only you can read",
        ));
    }
    let key = opened(&home)?;
    confirm(&key, "lie in plain", "Whoever can read its file can take all of its money.")?;
    let (file, kept) = home.replace(&key, None).map_err(told)?;
    for keystore in kept {
        remark(&format!("the keystore is kept in {}", keystore.display()))?;
    }
    made(&file)
}

pub(super) fn backup(file: &Path) -> Result<(), Failure> {
    let key = opened(&home()?)?;
    let passphrase = ask::new(true)?;
    write_key_file(file, &key, passphrase.as_ref()).map_err(told)?;
    print(&format!("{} holds {}, encrypted", file.display(), key.address()))
}

pub(super) fn export_to(file: &Path) -> Result<(), Failure> {
    let key = opened(&home()?)?;
    write_key_file(file, &key, None).map_err(told)?;
    print(&format!("{} holds the key of {}, in plain", file.display(), key.address()))
}

pub(super) fn export_shown() -> Result<(), Failure> {
    if !ask::somebody() || !stdout().is_terminal() {
        return Err(Failure::usage(
            "a key is shown on a terminal only, to somebody who confirms it; `--to FILE` writes it to \
             a file that only you can read",
        ));
    }
    let key = opened(&home()?)?;
    confirm(&key, "be shown", "Whoever sees it can take all of its money.")?;
    print(&key.expose_hex())
}

/// Goes on only when whoever sits there types the end of the account's address.
fn confirm(key: &SecretKey, what: &str, risk: &str) -> Result<(), Failure> {
    let address = key.address().to_string();
    let end = &address[address.len() - 6..];
    remark(&format!("The key of {address} is to {what}. {risk}"))?;
    let typed = ask::line(&format!("Type the last 6 characters of the address, {end}, to go on"))?;
    match typed.eq_ignore_ascii_case(end) {
        true => Ok(()),
        false => Err(Failure::usage("not confirmed; nothing was done")),
    }
}

pub(super) fn home() -> Result<WalletHome, Failure> {
    WalletHome::find(None).map_err(told)
}

/// The key of the wallet that is here, for which its passphrase may be asked.
fn opened(home: &WalletHome) -> Result<SecretKey, Failure> {
    home.load(ask::known).map_err(told)?.ok_or_else(no_wallet)
}

/// The key that is to be imported.
fn given(arguments: &ImportArguments) -> Result<SecretKey, Failure> {
    let text = match &arguments.file {
        Some(file) if file.as_os_str() != "-" => read(file)?,
        None if ask::somebody() => ask::secret("Private key, or phrase of words")?,
        _ => standard_input()?,
    };
    let set = std::env::var(IMPORT_PASSPHRASE).ok().filter(|value| !value.is_empty());
    let passphrase = match (set, KeyForm::of(&text)) {
        (_, KeyForm::Hex) => None,
        (Some(set), _) => Some(Passphrase::from(set)),
        (None, KeyForm::Mnemonic) if !arguments.passphrase => None,
        (None, form) if ask::somebody() => {
            let what = if form == KeyForm::Keystore { "keystore" } else { "phrase" };
            Some(ask::secret(&format!("Passphrase of the {what}"))?.as_str().into())
        }
        (None, _) => {
            let problem =
                format!("there is nobody to ask for its passphrase: set {IMPORT_PASSPHRASE}");
            return Err(Failure::usage(problem));
        }
    };
    SecretKey::from_text(&text, passphrase.as_ref(), arguments.path.as_deref()).map_err(told)
}

fn read(file: &Path) -> Result<Zeroizing<String>, Failure> {
    let written = std::fs::read_to_string(file).map(Zeroizing::new);
    written.map_err(|cause| match file.to_str().map(SecretKey::from_hex) {
        Some(Ok(_)) => Failure::usage(IN_ARGUMENTS),
        _ => Failure::usage(format!("{} could not be read: {cause}", file.display())),
    })
}

fn standard_input() -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    stdin()
        .read_to_string(&mut text)
        .map_err(|cause| Failure::usage(format!("standard input could not be read: {cause}")))?;
    Ok(text)
}

/// Says which wallet there is now, and whether something else goes before it.
fn made(file: &WalletFile) -> Result<(), Failure> {
    let address = file.address.map(|address| address.to_string()).unwrap_or_default();
    print(&address)?;
    let how = if file.encrypted { "encrypted" } else { "readable by you alone" };
    remark(&format!("its key is in {}, {how}", file.path.display()))?;
    match WalletInUse::find(None).map_err(told)? {
        Some(WalletInUse { variable: Some(name), .. }) => {
            remark(&format!("{name} is set and goes before it: unset it to pay from this wallet"))
        }
        _ => Ok(()),
    }
}
