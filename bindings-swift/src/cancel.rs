//! Cancelling a call from Swift, whose tasks cannot drop a future of ours. Kotlin's can.

use std::sync::Arc;

use blockrun_llm::error::Result;
use tokio::sync::watch;

use crate::error::{NativeError, NativeResult};

/// Internal: ends the calls that it was given to.
#[derive(Debug, uniffi::Object)]
pub struct CancelHandle(watch::Sender<bool>);

#[uniffi::export]
impl CancelHandle {
    /// A handle that has not been used.
    #[uniffi::constructor]
    #[expect(clippy::new_without_default, reason = "the languages have no such trait")]
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Ends them now, and those that are still to begin. Doing it again changes nothing.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }
}

/// A call that ends with `Cancelled` when the handle is used first.
///
/// The call is dropped there and then, which the core allows at every point: what was not sent is
/// free again, what was sent stays counted as unknown.
pub(crate) fn cancellable<T>(
    handle: Option<Arc<CancelHandle>>,
    call: impl Future<Output = Result<T>>,
) -> impl Future<Output = NativeResult<T>> {
    // A call of the core has some 30 kB: it is moved once, not through every layer above.
    let call = Box::pin(call);
    async move {
        let Some(handle) = handle else { return Ok(call.await?) };
        let mut used = handle.0.subscribe();
        tokio::select! {
            biased;
            Ok(_) = used.wait_for(|used| *used) => Err(NativeError::Cancelled),
            result = call => Ok(result?),
        }
    }
}
