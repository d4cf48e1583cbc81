//! Encrypted key files: Web3 Secret Storage, version 3, as geth, eth-account and ethers write them.
//! Pure: no file is touched here.

mod cipher;
mod document;

use std::fmt;

use alloy::{hex, primitives::Address};
use zeroize::Zeroizing;

use self::{
    cipher::derive,
    document::{Crypto, Document, Kdf, category},
};
use super::SecretKey;
use crate::{
    clock::random_bytes,
    error::{Error, Result},
};

/// What scrypt costs whoever guesses passphrases, and whoever has the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScryptCost {
    /// log₂ of N.
    pub log_n: u8,
    /// Block size.
    pub r: u32,
    /// Parallelism.
    pub p: u32,
}

impl Default for ScryptCost {
    /// N = 2^17, r = 8, p = 1: 128 MiB and about half a second (OWASP's first choice).
    fn default() -> Self {
        Self { log_n: 17, r: 8, p: 1 }
    }
}

/// A key under a passphrase.
///
/// The address in it is what the file says; [`Keystore::decrypt`] compares it with the key.
#[derive(Clone)]
pub struct Keystore(Document);

impl Keystore {
    /// Reads a document. Nothing is decrypted.
    ///
    /// # Errors
    /// `InvalidArgument` for `keystore`: not JSON, another version, an unknown cipher or key
    /// derivation, or one that would take more than 1 GiB.
    pub fn parse(json: &str) -> Result<Self> {
        let document: Document = serde_json::from_str(json).map_err(|cause| {
            // Its position and no excerpt: this may be a secret after all.
            let (line, column, what) = (cause.line(), cause.column(), category(&cause));
            invalid(&format!("is no keystore of version 3 (line {line}, column {column}): {what}"))
        })?;
        document.check()?;
        Ok(Self(document))
    }

    /// Puts a key under a passphrase, with fresh salt and initialisation vector.
    ///
    /// # Errors
    /// `InvalidArgument` for an empty passphrase or a cost that scrypt does not know; `Payment` when
    /// the system has no randomness to give.
    pub fn encrypt(key: &SecretKey, passphrase: &str, cost: ScryptCost) -> Result<Self> {
        if passphrase.is_empty() {
            return Err(Error::argument("passphrase", "is empty; it would protect nothing"));
        }
        let kdf = Kdf::scrypt(cost, random_bytes::<32>()?)?;
        let derived = derive(&kdf, passphrase)?;
        let iv = random_bytes::<16>()?;
        let mut text = *key.bytes(); // encrypted where it is
        derived.apply(&iv, &mut text);
        let crypto = Crypto::new(iv, text, kdf, derived.mac(&text));
        Ok(Self(Document::new(key.address(), crypto, random_bytes()?)))
    }

    /// The key, for whoever knows the passphrase. Takes as long as its author wanted, half a second
    /// with [`ScryptCost::default`].
    ///
    /// # Errors
    /// `InvalidArgument` for a `passphrase` that does not open it, and for a `keystore` whose key is
    /// not that of its address.
    pub fn decrypt(&self, passphrase: &str) -> Result<SecretKey> {
        let crypto = &self.0.crypto;
        let derived = derive(&crypto.kdf, passphrase)?;
        if derived.mac(&crypto.ciphertext) != crypto.mac {
            return Err(Error::argument("passphrase", "does not open this keystore"));
        }
        let mut bytes = Zeroizing::new([0; 32]);
        bytes.copy_from_slice(&crypto.ciphertext);
        derived.apply(&crypto.cipherparams.iv, &mut bytes);
        let key = SecretKey::from_bytes(&bytes)?;
        match self.address() {
            Some(named) if named != key.address() => Err(invalid(&format!(
                "says that it is of {named}, and its key is of {}: it was altered",
                key.address()
            ))),
            _ => Ok(key),
        }
    }

    /// The account it says it is of; `None` where it does not say (the format allows that).
    pub fn address(&self) -> Option<Address> {
        self.0.address
    }

    /// The document, one line of JSON.
    pub fn to_json(&self) -> String {
        serde_json::json!(self.0).to_string()
    }
}

impl fmt::Debug for Keystore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keystore").field("address", &self.address()).finish_non_exhaustive()
    }
}

fn invalid(problem: &str) -> Error {
    Error::argument("keystore", problem)
}

