//! `blockrun policy`: what may be spent, and who says so.

mod change;
mod looser;
mod set;
mod show;

use clap::{Args, Subcommand};

use crate::{client::ClientArguments, output::Failure};

/// The limits in force, and where they come from.
#[derive(Debug, Args)]
pub(crate) struct PolicyArguments {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Show the limits in force, what is left of them, and where each comes from.
    Show {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write rules into the account's policy file, which binds all its programs.
    Set(set::SetArguments),
}

/// Runs one of the subcommands.
pub(crate) async fn run(
    arguments: PolicyArguments,
    client: ClientArguments,
) -> Result<(), Failure> {
    match arguments.command {
        PolicyCommand::Show { json } => show::run(client, json).await,
        PolicyCommand::Set(arguments) => set::run(&arguments),
    }
}
