//! The `blockrun` command: chat that pays for itself, and the gateway that is paid.
//!
//! All of it is behind [`run`], so that the packages of Python and Node start the same command from
//! the native library that they have anyway.

#![forbid(unsafe_code)]

mod args;
mod chat;
mod client;
mod discover;
mod doctor;
mod examples;
mod exit;
#[cfg(feature = "gateway")]
mod gateway;
mod image;
#[cfg(feature = "mcp")]
mod mcp;
mod models;
mod output;
mod payments;
mod policy;
#[cfg(feature = "proxy")]
mod proxy;
mod receipt;
#[cfg(feature = "serve")]
mod serve;
mod shell;
mod spend;
mod table;
mod terminal;
mod wallet;
mod when;

use std::ffi::OsString;

use args::Command;
use output::Failure;

/// Runs the command and returns its exit code, which `blockrun --help` explains.
///
/// The first argument is the name of the program. Results go to standard output, everything else to
/// standard error. It makes a runtime of its own, so it must not be called on the thread of another
/// one; it never ends the process, and it listens for Ctrl-C from the first call that pays on.
// No generic argument: the whole command would be compiled again in every crate that starts it.
pub fn run(arguments: Vec<OsString>) -> u8 {
    let arguments = match args::parse(arguments) {
        Ok(arguments) => arguments,
        Err(told) => return args::tell(&told),
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(done(arguments)),
        Err(cause) => Err(Failure::other(format!("no threads to work with: {cause}"))),
    };
    outcome.map_or_else(Failure::report, |()| exit::DONE)
}

async fn done(arguments: args::Arguments) -> Result<(), Failure> {
    let client = arguments.client;
    match arguments.command {
        Command::Chat(chat) => chat::run(chat, client).await,
        Command::Image(image) => image::run(image, client).await,
        Command::Quote(question) => chat::quote(question, client).await,
        Command::Models(models) => models::run(models, client).await,
        Command::Discover(discover) => discover::discover(discover, client).await,
        Command::Fetch(fetch) => discover::fetch(fetch, client).await,
        Command::Payments(payments) => payments::run(payments, client).await,
        Command::Spend(spend) => spend::run(spend, client).await,
        Command::Policy(policy) => policy::run(policy, client).await,
        Command::Wallet(wallet) => wallet::run(wallet, client).await,
        Command::Doctor(doctor) => doctor::run(doctor, client).await,
        #[cfg(feature = "gateway")]
        Command::Gateway(gateway) => gateway::run(*gateway).await,
        #[cfg(not(feature = "gateway"))]
        Command::Gateway { .. } => Err(Failure::usage(
            "this command was built without the gateway: `cargo install blockrun-cli`, pip and npm \
             bring one that has it, deploy/Containerfile makes a container of it",
        )),
        #[cfg(feature = "mcp")]
        Command::Mcp(mcp) => mcp::run(mcp, client).await,
        #[cfg(feature = "proxy")]
        Command::Proxy(proxy) => proxy::run(proxy, client).await,
        Command::Completions(completions) => shell::completions(&completions),
        Command::Man(man) => shell::man(&man),
    }
}
