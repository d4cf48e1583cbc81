//! A wallet that nobody else uses.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use blockrun_llm::{ClientOptions, LLMClient, journal::JournalOptions};
use conformance::transfers;
use tempfile::TempDir;

pub(crate) struct Wallet {
    pub(crate) private_key: String,
    pub(crate) home: TempDir,
}

impl Wallet {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let private_key = format!("0x{:048x}{number:016x}", 0x57e4);
        Self { private_key, home: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn client(&self, api_url: &str) -> LLMClient {
        LLMClient::with_options(ClientOptions {
            private_key: Some(self.private_key.as_str().into()),
            api_url: Some(api_url.to_owned()),
            timeout: Some(Duration::from_secs(60)),
            journal: JournalOptions {
                home: Some(self.home.path().to_owned()),
                ..JournalOptions::default()
            },
            ..ClientOptions::default()
        })
        .unwrap()
    }

    /// How often it has paid.
    pub(crate) async fn paid(&self, gateway: SocketAddr) -> usize {
        let address = self.client("http://127.0.0.1:9/api").address().unwrap().to_string();
        transfers(gateway, &address).await.unwrap()
    }
}

/// The gateway's base address for clients.
pub(crate) fn api_url(gateway: SocketAddr) -> String {
    format!("http://{gateway}/api")
}
