//! The command itself.

use blockrun_llm::LLMClient;
use clap::Args;
use serde_json::json;

use super::{
    finding::{Finding, Health},
    machine, server,
};
use crate::{
    client::ClientArguments,
    output::{Failure, print},
};

/// Look at everything that a paid call needs, and say what to mend. Pays nothing. Ends with 1 when a
/// paid call would fail.
#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Prints a line for each finding.
pub(crate) async fn run(
    arguments: DoctorArguments,
    client: ClientArguments,
) -> Result<(), Failure> {
    let findings = examined(client).await;
    if arguments.json {
        print(&json!(findings).to_string())?;
    } else {
        let width = findings.iter().map(|one| one.subject.len()).max().unwrap_or_default();
        for finding in &findings {
            print(&finding.line(width))?;
        }
    }
    let failed = findings.iter().filter(|one| one.health == Health::Fail).count();
    match failed {
        0 => Ok(()),
        1 => Err(Failure::other("a paid call would fail; 1 thing has to be mended")),
        many => {
            Err(Failure::other(format!("a paid call would fail; {many} things have to be mended")))
        }
    }
}

async fn examined(client: ClientArguments) -> Vec<Finding> {
    let mut findings = vec![machine::home(), machine::wallet(), machine::policy()];
    match client.looking() {
        Ok(client) => {
            findings.extend(machine::journal(&client).await);
            findings.extend(server::look(&client).await);
            findings.extend(balances(&client).await);
        }
        Err(error) => findings.push(Finding::fail("settings", error.to_string())),
    }
    findings
}

/// What the wallet holds; only where the server takes it does it matter.
async fn balances(client: &LLMClient) -> Vec<Finding> {
    let Some(address) = client.address().filter(|address| !address.is_zero()) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for network in blockrun_llm::networks::ALL {
        let subject = format!("balance {}", network.name);
        let matters = network == client.network();
        findings.extend(match client.balance(Some(network.caip2)).await {
            Ok(held) if held.micro() == 0 && matters => {
                let way = "calls cannot be paid; `blockrun wallet fund` says how USDC gets there";
                Some(Finding::warn(subject, format!("{address} holds nothing: {way}")))
            }
            Ok(held) => Some(Finding::ok(subject, format!("{held} USDC"))),
            // Nobody to ask: nothing is wrong where nothing is bought.
            Err(_) if !matters => None,
            Err(error) => Some(Finding::warn(subject, error.to_string())),
        });
    }
    findings
}
