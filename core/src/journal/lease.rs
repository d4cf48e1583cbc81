//! Who is working on a call. A lease ends by itself, or at once when its process is seen dead.

use std::sync::OnceLock;

use crate::{clock::Timestamp, error::Result};

/// How long a lease lasts without being renewed.
pub(super) const SECONDS: u64 = 30;

/// This process, in a form that another one of the same machine can check: id, start, chance.
pub(super) fn owner() -> Result<&'static str> {
    static OWNER: OnceLock<String> = OnceLock::new();
    if let Some(owner) = OWNER.get() {
        return Ok(owner);
    }
    let process = std::process::id();
    let chance = alloy::hex::encode(crate::clock::random_bytes::<8>()?);
    let started = started(process).unwrap_or_default();
    Ok(OWNER.get_or_init(|| format!("{process}:{started}:{chance}")))
}

/// Whether somebody still works on a call.
pub(super) fn is_live(owner: &str, until: Timestamp, now: Timestamp) -> bool {
    until > now && !is_dead(owner)
}

/// Whether the process is known to have ended. Where that cannot be seen, the lease has to run out.
fn is_dead(owner: &str) -> bool {
    if !cfg!(target_os = "linux") {
        return false;
    }
    let mut parts = owner.split(':');
    let (Some(process), Some(start)) = (parts.next(), parts.next()) else { return false };
    let Ok(process) = process.parse() else { return false };
    started(process).as_deref() != Some(start)
}

/// When a process started, in the kernel's own ticks: field 22 of its status line.
fn started(process: u32) -> Option<String> {
    let line = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let after_name = line.rsplit_once(')')?.1;
    after_name.split_whitespace().nth(19).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_ends_with_its_time_or_its_process() {
        let ours = owner().unwrap();
        assert!(is_live(ours, 10, 9));
        assert!(!is_live(ours, 10, 10));
        if cfg!(target_os = "linux") {
            let process = std::process::id();
            assert!(!is_live(&format!("{process}:1:x"), 10, 9), "another process of the same id");
            assert!(!is_live("4294967295:1:x", 10, 9));
        }
    }
}
