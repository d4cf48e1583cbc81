//! What a call cost, beside its answer.

use std::io::stderr;

use blockrun_llm::{LLMClient, Usdc, journal::JournalKind};

use crate::{
    output::{Failure, remark},
    terminal::{Style, plain},
};

/// What is told of a call that was paid.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    pub(crate) model: Option<&'a str>,
    pub(crate) cost: Usdc,
    pub(crate) billed_to_account: bool,
    pub(crate) transaction: Option<&'a str>,
}

impl Told<'_> {
    /// The price in words.
    pub(crate) fn price(&self) -> String {
        match (self.billed_to_account, self.cost) {
            (true, _) => "billed to the account".to_owned(),
            (false, Usdc::ZERO) => "free".to_owned(),
            (false, cost) => format!("{cost} USDC"),
        }
    }

    /// Tells it on standard error, a line each; and that nothing was written down, where that is so.
    pub(crate) fn tell(&self, client: &LLMClient) -> Result<(), Failure> {
        let line = |name: &str, value: &str| {
            remark(&Style::Dim.paint(&format!("{name:<13}{}", plain(value)), &stderr()))
        };
        if let Some(model) = self.model {
            line("model", model)?;
        }
        line("price", &self.price())?;
        line("transaction", self.transaction.unwrap_or("none"))?;
        unrecorded(client)
    }
}

/// Says so where the journal is not on disk although it should be.
pub(crate) fn unrecorded(client: &LLMClient) -> Result<(), Failure> {
    match client.journal() {
        Some(JournalKind::MemoryBecause(why)) => {
            remark(&format!("not on record once this ends ({why}); BLOCKRUN_HOME names a folder"))
        }
        _ => Ok(()),
    }
}
