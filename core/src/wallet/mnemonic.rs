//! Keys from words: BIP-39 (phrase to seed) and BIP-32 (seed to key). Pure.

use bip39::{Language, Mnemonic};
use hmac::{Hmac, Mac};
use k256::{
    Scalar,
    elliptic_curve::{ff::PrimeField, sec1::ToEncodedPoint},
};
use sha2::Sha512;
use zeroize::{Zeroize, Zeroizing};

use super::SecretKey;
use crate::{
    clock::random_bytes,
    error::{Error, Result},
};

/// The first account of a phrase in most wallets (BIP-44, coin 60).
pub const DEFAULT_DERIVATION_PATH: &str = "m/44'/60'/0'/0/0";
/// A step with this bit is hardened.
const HARDENED: u32 = 1 << 31;

/// A new phrase of 12 English words (BIP-39, 128 bits from the operating system's generator), which
/// leads to keys by [`SecretKey::from_mnemonic`]. It is zeroized when dropped, and kept nowhere.
///
/// # Errors
/// `Payment` when the system has no randomness to give.
pub fn new_mnemonic() -> Result<Zeroizing<String>> {
    let entropy = Zeroizing::new(random_bytes::<16>()?);
    phrase_of(&entropy)
}

fn phrase_of(entropy: &[u8; 16]) -> Result<Zeroizing<String>> {
    let mnemonic = Mnemonic::from_entropy_in(Language::English, entropy).map_err(no_phrase)?;
    // Joined at once: a text that grows leaves its beginning in memory.
    Ok(Zeroizing::new(mnemonic.words().collect::<Vec<_>>().join(" ")))
}

impl SecretKey {
    /// The key at a path below a phrase of 12, 15, 18, 21 or 24 English words; `passphrase` is that
    /// of BIP-39 (often called the 25th word), empty for most phrases.
    ///
    /// # Errors
    /// `InvalidArgument` for `mnemonic` (which word is unknown, or that the checksum is wrong) or
    /// `path`. The words are never repeated.
    pub fn from_mnemonic(phrase: &str, passphrase: &str, path: &str) -> Result<Self> {
        let steps = parse_path(path)?;
        let words = Zeroizing::new(phrase.split_whitespace().collect::<Vec<_>>().join(" "));
        let words = Zeroizing::new(words.to_lowercase());
        let mnemonic = Mnemonic::parse_in(Language::English, words.as_str()).map_err(no_phrase)?;
        let seed = Zeroizing::new(mnemonic.to_seed(passphrase));
        let mut node = Node::of(b"Bitcoin seed", seed.as_slice())?;
        for step in steps {
            node = node.child(step)?;
        }
        Self::from_bytes(&node.key)
    }
}

/// What is wrong with a phrase, without its words.
fn no_phrase(cause: bip39::Error) -> Error {
    let problem = match cause {
        bip39::Error::UnknownWord(index) => {
            format!("word {} is not in the English word list of BIP-39", index + 1)
        }
        bip39::Error::BadWordCount(count) => {
            format!("has {count} words; a phrase has 12, 15, 18, 21 or 24")
        }
        bip39::Error::InvalidChecksum => {
            "has a wrong checksum: a word is wrong, or two have changed places".to_owned()
        }
        _ => "is not a phrase of BIP-39 in English".to_owned(),
    };
    Error::argument("mnemonic", &problem)
}

fn parse_path(path: &str) -> Result<Vec<u32>> {
    let step = |text: &str| {
        let plain = text.strip_suffix(['\'', 'h', 'H']);
        let digits = plain.unwrap_or(text);
        let digits = digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)?;
        let index = digits.parse::<u32>().ok().filter(|index| *index < HARDENED)?;
        Some(if plain.is_some() { index | HARDENED } else { index })
    };
    let below = path.strip_prefix("m/").map(|rest| rest.split('/').map(step).collect());
    match below {
        Some(Some(steps)) => Ok(steps),
        _ => Err(Error::argument(
            "path",
            &format!("{path:?} is not a derivation path such as {DEFAULT_DERIVATION_PATH}"),
        )),
    }
}

/// A private key of BIP-32 with its chain code.
struct Node {
    key: Zeroizing<[u8; 32]>,
    chain: Zeroizing<[u8; 32]>,
}

impl Node {
    fn of(chain: &[u8], data: &[u8]) -> Result<Self> {
        let mut mac = <Hmac<Sha512> as Mac>::new_from_slice(chain)
            .map_err(|_| Error::argument("mnemonic", "could not be hashed"))?;
        mac.update(data);
        let out = Zeroizing::new(<[u8; 64]>::from(mac.finalize().into_bytes()));
        let (mut key, mut code) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
        key.copy_from_slice(&out[..32]);
        code.copy_from_slice(&out[32..]);
        Ok(Self { key, chain: code })
    }

    fn child(&self, step: u32) -> Result<Self> {
        let parent = secret(&self.key)?;
        let mut data = Zeroizing::new([0; 37]);
        if step & HARDENED == 0 {
            data[..33].copy_from_slice(parent.public_key().to_encoded_point(true).as_bytes());
        } else {
            data[1..33].copy_from_slice(self.key.as_slice());
        }
        data[33..].copy_from_slice(&step.to_be_bytes());
        let mut child = Self::of(self.chain.as_slice(), data.as_slice())?;
        let tweak = Option::<Scalar>::from(Scalar::from_repr((*child.key).into()));
        let mut sum = tweak.ok_or_else(no_key)? + *parent.to_nonzero_scalar();
        child.key.copy_from_slice(&sum.to_repr());
        sum.zeroize();
        Ok(child)
    }
}

