//! `blockrun gateway` itself: its options, and running it.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use blockrun_gateway::{
    Admin, AdminToken, Config, Gateway, Onchain, PRACTICE_PAYEE, Protocols, Reloaded, TlsFiles,
};
use blockrun_llm::{
    Usdc,
    networks::{BASE, BASE_SEPOLIA},
    wallet::{Address, LocalKey},
};
use clap::{ArgGroup, Args, ValueEnum};

use super::{database::Place, facilitator::FacilitatorArguments, log::LogArguments};
use crate::{
    client::seconds,
    output::{Failure, print, remark},
};

/// Holds the key of the account that pays the gas.
const GAS_KEY: &str = "BLOCKRUN_GATEWAY_GAS_KEY";

/// Holds the token of the pages for whoever runs the gateway.
const ADMIN_TOKEN: &str = "BLOCKRUN_GATEWAY_ADMIN_TOKEN";

/// How a gateway is set up.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("mode").required(true).multiple(true).args(["practice", "onchain", "settle_through", "config"]))]
pub(crate) struct ServeArguments {
    /// Play money. It buys answers of the built-in practice model, or real ones with --config.
    #[arg(long, conflicts_with = "onchain")]
    practice: bool,
    /// Settle on a chain, with gas from the account of BLOCKRUN_GATEWAY_GAS_KEY. Needs a build with
    /// the feature `onchain`.
    #[arg(long, requires_all = ["rpc_url", "payee"])]
    onchain: bool,
    /// JSON-RPC endpoint of the network to settle on.
    #[arg(long, value_name = "URL", conflicts_with = "practice")]
    rpc_url: Option<String>,
    /// Account that is paid.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "practice")]
    payee: Option<Address>,
    /// Network to settle on.
    #[arg(long, value_enum, default_value_t = Chain::BaseSepolia, conflicts_with = "practice")]
    network: Chain,
    #[command(flatten)]
    facilitator: FacilitatorArguments,
    /// Settings file: the upstreams that answer instead of the practice model, prices, and, without
    /// --practice, --onchain and --settle-through, how payments are settled.
    #[arg(long, value_name = "FILE", conflicts_with = "provider_delay")]
    config: Option<PathBuf>,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    host: std::net::IpAddr,
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 8402)]
    port: u16,
    /// Folder of the database [default: the database of DATABASE_URL (postgres://...), which several
    /// gateways share, else ./blockrun-gateway].
    #[arg(long, value_name = "FOLDER", conflicts_with = "ephemeral")]
    data: Option<PathBuf>,
    /// Keep nothing: everything is in memory and ends with the process.
    #[arg(long)]
    ephemeral: bool,
    /// Test USDC that every new payer starts with.
    #[arg(long, default_value = "10", value_name = "USDC")]
    starting_balance: Usdc,
    /// Version of x402 to speak.
    #[arg(long, value_enum, default_value_t = X402::Both)]
    x402: X402,
    /// Certificate chain (PEM) to serve https with.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key (PEM) of the certificate.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Show a page at /dashboard: revenue, calls, settlements, upstreams. Open to this machine, or with
    /// the token of BLOCKRUN_GATEWAY_ADMIN_TOKEN.
    #[arg(long)]
    dashboard: bool,
    #[command(flatten)]
    log: LogArguments,
    /// How long the practice model thinks before it answers, in seconds.
    #[arg(long, default_value = "0", value_name = "SECONDS", value_parser = seconds)]
    provider_delay: Duration,
}

/// Networks to settle on.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Chain {
    /// Real money.
    Base,
    /// Worthless money of a public test network.
    BaseSepolia,
}

/// Versions of x402.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum X402 {
    /// Requirements in the body, `X-PAYMENT`.
    V1,
    /// Requirements in a header, `PAYMENT-SIGNATURE`.
    V2,
    /// Both at once.
    Both,
}

/// Runs until SIGTERM or Ctrl-C; calls in flight are finished first. SIGHUP reads the settings again.
pub(crate) async fn run(arguments: ServeArguments) -> Result<(), Failure> {
    let listening = arguments.log.install()?;
    let config = arguments.config()?;
    let (mode, practice) = (described(&config), is_practice(&config));
    let running = Gateway::start(config).await.map_err(Failure::other)?;
    let api_url = running.api_url();
    let proposal = first_call(&api_url, practice.then(|| running.base_url()));
    let told = |reloaded: Result<Reloaded, blockrun_gateway::Error>| {
        // Nobody listens any more; the gateway goes on.
        let _ = match reloaded {
            Ok(reloaded) => remark(&reloaded.to_string()),
            Err(error) => remark(&format!("nothing was changed: {error}")),
        };
    };
    let stopped = running
        .until_signal_telling(told)
        .map_err(|cause| Failure::other(format!("signals cannot be received: {cause}")))?;
    print(&format!("listening on {api_url}"))?;
    remark(&mode)?;
    remark(&proposal)?;
    let in_time = stopped.await;
    listening.end().await;
    if in_time {
        return Ok(());
    }
    Err(Failure::other("stopped before every call in flight was finished"))
}

