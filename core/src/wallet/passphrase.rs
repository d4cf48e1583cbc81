//! Where the passphrase of an encrypted wallet comes from.

use std::{
    fmt,
    process::{Command, Stdio},
};

use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Holds the passphrase.
const TEXT: &str = "BLOCKRUN_WALLET_PASSPHRASE";
/// Holds a command that prints it.
const COMMAND: &str = "BLOCKRUN_WALLET_PASSPHRASE_COMMAND";

/// A passphrase, zeroized when dropped and never printed.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// What the environment has: `BLOCKRUN_WALLET_PASSPHRASE` as it is, else the output of the shell
    /// command in `BLOCKRUN_WALLET_PASSPHRASE_COMMAND` without its last line end (`pass show
    /// blockrun`, `security find-generic-password …`). `None` when neither is set; empty counts as
    /// unset.
    ///
    /// The command is waited for, and may ask its user something.
    ///
    /// # Errors
    /// `InvalidArgument` that names the variable: the command cannot be started, fails or prints
    /// nothing.
    pub fn from_environment() -> Result<Option<Self>> {
        let set = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        match (set(TEXT), set(COMMAND)) {
            (Some(text), _) => Ok(Some(text.into())),
            (None, Some(command)) => printed(&command).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The passphrase itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Passphrase {
    fn from(text: T) -> Self {
        Self(Zeroizing::new(text.into()))
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

fn printed(command: &str) -> Result<Passphrase> {
    let failed = |problem: String| Error::argument(COMMAND, &problem);
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let output = Command::new(shell)
        .args([option, command])
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|cause| failed(format!("{command:?} could not be started: {cause}")))?;
    let printed = Zeroizing::new(output.stdout);
    if !output.status.success() {
        return Err(failed(format!("{command:?} failed ({})", output.status)));
    }
    let text = std::str::from_utf8(&printed)
        .map_err(|_| failed(format!("{command:?} printed something that is not text")))?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(failed(format!("{command:?} printed nothing")));
    }
    Ok(text.into())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_command_prints_a_passphrase() {
        assert_eq!(printed("echo ' two words '").unwrap().expose(), " two words ");
        assert_eq!(printed("printf 'x\\r\\n'").unwrap().expose(), "x");
        for (command, says) in [
            ("exit 3", "exit status: 3"),
            ("true", "printed nothing"),
            ("printf '\\377'", "not text"),
        ] {
            let error = printed(command).unwrap_err();
            assert_eq!(error.field(), Some(COMMAND));
            assert!(error.message().contains(says), "{error}");
        }
        assert_eq!(format!("{:?}", Passphrase::from("secret")), "Passphrase(…)");
    }
}
