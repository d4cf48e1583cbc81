//! What turns out about a request while it is served.

use std::{
    any::Any,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use alloy::primitives::Address;

/// Goes with a request through the gateway, and beyond it where its work goes on without the caller.
/// What it was given to keep is let go with its last copy.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ticket(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    model: OnceLock<String>,
    payer: OnceLock<Address>,
    kept: Mutex<Vec<Box<dyn Any + Send>>>,
}

impl Ticket {
    /// Notes the model that is asked for, by its id in the catalog.
    pub(crate) fn asks_for(&self, model: &str) {
        // Nobody asks for two.
        let _ = self.0.model.set(model.to_owned());
    }

    /// Notes whose payment was verified.
    pub(crate) fn is_paid_by(&self, payer: Address) {
        // Nobody pays twice.
        let _ = self.0.payer.set(payer);
    }

    pub(super) fn model(&self) -> Option<&str> {
        self.0.model.get().map(String::as_str)
    }

    pub(super) fn payer(&self) -> Option<&Address> {
        self.0.payer.get()
    }

    /// Keeps something until all work on the request is over.
    pub(crate) fn keep(&self, thing: impl Any + Send) {
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(Box::new(thing));
    }
}
