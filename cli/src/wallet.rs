//! `blockrun wallet`: make, bring in, look at, fund and keep the key that pays.

mod ask;
mod fund;
mod keep;
mod look;
mod words;

use std::path::PathBuf;

pub(crate) use ask::{line, somebody};

use blockrun_llm::{
    Error, ErrorKind, PrivateKey, Usdc,
    networks::{ALL, Network},
    wallet::Address,
};
use clap::{ArgGroup, Args, Subcommand};

use crate::{client::ClientArguments, output::Failure};

/// Goes before every wallet.
const API_KEY: &str = "BLOCKRUN_API_KEY";

/// The wallet that pays. Its files are in BLOCKRUN_HOME, by default ~/.blockrun.
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(crate) struct WalletArguments {
    #[command(subcommand)]
    command: WalletCommand,
}

const NOTES: &str = "\
An encrypted wallet is opened with BLOCKRUN_WALLET_PASSPHRASE, with what the command in
BLOCKRUN_WALLET_PASSPHRASE_COMMAND prints, or by asking.";

#[derive(Debug, Subcommand)]
enum WalletCommand {
    /// Make a new wallet. Never overwrites one.
    Create {
        /// Make it from 12 words (BIP-39), which are shown once, on a terminal: whoever has written them
        /// down has a copy. Its account is the one at m/44'/60'/0'/0/0.
        #[arg(long)]
        mnemonic: bool,
        /// Keep it under a passphrase. Also when the environment has one.
        #[arg(long)]
        encrypt: bool,
    },
    /// Bring in a wallet: a key in hexadecimal, a phrase of BIP-39, or a keystore (Web3, version 3).
    Import(ImportArguments),
    /// Show which wallet pays, and where its key is. Shows no key.
    Show {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print what it holds on each network.
    Balance {
        /// On this network only, such as eip155:8453 or base-sepolia.
        #[arg(long, value_parser = network)]
        network: Option<&'static Network>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Say how USDC gets into it: a link, a QR code, words.
    Fund(FundArguments),
    /// Hand out the key itself, in plain.
    #[command(group = ArgGroup::new("where").required(true).args(["show", "to"]))]
    Export {
        /// Print it to this terminal, once that has been confirmed.
        #[arg(long)]
        show: bool,
        /// Write it to a new file that only you can read.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Write an encrypted copy (a keystore) to a new file.
    Backup {
        /// The file, best on another disk.
        file: PathBuf,
    },
    /// Put the key that is here in plain under a passphrase.
    Encrypt,
    /// Take the key that is here out from under its passphrase, once that has been confirmed.
    Decrypt {
        /// The key is to lie in plain, in a file that only you can read. Has to be said.
        #[arg(long, required = true)]
        in_plain: bool,
    },
    /// List wallets that other programs keep here. Uses none of them.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
struct ImportArguments {
    /// File to read; `-` is standard input. Without it you are asked.
    #[arg(conflicts_with = "found")]
    file: Option<PathBuf>,
    /// The account of a phrase [default: m/44'/60'/0'/0/0].
    #[arg(long)]
    path: Option<String>,
    /// Ask for the passphrase of the phrase, which few phrases have.
    #[arg(long)]
    passphrase: bool,
    /// Take over the wallet of another program with this address; see `blockrun wallet list`.
    #[arg(long, value_name = "ADDRESS")]
    found: Option<Address>,
    /// Put it in the place of the wallet that is here, which is kept beside it.
    #[arg(long)]
    replace: bool,
    /// Keep it under a passphrase. Also when the environment has one.
    #[arg(long)]
    encrypt: bool,
    /// Refused, in words.
    #[arg(long, hide = true, value_name = "KEY", num_args = 0.., aliases = ["private-key", "mnemonic", "phrase", "secret"])]
    key: Option<Vec<String>>,
}

#[derive(Debug, Args)]
struct FundArguments {
    /// Suggested amount, in dollars.
    #[arg(long, value_name = "USDC")]
    amount: Option<Usdc>,
    /// Network to fund it on [default: the one the endpoint takes: Base].
    #[arg(long, value_parser = network)]
    network: Option<&'static Network>,
    /// Write the QR code to a new PNG file.
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    /// Print the QR code even where the output is no terminal.
    #[arg(long)]
    qr: bool,
    /// Print JSON, without a QR code.
    #[arg(long)]
    json: bool,
}

/// Runs one of the subcommands.
pub(crate) async fn run(
    arguments: WalletArguments,
    client: ClientArguments,
) -> Result<(), Failure> {
    match arguments.command {
        WalletCommand::Create { mnemonic: false, encrypt } => keep::create(encrypt),
        WalletCommand::Create { mnemonic: true, encrypt } => words::create(encrypt),
        WalletCommand::Import(arguments) => keep::import(arguments),
        WalletCommand::Show { json } => look::show(json),
        WalletCommand::Balance { network, json } => look::balance(client, network, json).await,
        WalletCommand::Fund(arguments) => fund::run(arguments, client),
        WalletCommand::Export { to: Some(file), .. } => keep::export_to(&file),
        WalletCommand::Export { to: None, .. } => keep::export_shown(),
        WalletCommand::Backup { file } => keep::backup(&file),
        WalletCommand::Encrypt => keep::encrypt(),
        WalletCommand::Decrypt { .. } => keep::decrypt(),
        WalletCommand::List { json } => look::list(json),
    }
}

/// The key of an encrypted wallet for a command that pays, if somebody has to be asked for its
/// passphrase.
pub(crate) fn unlocked() -> Result<Option<PrivateKey>, Error> {
    ask::unlocked()
}

/// Whether calls are billed to an account instead of being paid from a wallet.
pub(crate) fn is_account() -> bool {
    std::env::var(API_KEY).is_ok_and(|key| !key.trim().is_empty())
}

/// An error about wallets; no money moves here, so nothing is said about any.
fn told(error: Error) -> Failure {
    match error.kind() {
        ErrorKind::InvalidArgument => Failure::usage(error),
        _ => error.into(),
    }
}

fn no_wallet() -> Failure {
    Failure::usage(
        "there is no wallet yet: `blockrun wallet create` makes one, `blockrun wallet import` brings \
         one in, and BLOCKRUN_WALLET_KEY may hold the key of one",
    )
}

fn network(text: &str) -> Result<&'static Network, String> {
    let named = |network: &&Network| network.name.eq_ignore_ascii_case(text);
    Network::by_id(text).or_else(|| ALL.into_iter().find(named)).ok_or_else(|| {
        let known = ALL.map(|network| network.caip2).join(", ");
        format!("{text:?} is not one of {known}, base and base-sepolia")
    })
}