fn secret(bytes: &[u8; 32]) -> Result<k256::SecretKey> {
    k256::SecretKey::from_slice(bytes).map_err(|_| no_key())
}

/// One path in 2^127 leads nowhere.
fn no_key() -> Error {
    Error::argument("path", "leads to no key; take the next index")
}

#[cfg(test)]
mod tests {
    use alloy::hex;

    use super::*;

    const JUNK: &str = "test test test test test test test test test test test junk";

    fn address(phrase: &str, passphrase: &str, path: &str) -> String {
        SecretKey::from_mnemonic(phrase, passphrase, path).unwrap().address().to_string()
    }

    /// The accounts that anvil and hardhat publish.
    #[test]
    fn the_accounts_of_the_test_phrase() {
        for (index, account) in [
            "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
            "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
            "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(address(JUNK, "", &format!("m/44'/60'/0'/0/{index}")), account);
            assert_eq!(address(JUNK, "", &format!("m/44h/60H/0h/0/{index}")), account);
        }
        let untidy = format!("  {}\n", JUNK.to_uppercase().replace(' ', " \t "));
        assert_eq!(
            address(&untidy, "", DEFAULT_DERIVATION_PATH),
            address(JUNK, "", "m/44'/60'/0'/0/0")
        );
    }

    /// The first three English test vectors of 12 words of BIP-39.
    #[test]
    fn phrases_of_bip_39() {
        let twice = |word: &str, last: &str| format!("{}{last}", format!("{word} ").repeat(11));
        for (byte, phrase) in [
            (0x00, twice("abandon", "about")),
            (
                0x7f,
                "legal winner thank year wave sausage worth useful legal winner thank yellow"
                    .into(),
            ),
            (0xff, twice("zoo", "wrong")),
        ] {
            assert_eq!(*phrase_of(&[byte; 16]).unwrap(), phrase);
        }
    }

    #[test]
    fn a_new_phrase_leads_to_a_key_and_is_another_each_time() {
        let (one, two) = (new_mnemonic().unwrap(), new_mnemonic().unwrap());
        assert_eq!(one.split(' ').count(), 12);
        assert_ne!(*one, *two);
        assert_ne!(
            address(&one, "", DEFAULT_DERIVATION_PATH),
            address(&two, "", DEFAULT_DERIVATION_PATH)
        );
    }

    /// Test vectors 1 and 3 of BIP-32 (the private keys of its extended keys), by their seeds.
    #[test]
    fn keys_of_bip_32() {
        let one = "000102030405060708090a0b0c0d0e0f";
        let three = "4b381541583be4423346c643850da4b320e46a87ae3d2a4e6da11eba819cd4acba45d239319ac14f863b8d5ab5a0d0c64d2e8a1e7d1457df2e5a3c51c73235be";
        for (seed, path, key) in [
            (one, "m/0'", "edb2e14f9ee77d26dd93b4ecede8d16ed408ce149b6cd80b0715a2d911a0afea"),
            (one, "m/0'/1", "3c6cb8d0f6a264c91ea8b5030fadaa8e538b020f0a387421a12de9319dc93368"),
            (one, "m/0'/1/2'", "cbce0d719ecf7431d88e6a89fa1483e02e35092af60c042b1df2ff59fa424dca"),
            (
                one,
                "m/0'/1/2'/2/1000000000",
                "471b76e389e528d6de6d816857e012c5455051cad6660850e58372a6c3e6e7c8",
            ),
            (three, "m/0'", "491f7a2eebc7b57028e0d3faa0acda02e75c33b03c48fb288c41e2ea44e1daef"),
        ] {
            let mut node = Node::of(b"Bitcoin seed", &hex::decode(seed).unwrap()).unwrap();
            for step in parse_path(path).unwrap() {
                node = node.child(step).unwrap();
            }
            assert_eq!(hex::encode(node.key.as_slice()), key, "{path}");
        }
    }

    #[test]
    fn a_bad_phrase_is_never_repeated() {
        let swapped = JUNK.replace("test junk", "junk test");
        for (phrase, says) in [
            (JUNK.replace("junk", "jump"), "checksum"),
            (swapped, "checksum"),
            (JUNK.replace("junk", "tset"), "word 12 is not in"),
            (JUNK.replace(" junk", ""), "has 11 words"),
            (String::new(), "has 0 words"),
        ] {
            let error = SecretKey::from_mnemonic(&phrase, "", DEFAULT_DERIVATION_PATH).unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(text.contains(says), "{text}");
            assert!(!text.contains("test") && !text.contains("tset") && !text.contains("junk"));
        }
    }

    #[test]
    fn a_bad_path_is_named() {
        for path in
            ["", "m", "m/", "44'/60'", "m/44'/", "m/-1", "m/2147483648", "m/0''", "m/+1", "m/x"]
        {
            let error = SecretKey::from_mnemonic(JUNK, "", path).unwrap_err();
            assert_eq!(error.field(), Some("path"), "{path:?}");
        }
    }
}
