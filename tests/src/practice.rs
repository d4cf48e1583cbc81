//! A gateway that sells for play money, and a client that buys there.

use blockrun_gateway::{Config, Gateway, Running};
use blockrun_llm::{ClientOptions, LLMClient, journal::JournalOptions};

/// The key of the wallet that pays at practice gateways, the second of every test chain.
pub const PAYER_KEY: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

/// A practice gateway on a free port of this machine, which keeps nothing.
///
/// # Panics
/// When it cannot be started: then nothing was tested.
pub async fn practice_gateway() -> Running {
    let bind = ([127, 0, 0, 1], 0).into();
    let started = Gateway::start(Config { bind, ..Config::default() }).await;
    started.unwrap_or_else(|cause| panic!("the practice gateway: {cause}"))
}

/// A client of the server of an address that pays with [`PAYER_KEY`] and keeps its journal in memory;
/// all else as the options say.
///
/// # Panics
/// For options that make no client: then nothing was tested.
pub fn practice_client(api_url: &str, options: ClientOptions) -> LLMClient {
    let made = LLMClient::with_options(ClientOptions {
        private_key: Some(PAYER_KEY.into()),
        api_url: Some(api_url.to_owned()),
        journal: JournalOptions { in_memory: true, ..JournalOptions::default() },
        ..options
    });
    made.unwrap_or_else(|cause| panic!("a client of {api_url}: {cause}"))
}
