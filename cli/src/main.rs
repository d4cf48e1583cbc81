//! The `blockrun` command: chat that pays for itself, and the gateway that is paid.

#![forbid(unsafe_code)]

mod args;
mod chat;
mod client;
mod discover;
#[cfg(feature = "gateway")]
mod gateway;
#[cfg(feature = "mcp")]
mod mcp;
mod models;
mod output;
mod payments;
#[cfg(feature = "proxy")]
mod proxy;
#[cfg(feature = "serve")]
mod serve;
mod wallet;

use std::process::ExitCode;

use args::{Arguments, Command};
use clap::Parser;
use output::Failure;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(arguments)),
        Err(cause) => Err(Failure::other(format!("no threads to work with: {cause}"))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        Command::Chat(chat) => chat::run(chat, arguments.client).await,
        Command::Quote(chat) => chat::quote(chat, arguments.client).await,
        Command::Models(models) => models::run(models, arguments.client).await,
        Command::Discover(discover) => discover::discover(discover, arguments.client).await,
        Command::Fetch(fetch) => discover::fetch(fetch, arguments.client).await,
        Command::Payments(payments) => payments::run(payments, arguments.client).await,
        Command::Wallet(wallet) => wallet::run(wallet, arguments.client).await,
        #[cfg(feature = "gateway")]
        Command::Gateway(gateway) => gateway::run(*gateway).await,
        #[cfg(feature = "mcp")]
        Command::Mcp(mcp) => mcp::run(mcp, arguments.client).await,
        #[cfg(feature = "proxy")]
        Command::Proxy(proxy) => proxy::run(proxy, arguments.client).await,
    }
}
