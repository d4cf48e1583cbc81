//! What belongs to the process that made it.
//!
//! A fork copies memory and shares connections, but threads stay behind. A child that used what its
//! parent made would mix its requests with the parent's, payments included, so it is refused; and
//! it must not even drop it.

use std::{mem, process, sync::Arc};

use pyo3::{exceptions::PyRuntimeError, prelude::*};

/// Something shared, and whose it is.
pub(crate) struct Owned<T> {
    owner: Owner,
    shared: Option<Arc<T>>,
}

impl<T> Owned<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { owner: Owner::new(), shared: Some(Arc::new(value)) }
    }

    /// A share of it, in the process that made it.
    pub(crate) fn get(&self) -> PyResult<Arc<T>> {
        self.owner.check()?;
        self.shared.clone().ok_or_else(Owner::refused)
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        self.owner.drop_or_leave(self.shared.take());
    }
}

/// The process that made something.
pub(crate) struct Owner(u32);

impl Owner {
    pub(crate) fn new() -> Self {
        Self(process::id())
    }

    /// Refuses every other process.
    pub(crate) fn check(&self) -> PyResult<()> {
        if self.0 == process::id() { Ok(()) } else { Err(Self::refused()) }
    }

    /// Leaves what is the parent's alone: to drop it would wake threads that do not exist here,
    /// under locks that they may have held at the moment of the fork.
    pub(crate) fn drop_or_leave<T>(&self, value: T) {
        if self.0 == process::id() {
            drop(value);
        } else {
            mem::forget(value);
        }
    }

    fn refused() -> PyErr {
        PyRuntimeError::new_err(
            "this client was made before the process forked; make a new one in the child",
        )
    }
}
