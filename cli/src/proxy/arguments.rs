//! The options of `blockrun proxy`, and its start.

use std::{sync::Arc, time::Duration};

use blockrun_llm::LLMClient;
use clap::Args;

use super::{app::App, cache::Cache, door, names::Names};
use crate::{
    client::{ClientArguments, seconds},
    output::{Failure, print, remark},
    serve::{DoorArguments, listen},
};

/// Pay for any program that has a setting for its base URL: an endpoint on this machine in the forms
/// of OpenAI and Anthropic.
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(crate) struct ProxyArguments {
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 8402)]
    port: u16,
    #[command(flatten)]
    door: DoorArguments,
    /// Another name for a model. A `*` at the end of both stands for the rest of the name. The first
    /// that fits counts.
    #[arg(long, value_name = "NAME=MODEL")]
    alias: Vec<String>,
    /// Model that is asked instead, where the one that was named cannot be had and nothing was
    /// signed; several are asked in order.
    #[arg(long, value_name = "MODEL")]
    fallback: Vec<String>,
    /// Answer a request that was answered less than so many seconds ago with the same answer, free.
    /// Streams are never kept, and nothing outlives the process.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    cache: Option<Duration>,
    /// Say nothing of the calls.
    #[arg(short, long)]
    quiet: bool,
}

const NOTES: &str = "\
Then, in the settings or the environment of the program:
  OPENAI_BASE_URL=http://127.0.0.1:8402/v1 OPENAI_API_KEY=<token> your-program
  ANTHROPIC_BASE_URL=http://127.0.0.1:8402 ANTHROPIC_AUTH_TOKEN=<token> your-program";

/// Runs until Ctrl-C or SIGTERM.
pub(crate) async fn run(arguments: ProxyArguments, client: ClientArguments) -> Result<(), Failure> {
    let (guard, made) = arguments.door.guard()?;
    let names = Names::new(&arguments.alias, arguments.fallback).map_err(Failure::usage)?;
    let client = client.client()?;
    let wallet = described(&client);
    let app = Arc::new(App {
        client,
        names,
        cache: arguments.cache.map(Cache::new),
        quiet: arguments.quiet,
    });
    let listener = listen(arguments.door.host, arguments.port).await?;
    let address = listener.address;
    print(&format!("listening on http://{address}/v1"))?;
    match made {
        Some(token) => print(&format!("token {token}"))?,
        None if guard.is_open() => remark("no token is asked for: any program here can spend")?,
        None => {}
    }
    remark(&wallet)?;
    remark(&format!(
        "OPENAI_BASE_URL=http://{address}/v1 or ANTHROPIC_BASE_URL=http://{address}, and the token as \
         API key"
    ))?;
    listener.serve(door::router(app, guard), || {}).await
}

/// Who pays, and where.
fn described(client: &LLMClient) -> String {
    let payer = client.address().map(|address| format!("wallet {address}"));
    let payer = payer.unwrap_or_else(|| "the account of the API key".to_owned());
    let money = if client.is_testnet() { ", test money" } else { "" };
    format!("paying at {} from {payer}{money}", client.api_url())
}
