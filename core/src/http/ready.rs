//! What a future has already.

use std::{
    future::poll_fn,
    mem,
    pin::{Pin, pin},
    task::Poll,
};

/// What the future brings without waiting for the network; `None` drops it.
///
/// A task that hands over one piece at a time, as that of a connection does, has its turn in
/// between: it may hold the next piece.
pub(super) async fn at_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    if let Poll::Ready(output) = poll_once(future.as_mut()).await {
        return Some(output);
    }
    yield_now().await;
    match poll_once(future).await {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}

/// Lets other tasks have their turn, in whatever runtime. Tokio's own would look for what the
/// network has brought meanwhile, too: that is the next one's to wait for.
async fn yield_now() {
    let mut yielded = false;
    poll_fn(|context| {
        if mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
