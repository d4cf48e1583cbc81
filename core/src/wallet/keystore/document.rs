//! The JSON of a keystore.

use std::num::NonZeroU32;

use alloy::primitives::Address;
use scrypt::Params;
use serde::{Deserialize, Serialize};
use serde_json::error::Category;

use super::{ScryptCost, hexadecimal, invalid};
use crate::error::Result;

/// Most memory that opening a keystore may take: four times what geth's own files need.
const MAX_MEMORY: u64 = 1 << 30;
/// Most passes over that memory: a file must not keep a process busy for minutes.
const MAX_PASSES: u32 = 16;
/// Most rounds of PBKDF2: ten times what eth-account writes.
const MAX_ROUNDS: NonZeroU32 = NonZeroU32::new(10_000_000).unwrap();

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Document {
    #[serde(default, with = "address", skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<Address>,
    // geth's first files spell it with a capital.
    #[serde(alias = "Crypto")]
    pub(super) crypto: Crypto,
    #[serde(default)]
    id: String,
    version: u32,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Crypto {
    cipher: String,
    pub(super) cipherparams: CipherParams,
    #[serde(with = "hexadecimal")]
    pub(super) ciphertext: [u8; 32],
    #[serde(flatten)]
    pub(super) kdf: Kdf,
    #[serde(with = "hexadecimal")]
    pub(super) mac: [u8; 32],
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct CipherParams {
    #[serde(with = "hexadecimal")]
    pub(super) iv: [u8; 16],
}

/// How a passphrase becomes a key.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kdf", content = "kdfparams", rename_all = "lowercase")]
pub(super) enum Kdf {
    Scrypt(ScryptParams),
    Pbkdf2(Pbkdf2Params),
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct ScryptParams {
    dklen: u32,
    n: u64,
    p: u32,
    r: u32,
    #[serde(with = "hexadecimal")]
    pub(super) salt: Vec<u8>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Pbkdf2Params {
    pub(super) c: NonZeroU32,
    dklen: u32,
    prf: String,
    #[serde(with = "hexadecimal")]
    pub(super) salt: Vec<u8>,
}

impl Document {
    pub(super) fn new(address: Address, crypto: Crypto, random: [u8; 16]) -> Self {
        Self { address: Some(address), crypto, id: uuid(random), version: 3 }
    }

    /// What is read is what we know how to open, at a bearable cost.
    pub(super) fn check(&self) -> Result<()> {
        if self.version != 3 {
            return Err(invalid(&format!("is of version {}, not 3", self.version)));
        }
        if self.crypto.cipher != "aes-128-ctr" {
            let problem = format!("is encrypted with {:?}, not aes-128-ctr", self.crypto.cipher);
            return Err(invalid(&problem));
        }
        let dklen = match &self.crypto.kdf {
            Kdf::Scrypt(params) => params.checked().map(|_| params.dklen)?,
            Kdf::Pbkdf2(params) if params.prf != "hmac-sha256" => {
                return Err(invalid(&format!("uses {:?}, not hmac-sha256", params.prf)));
            }
            Kdf::Pbkdf2(params) if params.c > MAX_ROUNDS => {
                return Err(invalid(&format!("wants {} rounds; most are {MAX_ROUNDS}", params.c)));
            }
            Kdf::Pbkdf2(params) => params.dklen,
        };
        if dklen != 32 {
            return Err(invalid(&format!("derives {dklen} bytes, not 32")));
        }
        Ok(())
    }
}

impl Crypto {
    pub(super) fn new(iv: [u8; 16], ciphertext: [u8; 32], kdf: Kdf, mac: [u8; 32]) -> Self {
        let cipherparams = CipherParams { iv };
        Self { cipher: "aes-128-ctr".to_owned(), cipherparams, ciphertext, kdf, mac }
    }
}

impl Kdf {
    pub(super) fn scrypt(cost: ScryptCost, salt: [u8; 32]) -> Result<Self> {
        let ScryptCost { log_n, r, p } = cost;
        let n = 1_u64.checked_shl(log_n.into()).unwrap_or_default();
        let params = ScryptParams { dklen: 32, n, p, r, salt: salt.to_vec() };
        params.checked()?;
        Ok(Self::Scrypt(params))
    }
}

impl ScryptParams {
    pub(super) fn checked(&self) -> Result<Params> {
        let Self { n, r, p, .. } = *self;
        let memory = n.saturating_mul(u64::from(r)).saturating_mul(128);
        if memory > MAX_MEMORY || p > MAX_PASSES {
            let problem = format!(
                "wants {memory} bytes and {p} passes (n {n}, r {r}, p {p}); most are {MAX_MEMORY} \
                 and {MAX_PASSES}"
            );
            return Err(invalid(&problem));
        }
        let params = n.is_power_of_two().then(|| Params::new(n.trailing_zeros() as u8, r, p));
        match params {
            Some(Ok(params)) => Ok(params),
            _ => Err(invalid(&format!("has kdfparams that are not scrypt's: n {n}, r {r}, p {p}"))),
        }
    }
}

/// What kind of mistake a text holds, without a piece of it.
pub(super) fn category(cause: &serde_json::Error) -> &'static str {
    match cause.classify() {
        Category::Data => "a field is missing or of another form",
        Category::Eof => "it ends too early",
        Category::Syntax | Category::Io => "not JSON",
    }
}

/// A UUID of version 4 (RFC 9562).
fn uuid(mut random: [u8; 16]) -> String {
    random[6] = random[6] & 0x0f | 0x40;
    random[8] = random[8] & 0x3f | 0x80;
    let text = alloy::hex::encode(random);
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

/// An address without `0x`, the spelling of the format; with it is understood.
mod address {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::Address;

    pub(super) fn serialize<S: Serializer>(
        address: &Option<Address>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        super::hexadecimal::serialize(address.unwrap_or_default(), out)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<Option<Address>, D::Error> {
        let text = Option::<String>::deserialize(input)?.filter(|text| !text.is_empty());
        text.map(|text| text.parse().map_err(|_| D::Error::custom("not an address"))).transpose()
    }
}
