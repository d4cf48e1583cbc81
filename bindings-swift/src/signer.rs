//! Somebody else's key: a keystore of the app, a hardware wallet, a wallet over the network.

use std::{fmt, sync::Arc};

use blockrun_llm::{
    Error,
    error::Result,
    wallet::{Address, Signer, TypedData},
};

use crate::{
    convert::{declined, parse},
    hook::ForeignError,
};

/// What is to be signed, in two forms of which a signer takes the one that it can use.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SigningRequest {
    /// The 32-byte EIP-712 digest, 0x-hex.
    pub digest: String,
    /// The same as a JSON document in the form of `eth_signTypedData_v4`, for wallets that show
    /// their user what is signed.
    pub typed_data: String,
}

/// Internal: an account whose key is elsewhere.
#[uniffi::export(foreign)]
#[async_trait::async_trait]
pub trait ForeignSigner: Send + Sync {
    /// The account that pays, 0x-hex. Asked once.
    fn address(&self) -> String;

    /// The 65-byte signature `r ‖ s ‖ v`, 0x-hex.
    async fn sign(&self, request: SigningRequest) -> std::result::Result<String, ForeignError>;
}

/// The application's signer as the core asks it.
pub(crate) struct AppSigner {
    address: Address,
    signer: Arc<dyn ForeignSigner>,
}

impl AppSigner {
    pub(crate) fn new(signer: Arc<dyn ForeignSigner>) -> Result<Self> {
        let address = parse("signer", &signer.address(), "an address of 20 bytes in hex")?;
        Ok(Self { address, signer })
    }
}

impl fmt::Debug for AppSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppSigner").field("address", &self.address).finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl Signer for AppSigner {
    fn address(&self) -> Address {
        self.address
    }

    async fn sign(&self, message: &dyn TypedData) -> Result<[u8; 65]> {
        let request =
            SigningRequest { digest: message.digest().to_string(), typed_data: message.to_json() };
        match self.signer.sign(request).await {
            Ok(signature) => read(&signature),
            Err(thrown) => {
                Err(declined(&format!("the signer failed: {thrown}")).with_source(thrown))
            }
        }
    }
}

/// Some wallets write `v` as 0 or 1; the token contract wants 27 or 28.
fn read(signature: &str) -> Result<[u8; 65]> {
    let digits = signature.strip_prefix("0x").unwrap_or(signature);
    let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
    let mut bytes: [u8; 65] = bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| declined("the signer's answer is not a signature of 65 bytes in hex"))?;
    if bytes[64] < 2 {
        bytes[64] += 27;
    }
    Ok(bytes)
}

/// The one of both that was given.
pub(crate) fn only_one(
    private_key: Option<&String>,
    signer: Option<&Arc<dyn ForeignSigner>>,
) -> Result<()> {
    if private_key.is_some() && signer.is_some() {
        return Err(Error::argument("signer", "and private_key are both given: give one of them"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_has_65_bytes_and_a_v_of_the_contract() {
        for (v, expected) in [("00", 27), ("01", 28), ("1b", 27), ("1c", 28)] {
            let text = format!("0x{}{v}", "ab".repeat(64));
            let bytes = read(&text).unwrap();
            assert_eq!((bytes[0], bytes[64]), (0xab, expected));
        }
        for bad in ["", "0x", "0x12", "no", &"é".repeat(65), &format!("{}1", "ab".repeat(65))] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
