//! Wallets that other programs keep in the account's home folder. Listed when asked, never adopted.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::SystemTime,
};

use alloy::primitives::Address;
use serde::{Deserialize, Serialize};

use super::{SecretKey, private};
use crate::error::{Error, Result};

/// Where such programs keep one: `~/.<program>/wallet.json`.
const FILE: &str = "wallet.json";

/// Somebody else's wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiscoveredWallet {
    /// The account of its key, whatever the file says it is.
    #[serde(serialize_with = "super::checksummed")]
    pub address: Address,
    /// Its file.
    pub source: PathBuf,
}

/// A file of such a program.
#[derive(Deserialize)]
struct Written<'a> {
    // Where it was read: in memory that is zeroized.
    #[serde(rename = "privateKey", borrow)]
    private_key: &'a str,
}

/// Looks for wallets of other programs: `wallet.json` with a `privateKey` in the hidden folders of the
/// account's home folder, the newest first. Files that cannot be read, or hold something else, are
/// left out. Nothing is taken over.
pub fn discover_wallets() -> Vec<DiscoveredWallet> {
    std::env::home_dir().map(|home| discover_in(&home)).unwrap_or_default()
}

/// The key of the discovered wallet with this address, to be imported by whoever asked for it.
///
/// # Errors
/// `InvalidArgument` for `address` when no discovered wallet has it.
pub fn discovered_key(address: Address) -> Result<SecretKey> {
    let found = std::env::home_dir().map(|home| keys_in(&home)).unwrap_or_default();
    let found = found.into_iter().find(|(_, _, key)| key.address() == address);
    found.map(|(_, _, key)| key).ok_or_else(|| {
        Error::argument("address", &format!("No discovered wallet controls {address}"))
    })
}

fn discover_in(home: &Path) -> Vec<DiscoveredWallet> {
    let found = keys_in(home).into_iter();
    found.map(|(_, source, key)| DiscoveredWallet { address: key.address(), source }).collect()
}

fn keys_in(home: &Path) -> Vec<(SystemTime, PathBuf, SecretKey)> {
    let Ok(entries) = fs::read_dir(home) else { return Vec::new() };
    let hidden = entries.flatten().filter(|entry| entry.file_name().as_encoded_bytes()[0] == b'.');
    let mut found: Vec<_> = hidden.filter_map(|entry| key_in(entry.path().join(FILE))).collect();
    found.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
    found
}

fn key_in(path: PathBuf) -> Option<(SystemTime, PathBuf, SecretKey)> {
    let metadata = fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file)?;
    let text = private::whole(File::open(&path).ok()?).ok()?;
    let written: Written<'_> = serde_json::from_str(&text).ok()?;
    let key = SecretKey::from_hex(written.private_key.trim()).ok()?;
    Some((metadata.modified().ok()?, path, key))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn others_are_listed_newest_first_and_by_their_keys() {
        let home = tempfile::tempdir().unwrap();
        let put = |folder: &str, text: &str, age: u64| {
            let path = home.path().join(folder).join(FILE);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            let time = SystemTime::now() - Duration::from_secs(age);
            File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
            path
        };
        let json =
            |byte: &str| format!(r#"{{"address":"0xliar","privateKey":"0x{}"}}"#, byte.repeat(32));
        let old = put(".old", &json("01"), 100);
        let new = put(".new", &json("02"), 10);
        put("visible", &json("03"), 1);
        put(".broken", "{", 1);
        put(".other", r#"{"privateKey":"words and words"}"#, 1);
        let found = discover_in(home.path());
        let sources: Vec<_> = found.iter().map(|one| one.source.clone()).collect();
        assert_eq!(sources, [new, old]);
        let key = SecretKey::from_bytes(&[2; 32]).unwrap();
        assert_eq!(found[0].address, key.address());
        assert!(!serde_json::json!(found).to_string().contains("0202"));
        assert!(discover_in(&home.path().join("nowhere")).is_empty());
        let error = discovered_key(Address::ZERO).unwrap_err();
        assert!(error.message().contains("No discovered wallet controls 0x0000"));
    }
}