/// `serde` for bytes as hexadecimal, with or without `0x` coming in, without going out.
mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::hex;

    pub(super) fn serialize<S: Serializer>(
        bytes: impl AsRef<[u8]>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.serialize_str(&hex::encode(bytes))
    }

    pub(super) fn deserialize<'de, T: TryFrom<Vec<u8>>, D: Deserializer<'de>>(
        input: D,
    ) -> Result<T, D::Error> {
        let text = String::deserialize(input)?;
        let bytes = hex::decode(text).map_err(|_| D::Error::custom("not hexadecimal"))?;
        bytes.try_into().map_err(|_| D::Error::custom("of another length"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: ScryptCost = ScryptCost { log_n: 4, r: 8, p: 1 };
    /// The test vectors of the Web3 Secret Storage definition: one key, two derivations.
    const KEY: &str = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";
    const SCRYPT: &str = r#"{"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"83dbcc02d8ccb40e466191a123791e0e"},"ciphertext":"d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c","kdf":"scrypt","kdfparams":{"dklen":32,"n":262144,"p":8,"r":1,"salt":"ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"},"mac":"2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}"#;
    const PBKDF2: &str = r#"{"Crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},"ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46","kdf":"pbkdf2","kdfparams":{"c":262144,"dklen":32,"prf":"hmac-sha256","salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},"mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}"#;

    #[test]
    fn the_vectors_of_the_definition() {
        for json in [SCRYPT, PBKDF2] {
            let keystore = Keystore::parse(json).unwrap();
            assert_eq!(keystore.address(), None);
            let key = keystore.decrypt("testpassword").unwrap();
            assert_eq!(key.expose_hex()[2..], *KEY);
        }
        let error = Keystore::parse(PBKDF2).unwrap().decrypt("testpasswort").unwrap_err();
        assert_eq!(error.field(), Some("passphrase"));
    }

    #[test]
    fn what_was_encrypted_opens_again_and_is_never_the_same() {
        let key = SecretKey::from_hex(KEY).unwrap();
        let [one, two] = [(), ()].map(|()| Keystore::encrypt(&key, "pässword ✓", QUICK).unwrap());
        assert_ne!(one.to_json(), two.to_json());
        let again = Keystore::parse(&one.to_json()).unwrap();
        assert_eq!(again.address(), Some(key.address()));
        assert_eq!(again.decrypt("pässword ✓").unwrap().address(), key.address());
        assert!(again.decrypt("").is_err());
        let shown = format!("{again:?} {}", again.to_json());
        assert!(!shown.contains(&KEY[..8]) && shown.contains("\"version\":3"), "{shown}");
    }

    #[test]
    fn an_altered_file_is_refused() {
        let key = SecretKey::from_hex(KEY).unwrap();
        let json = Keystore::encrypt(&key, "x", QUICK).unwrap().to_json();
        let other = json.replace(&hex::encode(key.address()), &"11".repeat(20));
        let error = Keystore::parse(&other).unwrap().decrypt("x").unwrap_err();
        assert!(error.message().contains("was altered"), "{error}");
        for (from, to, says) in [
            ("\"version\":3", "\"version\":4", "version 4"),
            ("aes-128-ctr", "aes-256-gcm", "aes-256-gcm"),
            ("\"n\":16", "\"n\":17", "not scrypt's: n 17"),
            ("\"n\":16", "\"n\":4294967296", "most are 1073741824"),
            ("\"r\":8", "\"r\":4294967295", "most are"),
            ("\"p\":1", "\"p\":17", "17 passes"),
            ("\"dklen\":32", "\"dklen\":64", "64 bytes"),
            ("\"mac\":\"", "\"mac\":\"00", "of another form"),
            ("\"scrypt\"", "\"argon2\"", "of another form"),
            ("}", "", "too early"),
        ] {
            assert!(json.contains(from), "{from}");
            let error = Keystore::parse(&json.replace(from, to)).unwrap_err();
            assert!(error.message().contains(says), "{error}");
        }
        let rounds = PBKDF2.replace("\"c\":262144", "\"c\":4000000000");
        assert!(Keystore::parse(&rounds).unwrap_err().message().contains("rounds"));
        let prf = PBKDF2.replace("hmac-sha256", "hmac-md5");
        assert!(Keystore::parse(&prf).unwrap_err().message().contains("hmac-md5"));
    }

    #[test]
    fn a_text_that_is_none_is_not_repeated() {
        for text in [KEY, "\"the secret words\"", "{\"version\":\"the secret words\"}"] {
            let error = Keystore::parse(text).unwrap_err();
            assert!(!format!("{error:?}").contains("secret") && !error.message().contains("7a28"));
        }
        let key = SecretKey::from_hex(KEY).unwrap();
        assert!(Keystore::encrypt(&key, "", QUICK).is_err(), "an empty passphrase");
        let cost = ScryptCost { log_n: 64, ..QUICK };
        assert!(Keystore::encrypt(&key, "x", cost).is_err(), "a cost that nobody can pay");
    }
}
