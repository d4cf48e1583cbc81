//! The options that every command shares which talks to an endpoint.

use std::{path::PathBuf, sync::Arc, time::Duration};

use blockrun_llm::{
    ClientOptions, Error, LLMClient, Usdc, WalletInUse,
    wallet::{Signer, WatchOnly},
};
use clap::Args;

use crate::wallet;

/// Where to ask and what may be paid.
#[derive(Clone, Debug, Args)]
pub(crate) struct ClientArguments {
    /// Base address of the endpoint [env: BLOCKRUN_API_URL] [default: https://blockrun.ai/api].
    #[arg(long, global = true, value_name = "URL")]
    api_url: Option<String>,
    /// Most that one call may cost, in dollars [env: BLOCKRUN_MAX_COST_PER_CALL] [default: 1].
    #[arg(long, global = true, value_name = "USDC")]
    max_cost: Option<Usdc>,
    /// Most that this process may spend, in dollars [env: BLOCKRUN_MAX_SESSION_COST].
    #[arg(long, global = true, value_name = "USDC")]
    max_session_cost: Option<Usdc>,
    /// Most that all programs of this wallet home may spend in an hour, in dollars
    /// [env: BLOCKRUN_MAX_COST_PER_HOUR].
    #[arg(long, global = true, value_name = "USDC")]
    max_cost_per_hour: Option<Usdc>,
    /// Most that they may spend in a day, in dollars [env: BLOCKRUN_MAX_COST_PER_DAY].
    #[arg(long, global = true, value_name = "USDC")]
    max_cost_per_day: Option<Usdc>,
    /// PEM file with the only certificates to trust.
    #[arg(long, global = true, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Total time of a call, in seconds [default: 600].
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
}

impl ClientArguments {
    pub(crate) fn client(self) -> Result<LLMClient, Error> {
        let private_key = wallet::unlocked()?;
        LLMClient::with_options(ClientOptions { private_key, ..self.options() })
    }

    /// A client of somebody else's key.
    pub(crate) fn client_of(self, signer: Arc<dyn Signer>) -> Result<LLMClient, Error> {
        LLMClient::with_options(ClientOptions { signer: Some(signer), ..self.options() })
    }

    /// A client that looks and cannot pay: for it no passphrase is asked for, and there need be no
    /// wallet. One of an account where that is configured, since the account has its own server.
    pub(crate) fn looking(self) -> Result<LLMClient, Error> {
        if wallet::is_account() { self.client() } else { self.watching() }
    }

    /// The same, whoever is billed: nothing can be signed and no account is named.
    pub(crate) fn watching(self) -> Result<LLMClient, Error> {
        // A wallet that is of no use is the business of whoever wants to pay.
        let found = WalletInUse::find(None).ok().flatten();
        let address = found.and_then(|wallet| wallet.address).unwrap_or_default();
        self.client_of(Arc::new(WatchOnly(address)))
    }

    /// The same for the server of another address.
    pub(crate) fn of_server(self, api_url: String) -> Self {
        Self { api_url: Some(api_url), ..self }
    }

    /// The option that sets a limit, where it was given: `call`, `session`, `hour` or `day`.
    pub(crate) fn limit_of(&self, scope: &str) -> Option<&'static str> {
        let (given, option) = match scope {
            "call" => (self.max_cost, "--max-cost"),
            "session" => (self.max_session_cost, "--max-session-cost"),
            "hour" => (self.max_cost_per_hour, "--max-cost-per-hour"),
            "day" => (self.max_cost_per_day, "--max-cost-per-day"),
            _ => return None,
        };
        given.map(|_| option)
    }

    fn options(self) -> ClientOptions {
        ClientOptions {
            api_url: self.api_url,
            max_cost_per_call: self.max_cost,
            max_session_cost: self.max_session_cost,
            max_cost_per_hour: self.max_cost_per_hour,
            max_cost_per_day: self.max_cost_per_day,
            ca_file: self.ca_file,
            timeout: self.timeout,
            user_agent: Some(concat!("blockrun-cli/", env!("CARGO_PKG_VERSION")).to_owned()),
            ..ClientOptions::default()
        }
    }
}

pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| format!("{text:?} is not a number of seconds"))?;
    Duration::try_from_secs_f64(number).map_err(|cause| cause.to_string())
}
