//! An answer that is printed piece by piece.

use std::io::{IsTerminal, stdout};

use crate::{
    output::{Failure, write},
    terminal::plain,
};

/// What was printed so far, as far as its end matters.
#[derive(Debug)]
pub(super) struct Paper {
    terminal: bool,
    /// Something stands on the last line.
    written: bool,
}

impl Paper {
    pub(super) fn new() -> Self {
        Self { terminal: stdout().is_terminal(), written: false }
    }

    /// Prints a piece.
    pub(super) fn put(&mut self, text: &str) -> Result<(), Failure> {
        if text.is_empty() {
            return Ok(());
        }
        self.written = !text.ends_with('\n');
        match self.terminal {
            true => write(plain(text).as_bytes()),
            false => write(text.as_bytes()),
        }
    }

    /// Ends the last line.
    pub(super) fn end(&mut self) -> Result<(), Failure> {
        if std::mem::take(&mut self.written) { write(b"\n") } else { Ok(()) }
    }
}
