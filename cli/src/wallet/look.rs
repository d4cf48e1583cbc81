//! What reads: show, balance, list.

use std::sync::Arc;

use blockrun_llm::{
    LLMClient, WalletInUse,
    networks::{ALL, Network},
    wallet::{Address, WatchOnly, discover_wallets},
};
use serde_json::{Value, json};

use super::{API_KEY, is_account, no_wallet, told};
use crate::{
    client::ClientArguments,
    output::{Failure, print, remark},
};

/// The account of the wallet that pays; its key stays where it is.
pub(super) fn address() -> Result<Address, Failure> {
    let found = WalletInUse::find(None).map_err(told)?.ok_or_else(no_wallet)?;
    found.address.ok_or_else(|| {
        Failure::usage(
            "the keystore does not say whose it is; import it again to have it written in",
        )
    })
}

/// A client that looks at an account and cannot pay.
pub(super) fn watching(arguments: ClientArguments, address: Address) -> Result<LLMClient, Failure> {
    arguments.client_of(Arc::new(WatchOnly(address))).map_err(told)
}

pub(super) fn show(json: bool) -> Result<(), Failure> {
    let found = WalletInUse::find(None).map_err(told)?.ok_or_else(no_wallet)?;
    let address = found.address.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
    let path = found.file.as_ref().map(|file| file.path.display().to_string());
    let encrypted = found.file.as_ref().is_some_and(|file| file.encrypted);
    if json {
        let file = json!({ "path": path, "encrypted": encrypted });
        let file = if path.is_some() { file } else { Value::Null };
        let shown = json!({ "address": address, "variable": found.variable, "file": file });
        return print(&shown.to_string());
    }
    print(&address)?;
    match (found.variable, path) {
        (Some(name), _) => remark(&format!("its key is in the environment, in {name}"))?,
        (None, Some(path)) => {
            let how = if encrypted { "encrypted" } else { "in plain, readable by you alone" };
            remark(&format!("its key is in {path}, {how}"))?;
        }
        (None, None) => {}
    }
    if is_account() {
        remark(&format!("{API_KEY} is set: calls are billed to its account, not paid from here"))?;
    }
    Ok(())
}

pub(super) async fn balance(
    arguments: ClientArguments,
    network: Option<&'static Network>,
    json: bool,
) -> Result<(), Failure> {
    let client = watching(arguments, address()?)?;
    if let Some(network) = network {
        let held = client.balance(Some(network.caip2)).await?;
        let shown = json!({ "network": network.caip2, "balance_micro": held });
        return print(&if json { shown.to_string() } else { format!("{held} USDC") });
    }
    let (mut rows, mut read, mut last) = (Vec::new(), 0, None);
    for network in ALL {
        let held = client.balance(Some(network.caip2)).await;
        let (held, error) = match held {
            Ok(held) => (Some(held), None),
            // The table knows nobody to ask.
            Err(error) if error.field() == Some("rpc_url") && network.rpc_urls.is_empty() => {
                continue;
            }
            Err(error) => (None, Some(error)),
        };
        read += usize::from(held.is_some());
        let words = error.as_ref().map(ToString::to_string);
        match (json, held, &words) {
            (true, ..) => rows.push(json!({
                "network": network.caip2, "name": network.name, "balance_micro": held, "error": words,
            })),
            (false, Some(held), _) => print(&format!("{:14}{held} USDC", network.name))?,
            (false, None, Some(words)) => remark(&format!("{:14}not known: {words}", network.name))?,
            (false, None, None) => {}
        }
        last = error.or(last);
    }
    if json {
        print(&json!({ "address": client.address(), "balances": rows }).to_string())?;
    }
    match last {
        Some(error) if read == 0 => Err(error.into()),
        _ => Ok(()),
    }
}

pub(super) fn list(json: bool) -> Result<(), Failure> {
    let found = discover_wallets();
    if json {
        return print(&json!(found).to_string());
    }
    for one in &found {
        print(&format!("{}  {}", one.address, one.source.display()))?;
    }
    match found.len() {
        0 => remark("no wallets of other programs were found"),
        _ => {
            remark("none of them is used; `blockrun wallet import --found ADDRESS` takes one over")
        }
    }
}