/// The token of the pages for whoever runs the gateway, from the environment.
pub(super) fn admin_token() -> Result<Option<AdminToken>, Failure> {
    let Ok(text) = std::env::var(ADMIN_TOKEN) else { return Ok(None) };
    let token = AdminToken::new(text.trim());
    token.map(Some).map_err(|error| Failure::other(format!("{ADMIN_TOKEN}: {error}")))
}

/// What makes a first call, to be pasted into another terminal. The ledger of a practice gateway is told
/// too, as the chain to ask for balances; `practice` is where it is.
fn first_call(api_url: &str, practice: Option<&str>) -> String {
    let Some(base_url) = practice else {
        return format!("try: BLOCKRUN_API_URL={api_url} blockrun chat \"Hello!\"");
    };
    format!(
        "try, in another terminal (the wallet is made once):
  export BLOCKRUN_API_URL={api_url} BLOCKRUN_RPC_URL={base_url}/practice/rpc
  blockrun wallet create
  blockrun chat \"Hello!\"
  blockrun wallet balance"
    )
}

/// Whether its money is play money, on a ledger of its own.
const fn is_practice(config: &Config) -> bool {
    config.onchain.is_none() && config.settle_through.is_none()
}

/// What is real about a gateway, and what is not.
fn described(config: &Config) -> String {
    let Config { network, payee, onchain, settle_through, settings, .. } = config;
    let answers = match settings {
        Some(file) => format!("answers come from the upstreams of {}", file.display()),
        None => "the model is NOT real: answers come from the built-in practice model".to_owned(),
    };
    let money = if network.testnet { "test money" } else { "REAL MONEY" };
    if let Some(through) = settle_through {
        let (name, origin) = (network.name, through.origin());
        return format!("settling on {name} ({money}) to {payee}, through {origin}; {answers}");
    }
    let Some(onchain) = onchain else {
        return format!("practice mode: the money is not real; {answers}");
    };
    let gas = onchain.gas_key.address();
    format!("settling on {} ({money}) to {payee}, gas from {gas}; {answers}", network.name)
}

impl ServeArguments {
    fn onchain(&self) -> Result<Option<Onchain>, Failure> {
        let Some(url) = self.rpc_url.as_ref().filter(|_| self.onchain) else { return Ok(None) };
        let key = std::env::var(GAS_KEY).map_err(|_| {
            Failure::other(format!("{GAS_KEY} is not set: it holds the key that pays the gas"))
        })?;
        let key = LocalKey::from_hex(key.trim());
        let key = key.map_err(|error| Failure::other(format!("{GAS_KEY}: {error}")))?;
        Ok(Some(Onchain::new(url, key)))
    }

    pub(super) fn config(self) -> Result<Config, Failure> {
        let (onchain, facilitator) = (self.onchain()?, self.facilitator.server()?);
        let settle_through = self.facilitator.client(self.rpc_url.as_ref());
        let by_settings = !self.practice && !self.onchain && settle_through.is_none();
        let Place { data, database } = Place::of(self.data, self.ephemeral)?;
        let config = Config {
            onchain,
            settle_through,
            facilitator,
            payee: self.payee.unwrap_or(PRACTICE_PAYEE),
            network: match self.network {
                Chain::Base => &BASE,
                Chain::BaseSepolia => &BASE_SEPOLIA,
            },
            bind: SocketAddr::new(self.host, self.port),
            data,
            database,
            starting_balance: self.starting_balance,
            protocols: match self.x402 {
                X402::V1 => Protocols::V1,
                X402::V2 => Protocols::V2,
                X402::Both => Protocols::Both,
            },
            tls: self
                .tls_cert
                .zip(self.tls_key)
                .map(|(certificate, key)| TlsFiles { certificate, key }),
            settings: self.config,
            admin: Admin { token: admin_token()?, dashboard: self.dashboard },
            provider_delay: self.provider_delay,
            ..Config::default()
        };
        if by_settings {
            return config.settling_by_settings().map_err(Failure::other);
        }
        Ok(config)
    }
}
