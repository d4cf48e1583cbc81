//! `signer`: JavaScript holds the key, and the core asks it to sign.

use std::fmt;

use blockrun_llm::{
    Error, ErrorKind,
    error::Result as CoreResult,
    wallet::{Address, Signer, TypedData},
};
use napi::{Status, bindgen_prelude::Promise, threadsafe_function::ThreadsafeFunction};

/// A function of JavaScript that signs the JSON text of typed data. Weak, as `onPayment` is.
pub(crate) type Sign = ThreadsafeFunction<String, Promise<String>, String, Status, false, true>;

/// An account whose key is elsewhere.
pub(crate) struct JsSigner {
    pub(crate) address: Address,
    pub(crate) sign: Sign,
}

impl fmt::Debug for JsSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsSigner({})", self.address)
    }
}

#[async_trait::async_trait]
impl Signer for JsSigner {
    fn address(&self) -> Address {
        self.address
    }

    async fn sign(&self, message: &dyn TypedData) -> CoreResult<[u8; 65]> {
        match self.ask(message.to_json()).await {
            Ok(signature) => bytes(&signature),
            // What was thrown stays with the error, and is its cause in JavaScript again.
            Err(thrown) => {
                Err(unsigned(&format!("did not sign: {}", thrown.reason)).with_source(thrown))
            }
        }
    }
}

impl JsSigner {
    async fn ask(&self, typed_data: String) -> napi::Result<String> {
        self.sign.call_async_catch(typed_data).await?.await
    }
}

/// `r ‖ s ‖ v`, with the two spellings of `v` that wallets have as one.
fn bytes(hex: &str) -> CoreResult<[u8; 65]> {
    let digits = hex.strip_prefix("0x").unwrap_or(hex);
    let pairs = digits.as_bytes().chunks(2).map(|pair| {
        let text = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(text, 16).ok()
    });
    let signature: Option<Vec<u8>> = pairs.collect();
    let mut signature: [u8; 65] = signature
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| unsigned("must answer 65 bytes of hex"))?;
    if signature[64] < 2 {
        signature[64] += 27;
    }
    Ok(signature)
}

fn unsigned(problem: &str) -> Error {
    Error::new(ErrorKind::Payment, format!("signer {problem}; nothing was sent"))
}
