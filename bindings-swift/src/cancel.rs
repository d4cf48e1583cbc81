//! Cancelling a call from Swift, whose tasks cannot drop a future of ours. Kotlin's can.

use std::sync::Arc;

use blockrun_llm::error::Result;
use tokio::{sync::watch, task::JoinHandle};

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

/// Makes a call on the runtime's own threads, whatever thread of the app waits for it.
///
/// Using the handle ends it with `Cancelled`; so does dropping the future, as Kotlin does. The call
/// is dropped where it stands, which the core allows at every point: what was not sent is free
/// again, what was sent stays counted as unknown.
pub(crate) async fn on_runtime<T: Send + 'static>(
    handle: Option<Arc<CancelHandle>>,
    call: impl Future<Output = Result<T>> + Send + 'static,
) -> NativeResult<T> {
    let mut task = EndsWithUs(tokio::spawn(call));
    let mut used = handle.map(|handle| handle.0.subscribe());
    let cancelled = async {
        match &mut used {
            Some(used) => drop(used.wait_for(|used| *used).await),
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = cancelled => Err(NativeError::Cancelled),
        ended = &mut task.0 => match ended {
            Ok(result) => Ok(result?),
            Err(failed) => match failed.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(NativeError::Cancelled),
            },
        },
    }
}

struct EndsWithUs<T>(JoinHandle<T>);

impl<T> Drop for EndsWithUs<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
