//! Cancelling a call from JavaScript: the native side of an `AbortSignal`.

use std::future::Future;

use napi::{Status, bindgen_prelude::Result};
use napi_derive::napi;
use tokio::sync::watch;

/// Ends the calls that it was given to.
#[napi]
pub struct CancelHandle(watch::Sender<bool>);

#[napi]
impl CancelHandle {
    /// A handle that has not been used.
    #[napi(constructor, catch_unwind)]
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Ends them now, and those that are still to begin. Doing it again changes nothing.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }
}

/// A future that rejects with status `Cancelled` when the handle is used first.
///
/// The call is dropped there and then, which the core allows at every point: what was not sent is
/// free again, what was sent stays counted as unknown.
pub(crate) fn cancellable<T, F: Future<Output = Result<T>>>(
    handle: Option<&CancelHandle>,
    call: F,
) -> impl Future<Output = Result<T>> + use<T, F> {
    let cancelled = handle.map(|handle| handle.0.subscribe());
    async move {
        let Some(mut cancelled) = cancelled else { return call.await };
        tokio::select! {
            biased;
            // A collected handle can no longer be used: the call goes on.
            Ok(_) = cancelled.wait_for(|used| *used) => {
                Err(napi::Error::from_status(Status::Cancelled))
            }
            result = call => result,
        }
    }
}
