//! What can be said on the command line.

use std::ffi::OsString;

use clap::{CommandFactory, Error, FromArgMatches, Parser, Subcommand};

use crate::{client::ClientArguments, examples, exit};

/// AI calls that pay for themselves: USDC by the request, no account, no API key.
#[derive(Debug, Parser)]
#[command(name = "blockrun", version, after_help = NOTES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) client: ClientArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const NOTES: &str = "\
The paying wallet: the key in BLOCKRUN_WALLET_KEY, else the one that `blockrun wallet create` made.
NO_COLOR=1 turns colours off; where the output is no terminal there are none.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask a model, pay for it, print the answer. Without a prompt, on a terminal: a conversation.
    Chat(crate::chat::ChatArguments),
    /// Have a picture made, pay for it, write it to a file.
    Image(crate::image::ImageArguments),
    /// Print what a call would cost. Pays nothing.
    Quote(crate::chat::Question),
    /// List the models and their prices.
    Models(crate::models::ModelsArguments),
    /// Find what can be bought: the paid resources that a server lists. Pays nothing.
    Discover(crate::discover::DiscoverArguments),
    /// Send a request to any address, pay when it asks and the limits allow, print the answer.
    Fetch(crate::discover::FetchArguments),
    /// Show what was paid, prove it, fetch paid answers again.
    Payments(crate::payments::PaymentsArguments),
    /// Add up what was spent: by day, by model, by server.
    Spend(crate::spend::SpendArguments),
    /// Show the limits in force and where they come from; write them into the policy file.
    Policy(crate::policy::PolicyArguments),
    /// Make, bring in, look at, fund and keep the wallet that pays.
    Wallet(crate::wallet::WalletArguments),
    /// Look at everything that a paid call needs, and say what to mend. Pays nothing.
    Doctor(crate::doctor::DoctorArguments),
    /// Run the paid endpoint.
    #[cfg(feature = "gateway")]
    Gateway(Box<crate::gateway::GatewayArguments>),
    /// Run the paid endpoint. Not in this build: it says where to get it.
    #[cfg(not(feature = "gateway"))]
    #[command(disable_help_flag = true)]
    Gateway {
        /// Whatever is said to it.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
        rest: Vec<std::ffi::OsString>,
    },
    /// Give an agent tools that pay (Model Context Protocol).
    #[cfg(feature = "mcp")]
    Mcp(crate::mcp::McpArguments),
    /// Pay for any program that has a setting for its base URL.
    #[cfg(feature = "proxy")]
    Proxy(crate::proxy::ProxyArguments),
    /// Print what teaches a shell to complete this command.
    Completions(crate::shell::CompletionsArguments),
    /// Print the manual page, or write those of all commands.
    Man(crate::shell::ManArguments),
}

/// The command with all its help.
pub(crate) fn command() -> clap::Command {
    examples::added(Arguments::command().after_long_help(format!("{NOTES}\n\n{}", exit::help())))
}

/// Reads a command line. What clap wants to be told, `--help` too, is an error here.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, Error> {
    let mut command = command();
    let matches = command.try_get_matches_from_mut(arguments)?;
    Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Prints it where it belongs and gives the exit code.
pub(crate) fn tell(told: &Error) -> u8 {
    // A reader who went away (`| head`) is no error, and there is nobody left to tell.
    let _ = told.print();
    if told.use_stderr() { exit::USAGE } else { exit::DONE }
}
