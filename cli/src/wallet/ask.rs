//! Questions to whoever sits at the terminal. What is typed for a secret is not shown.

use std::io::{ErrorKind as IoKind, IsTerminal, Write, stderr, stdin};

use blockrun_llm::{
    Error, PrivateKey, WalletInUse,
    wallet::{Passphrase, WalletFile, WalletHome},
};
use zeroize::Zeroizing;

use super::{is_account, told};
use crate::output::{Failure, remark};

/// Whether there is anybody to ask.
pub(crate) fn somebody() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// A secret, as typed.
pub(super) fn secret(question: &str) -> Result<Zeroizing<String>, Failure> {
    let _ = write!(stderr(), "{question}: ");
    let typed = rpassword::read_password();
    typed.map(Zeroizing::new).map_err(|cause| unread(&cause))
}

/// A line, shown while it is typed.
pub(crate) fn line(question: &str) -> Result<String, Failure> {
    let _ = write!(stderr(), "{question}: ");
    let mut line = String::new();
    match stdin().read_line(&mut line) {
        Ok(0) => Err(unread(&IoKind::UnexpectedEof.into())),
        Ok(_) => Ok(line.trim().to_owned()),
        Err(cause) => Err(unread(&cause)),
    }
}

/// The passphrase of the wallet that is here: from the environment, else asked for. `None` where
/// there is neither.
pub(super) fn known() -> Result<Option<Passphrase>, Error> {
    if let Some(passphrase) = Passphrase::from_environment()? {
        return Ok(Some(passphrase));
    }
    let typed = somebody().then(|| secret("Passphrase of the wallet")).transpose();
    let typed = typed.map_err(|failure| Error::argument("passphrase", failure.message()))?;
    Ok(typed.map(|text| text.as_str().into()))
}

/// The key of the wallet that pays, where its passphrase has to be asked for; `None` where a client
/// finds its credential without that.
pub(super) fn unlocked() -> Result<Option<PrivateKey>, Error> {
    if is_account() || !somebody() || Passphrase::from_environment()?.is_some() {
        return Ok(None);
    }
    match WalletInUse::find(None)? {
        Some(WalletInUse { file: Some(WalletFile { encrypted: true, .. }), .. }) => {
            let key = WalletHome::find(None)?.load(known)?;
            Ok(key.map(|key| key.expose_hex().as_str().into()))
        }
        _ => Ok(None),
    }
}

/// A passphrase for a key that is to be encrypted: from the environment, else asked for twice. Nothing
/// is asked, and `None` given, unless it is `wanted`.
pub(super) fn new(wanted: bool) -> Result<Option<Passphrase>, Failure> {
    let found = Passphrase::from_environment().map_err(told)?;
    if found.is_some() || !wanted {
        return Ok(found);
    }
    if !somebody() {
        return Err(Failure::usage(
            "there is nobody to ask for a passphrase: set BLOCKRUN_WALLET_PASSPHRASE, or \
             BLOCKRUN_WALLET_PASSPHRASE_COMMAND to a command that prints it",
        ));
    }
    loop {
        let (first, again) = (secret("New passphrase")?, secret("Once more")?);
        match (first.is_empty(), *first == *again) {
            (false, true) => return Ok(Some(first.as_str().into())),
            (true, _) => remark("An empty passphrase would protect nothing.")?,
            (false, false) => remark("They differ.")?,
        }
    }
}

fn unread(cause: &std::io::Error) -> Failure {
    match cause.kind() {
        IoKind::Interrupted | IoKind::UnexpectedEof => Failure::usage("nothing was typed"),
        _ => Failure::other(format!("the terminal could not be read: {cause}")),
    }
}
