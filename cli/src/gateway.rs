//! `blockrun gateway`.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use blockrun_gateway::{Config, Gateway, Protocols, TlsFiles};
use blockrun_llm::Usdc;
use clap::{Args, ValueEnum};

use crate::{
    args::seconds,
    output::{Failure, print, remark},
};

/// The paid endpoint. Practice mode has play money, a built-in model and needs no network.
#[derive(Debug, Args)]
pub(crate) struct GatewayArguments {
    /// Play money and the built-in practice model. The only mode there is so far.
    #[arg(long, required = true)]
    practice: bool,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    host: std::net::IpAddr,
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 8402)]
    port: u16,
    /// Folder of the database [default: ./blockrun-gateway].
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
    /// How long the practice model thinks before it answers, in seconds.
    #[arg(long, default_value = "0", value_name = "SECONDS", value_parser = seconds)]
    provider_delay: Duration,
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

/// Runs until SIGTERM or Ctrl-C; calls in flight are finished first.
pub(crate) async fn run(arguments: GatewayArguments) -> Result<(), Failure> {
    let running = Gateway::start(arguments.config()).await.map_err(Failure::other)?;
    print(&format!("listening on {}", running.api_url()))?;
    remark("practice mode: the money is not real and the model is built in")?;
    remark(&format!("try: BLOCKRUN_API_URL={} blockrun chat \"Hello!\"", running.api_url()))?;
    match running.until_signal().await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::other("stopped before every call in flight was finished")),
        Err(cause) => Err(Failure::other(format!("signals cannot be received: {cause}"))),
    }
}

impl GatewayArguments {
    fn config(self) -> Config {
        let data = self.data.unwrap_or_else(|| PathBuf::from("blockrun-gateway"));
        Config {
            bind: SocketAddr::new(self.host, self.port),
            data: (!self.ephemeral).then_some(data),
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
            provider_delay: self.provider_delay,
            ..Config::default()
        }
    }
}
