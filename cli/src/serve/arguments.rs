//! The options of every subcommand that serves HTTP.

use std::net::IpAddr;

use clap::Args;

use super::{
    guard::{Guard, check_host, check_origin},
    token::{Tokens, made_up},
};
use crate::output::Failure;

/// Who may ask.
#[derive(Debug, Args)]
pub(crate) struct DoorArguments {
    /// Address to listen on. Beyond this machine a --token is demanded, and TLS is somebody else's.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub(crate) host: IpAddr,
    /// Token that a client shows as its API key, 16 characters or more; give each client its own,
    /// separated by commas. Without one, one is made up and printed. In the environment other
    /// programs do not see it.
    #[arg(
        long = "token",
        value_name = "TOKEN",
        env = "BLOCKRUN_PROXY_TOKEN",
        hide_env_values = true,
        value_delimiter = ','
    )]
    tokens: Vec<String>,
    /// Ask for no token: every program on this machine can then spend, within the limits.
    #[arg(long, conflicts_with = "tokens")]
    no_token: bool,
    /// Name under which clients may reach this machine, besides localhost and addresses in numbers.
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
    /// Origin whose pages may ask, such as https://app.example; without one no page may.
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,
}

impl DoorArguments {
    /// The guard that these options describe, and the token that was made up for it.
    pub(crate) fn guard(&self) -> Result<(Guard, Option<String>), Failure> {
        if self.no_token && !self.host.is_loopback() {
            return Err(Failure::usage(format!(
                "--no-token: {} is reachable from other machines, which could spend; give a --token",
                self.host
            )));
        }
        let mut tokens = self.tokens.clone();
        let made = match tokens.is_empty() && !self.no_token {
            false => None,
            true if self.host.is_loopback() => Some(made_up().map_err(Failure::other)?),
            true => {
                return Err(Failure::usage(format!(
                    "--token: {} is reachable from other machines; set BLOCKRUN_PROXY_TOKEN to one \
                     that you have chosen",
                    self.host
                )));
            }
        };
        tokens.extend(made.clone());
        let hosts = self.allow_host.iter().map(|name| check_host(name)).collect::<Result<_, _>>();
        let origins =
            self.allow_origin.iter().map(|one| check_origin(one)).collect::<Result<_, _>>();
        let guard = Guard {
            tokens: Tokens::new(&tokens).map_err(Failure::usage)?,
            hosts: hosts.map_err(Failure::usage)?,
            origins: origins.map_err(Failure::usage)?,
        };
        Ok((guard, made))
    }
}
