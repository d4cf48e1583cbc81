//! An account without its key.

use alloy::primitives::Address;
use async_trait::async_trait;

use super::{Signer, TypedData};
use crate::error::{Error, ErrorKind, Result};

/// An account that can be looked at and cannot pay: for balances and quotes where the key is not
/// needed, or should not be opened.
#[derive(Clone, Copy, Debug)]
pub struct WatchOnly(pub Address);

#[async_trait]
impl Signer for WatchOnly {
    fn address(&self) -> Address {
        self.0
    }

    async fn sign(&self, _: &dyn TypedData) -> Result<[u8; 65]> {
        let problem = format!("{} is only watched: its key is not here", self.0);
        Err(Error::new(ErrorKind::Payment, problem))
    }
}
