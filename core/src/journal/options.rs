//! Where a journal lives and how hard it writes.

use std::path::PathBuf;

/// Which losses a payment's record survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Durability {
    /// The death of the process, not the loss of power. The default, but on phones.
    #[cfg_attr(not(any(target_os = "android", target_os = "ios")), default)]
    Process,
    /// The loss of power as well, at a cost that depends on the disk.
    #[cfg_attr(any(target_os = "android", target_os = "ios"), default)]
    Power,
}

/// What a call without a key does when the same call was made before and its payment is unresolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OnUnresolved {
    /// Takes it up again: a plain retry does not pay twice.
    #[default]
    Resume,
    /// Ends with an error that names the earlier call.
    Refuse,
    /// Is another purchase.
    New,
}

/// How a journal is set up.
#[derive(Clone, Debug, Default)]
pub struct JournalOptions {
    /// The wallet home. `BLOCKRUN_HOME`, then `~/.blockrun`; without a home folder, memory.
    pub home: Option<PathBuf>,
    /// Keep everything in memory and nothing after the process.
    pub in_memory: bool,
    /// Which losses it survives.
    pub durability: Durability,
    /// A rule in force needs the file: without it nothing is signed.
    pub required: bool,
}

/// Where a journal really lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalKind {
    /// In a file, shared by all processes of the wallet home.
    File(PathBuf),
    /// In memory, as was asked for.
    Memory,
    /// In memory, because the file cannot be used; the text says why.
    MemoryBecause(String),
}
