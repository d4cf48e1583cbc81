//! A key in any of the forms in which wallets hand one out.

use super::{DEFAULT_DERIVATION_PATH, Keystore, Passphrase, SecretKey};
use crate::error::{Error, Result};

/// The form of a key in a text, told from its looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyForm {
    /// 64 hexadecimal digits.
    Hex,
    /// A phrase of BIP-39, in English.
    Mnemonic,
    /// JSON of Web3 Secret Storage, version 3.
    Keystore,
}

impl KeyForm {
    /// What a text looks like: JSON, several words, or else hexadecimal.
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        match text.starts_with('{') {
            true => Self::Keystore,
            false if text.contains(char::is_whitespace) => Self::Mnemonic,
            false => Self::Hex,
        }
    }
}

impl SecretKey {
    /// Reads a key in any form. `passphrase` is that of a keystore, or the one of a phrase that few
    /// phrases have; `path` leads to the account of a phrase, [`DEFAULT_DERIVATION_PATH`] unless
    /// given.
    ///
    /// # Errors
    /// `InvalidArgument` that names what is wrong and never repeats the text; for a passphrase or a
    /// path where the form has none, and for a keystore without a passphrase.
    pub fn from_text(
        text: &str,
        passphrase: Option<&Passphrase>,
        path: Option<&str>,
    ) -> Result<Self> {
        let form = KeyForm::of(text);
        if path.is_some() && form != KeyForm::Mnemonic {
            return Err(Error::argument("path", "only a phrase of words has one; leave it out"));
        }
        match (form, passphrase) {
            (KeyForm::Mnemonic, _) => {
                let passphrase = passphrase.map_or("", Passphrase::expose);
                Self::from_mnemonic(text, passphrase, path.unwrap_or(DEFAULT_DERIVATION_PATH))
            }
            (KeyForm::Keystore, Some(passphrase)) => {
                Keystore::parse(text)?.decrypt(passphrase.expose())
            }
            (KeyForm::Keystore, None) => {
                Err(Error::argument("passphrase", "a keystore needs the one it was made with"))
            }
            (KeyForm::Hex, None) => Self::from_hex(text.trim()),
            (KeyForm::Hex, Some(_)) => {
                Err(Error::argument("passphrase", "a key in hexadecimal has none; leave it out"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
    const WORDS: &str = "test test test test test test test test test test test junk\n";

    #[test]
    fn every_form_is_told_from_its_looks() {
        let key = SecretKey::from_text(HEX, None, None).unwrap();
        assert_eq!(SecretKey::from_text(WORDS, None, None).unwrap().address(), key.address());
        let other = SecretKey::from_text(WORDS, None, Some("m/44'/60'/0'/0/1")).unwrap();
        assert_ne!(other.address(), key.address());
        let salted = SecretKey::from_text(WORDS, Some(&"TREZOR".into()), None).unwrap();
        assert_ne!(salted.address(), key.address());
        let cost = crate::wallet::ScryptCost { log_n: 2, r: 8, p: 1 };
        let json = Keystore::encrypt(&key, "x", cost).unwrap().to_json();
        let opened = SecretKey::from_text(&format!(" {json}\n"), Some(&"x".into()), None).unwrap();
        assert_eq!(opened.address(), key.address());
        for (text, passphrase, path, field) in [
            (json.as_str(), None, None, "passphrase"),
            (HEX, Some("x"), None, "passphrase"),
            (HEX, None, Some("m/0"), "path"),
            (&json, Some("x"), Some("m/0"), "path"),
            ("", None, None, "private_key"),
        ] {
            let passphrase = passphrase.map(Passphrase::from);
            let error = SecretKey::from_text(text, passphrase.as_ref(), path).unwrap_err();
            assert_eq!(error.field(), Some(field), "{error}");
        }
    }
}
