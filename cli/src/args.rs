//! What can be said on the command line.

use clap::{Args, Parser, Subcommand};

use crate::client::ClientArguments;

/// AI calls that pay for themselves: USDC by the request, no account, no API key.
#[derive(Debug, Parser)]
#[command(name = "blockrun", version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) client: ClientArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  blockrun gateway --practice            an endpoint with play money, on this machine
  blockrun chat \"Hello!\"                 ask, pay, print the answer
  echo \"Sum this up\" | blockrun chat -   the prompt from standard input
  blockrun quote \"Hello!\"                what it would cost, without paying

The paying wallet: the key in BLOCKRUN_WALLET_KEY, else the one that `blockrun wallet create` made.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask a model, pay for it, print the answer.
    Chat(ChatArguments),
    /// Print what a call would cost. Pays nothing.
    Quote(ChatArguments),
    /// List the models and their prices.
    Models(ModelsArguments),
    /// Find what can be bought: the paid resources that a server lists. Pays nothing.
    Discover(crate::discover::DiscoverArguments),
    /// Send a request to any address, pay when it asks and the limits allow, print the answer.
    Fetch(crate::discover::FetchArguments),
    /// Show what was paid, prove it, fetch paid answers again.
    Payments(crate::payments::PaymentsArguments),
    /// Make, bring in, look at, fund and keep the wallet that pays.
    Wallet(crate::wallet::WalletArguments),
    /// Run the paid endpoint.
    #[cfg(feature = "gateway")]
    Gateway(Box<crate::gateway::GatewayArguments>),
    /// Give an agent tools that pay (Model Context Protocol).
    #[cfg(feature = "mcp")]
    Mcp(crate::mcp::McpArguments),
    /// Pay for any program that has a setting for its base URL.
    #[cfg(feature = "proxy")]
    Proxy(crate::proxy::ProxyArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ChatArguments {
    /// The prompt; `-` reads it from standard input.
    pub(crate) prompt: String,
    /// Model to ask [default: openai/gpt-4o-mini].
    #[arg(short, long)]
    pub(crate) model: Option<String>,
    /// System message.
    #[arg(short, long)]
    pub(crate) system: Option<String>,
    /// Most tokens of the answer; the price depends on it.
    #[arg(long, value_name = "N")]
    pub(crate) max_tokens: Option<u64>,
    /// How freely the model chooses its words, 0 to 2.
    #[arg(long)]
    pub(crate) temperature: Option<f64>,
    /// Idempotency key: the same key is paid at most once, and asked again gets its answer again.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Print JSON: the whole response with its payment.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ModelsArguments {
    /// Print JSON, as the server publishes it.
    #[arg(long)]
    pub(crate) json: bool,
}
