//! Who is working on a call. A lease ends by itself, or at once when its process is seen dead.

use std::sync::{Mutex, PoisonError};

use crate::{clock::Timestamp, error::Result};

/// How long a lease lasts without being renewed.
pub(super) const SECONDS: u64 = 30;

/// The process that last asked, and its name: a forked child, which outlives it or not, never holds a
/// lease in the name of its parent.
static OWNER: Mutex<Option<(u32, String)>> = Mutex::new(None);

/// This process, in a form that another one of the same machine can check: id, start, chance.
pub(super) fn owner() -> Result<String> {
    let process = std::process::id();
    let mut known = OWNER.lock().unwrap_or_else(PoisonError::into_inner);
    match &*known {
        Some((of, owner)) if *of == process => Ok(owner.clone()),
        _ => {
            let chance = alloy::hex::encode(crate::clock::random_bytes::<8>()?);
            let started = started(process).unwrap_or_default();
            let owner = format!("{process}:{started}:{chance}");
            *known = Some((process, owner.clone()));
            Ok(owner)
        }
    }
}

/// Whether somebody still works on a call.
pub(super) fn is_live(owner: &str, until: Timestamp, now: Timestamp) -> bool {
    until > now && (is_ours(owner) || !is_dead(owner))
}

/// Nobody has to look whether this process lives.
fn is_ours(other: &str) -> bool {
    owner().is_ok_and(|ours| ours == other)
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

/// When a process started, in the kernel's own ticks.
fn started(process: u32) -> Option<String> {
    since(&std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// Field 22 of a status line; none of a process that has ended and is only waited for, which in a
/// container may be for ever.
fn since(line: &str) -> Option<String> {
    let fields: Vec<_> = line.rsplit_once(')')?.1.split_whitespace().collect();
    let (state, threads) = (fields.first()?, fields.get(17)?);
    // The first thread may end before the others: then the process lives on.
    let ended = *state == "X" || (*state == "Z" && *threads == "1");
    fields.get(19).filter(|_| !ended).map(|ticks| (*ticks).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_ends_with_its_time_or_its_process() {
        let ours = owner().unwrap();
        assert!(is_live(&ours, 10, 9));
        assert!(!is_live(&ours, 10, 10));
        if cfg!(target_os = "linux") {
            let process = std::process::id();
            assert!(!is_live(&format!("{process}:1:x"), 10, 9), "another process of the same id");
            assert!(!is_live("4294967295:1:x", 10, 9));
        }
    }

    #[test]
    fn a_zombie_is_dead_and_a_process_without_its_first_thread_is_not() {
        let line = |state: &str, threads: &str| {
            format!("7 (a) b) {state} 1 7 7 0 -1 4 0 0 0 0 0 0 0 0 20 0 {threads} 0 4711 0 0")
        };
        assert_eq!(since(&line("S", "1")).as_deref(), Some("4711"));
        assert_eq!(since(&line("Z", "1")), None);
        assert_eq!(since(&line("Z", "3")).as_deref(), Some("4711"));
    }
}
