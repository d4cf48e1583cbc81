//! This machine: home folder, wallet, policy files, journal.

use std::path::{Path, PathBuf};

use blockrun_llm::{
    Error, LLMClient, WalletInUse,
    client::PolicyRules,
    journal::{JournalKind, PaymentFilter, SumBy},
    wallet::{WalletFile, WalletHome},
};

use super::finding::Finding;
use crate::wallet::is_account;

pub(super) fn home() -> Finding {
    let subject = "home folder";
    let Ok(home) = WalletHome::find(None) else {
        let says = "there is none, so payments are forgotten when a program ends and no budget over \
                    time can be kept: set HOME or BLOCKRUN_HOME";
        return Finding::warn(subject, says);
    };
    let folder = home.folder();
    let shown = folder.display();
    match std::fs::metadata(folder) {
        Err(_) if !folder.exists() => {
            Finding::ok(subject, format!("{shown}, which is made at the first payment"))
        }
        Err(cause) => Finding::fail(subject, format!("{shown} cannot be looked at: {cause}")),
        Ok(found) if !found.is_dir() => Finding::fail(
            subject,
            format!("{shown} is no folder: move it away, or set BLOCKRUN_HOME"),
        ),
        Ok(found) if open_to_others(&found) => Finding::warn(
            subject,
            format!("{shown} can be looked into by others: chmod 700 {shown}"),
        ),
        Ok(_) => Finding::ok(subject, format!("{shown}, yours alone")),
    }
}

#[cfg(unix)]
fn open_to_others(found: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o077 != 0
}

/// Elsewhere a folder of the account is the account's own.
#[cfg(not(unix))]
const fn open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

pub(super) fn wallet() -> Finding {
    let subject = "wallet";
    if is_account() {
        return Finding::ok(
            subject,
            "none needed: BLOCKRUN_API_KEY names an account that is billed",
        );
    }
    let address = |found: Option<blockrun_llm::wallet::Address>| {
        found.map_or_else(|| "an account that it does not name".to_owned(), |one| one.to_string())
    };
    match WalletInUse::find(None) {
        Ok(None) => Finding::fail(
            subject,
            "there is none: `blockrun wallet create` makes one, `blockrun wallet import` brings one in",
        ),
        Ok(Some(WalletInUse { variable: Some(name), address: found, .. })) => {
            Finding::ok(subject, format!("{}, its key in {name}", address(found)))
        }
        Ok(Some(WalletInUse { file: Some(file), .. })) => {
            let WalletFile { path, encrypted, address: found } = file;
            let how = if encrypted { "encrypted" } else { "in plain, yours alone" };
            Finding::ok(
                subject,
                format!("{}, its key in {} ({how})", address(found), path.display()),
            )
        }
        Ok(Some(found)) => Finding::ok(subject, address(found.address)),
        Err(error) => Finding::fail(subject, error.to_string()),
    }
}

pub(super) fn policy() -> Finding {
    let subject = "policy";
    let places = [Some(PathBuf::from(PolicyRules::OF_MACHINE)), PolicyRules::of_account()];
    let there = |path: &Path| -> Result<bool, Error> { Ok(PolicyRules::read(path)?.is_some()) };
    let mut files = Vec::new();
    for path in places.into_iter().flatten() {
        match there(&path) {
            Ok(true) => files.push(path.display().to_string()),
            Ok(false) => {}
            Err(error) => return Finding::fail(subject, error.to_string()),
        }
    }
    match files.is_empty() {
        true => Finding::ok(
            subject,
            "no file; each call may cost what its program allows, $1 unless said",
        ),
        false => {
            Finding::ok(subject, format!("{}; `blockrun policy show` tells more", files.join(", ")))
        }
    }
}

/// Opens it, as the first payment would.
pub(super) async fn journal(client: &LLMClient) -> Option<Finding> {
    client.address()?;
    let subject = "journal";
    let sums = match client.payment_sums(SumBy::Day, PaymentFilter::default()).await {
        Ok(sums) => sums,
        Err(error) => return Some(Finding::fail(subject, error.to_string())),
    };
    let payments: u64 = sums.iter().map(|day| day.payments).sum();
    let open: u64 = sums.iter().map(|day| day.unresolved).sum();
    Some(match (client.journal(), open) {
        (Some(JournalKind::MemoryBecause(why)), _) => Finding::warn(
            subject,
            format!(
                "in memory, because {why}: nothing is known of a payment once its program ends"
            ),
        ),
        (Some(JournalKind::File(path)), 0) => {
            Finding::ok(subject, format!("{}, payments in it: {payments}", path.display()))
        }
        (Some(JournalKind::File(_)), open) => Finding::warn(
            subject,
            format!(
                "{open} payments of unknown outcome: `blockrun payments reconcile` asks the chain"
            ),
        ),
        _ => Finding::ok(subject, "in memory"),
    })
}
