//! The one tokio runtime of the process, and how a Python thread waits for a future on it.
//!
//! A fork copies the memory of a runtime but not its threads, so a child that used it would wait
//! for ever. The runtime is therefore kept together with the process that made it, and a child
//! makes its own.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    process, ptr,
    sync::atomic::{AtomicPtr, Ordering},
    task::Poll,
    time::Duration,
};

use pyo3::{exceptions::PyRuntimeError, prelude::*};
use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    task::{JoinError, JoinHandle},
    time::timeout,
};

use crate::{
    mail::PostOffice,
    questions::{DESK, Desk, Question},
};

/// How often a waiting thread looks for signals: Ctrl-C must interrupt within 100 ms.
const TICK: Duration = Duration::from_millis(50);
/// Waiting for the network needs no more.
const THREADS: usize = 2;

struct Slot {
    process: u32,
    runtime: Runtime,
    office: PostOffice,
}

// A pointer and not a lock: a lock that another thread held at the moment of the fork would stay
// locked in the child for ever.
static SLOT: AtomicPtr<Slot> = AtomicPtr::new(ptr::null_mut());

/// What a waiting thread hears of.
enum News<T> {
    Done(Result<T, JoinError>),
    Asked(Question),
}

/// Waits for `future` with the GIL released, and has its questions answered by `answer`.
///
/// A signal handler that raises, as that of Ctrl-C does, drops the future and is raised here
/// within a tick, and so does what `answer` raises; the core has then closed its books on the call.
pub(crate) fn wait<F>(
    py: Python<'_>,
    future: F,
    answer: impl Fn(Question) -> PyResult<()>,
) -> PyResult<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let (runtime, _) = current()?;
    let (desk, mut questions) = unbounded_channel();
    let mut task = runtime.spawn(DESK.scope(Desk::Thread(desk), future));
    loop {
        let go_on = match wait_a_tick(py, runtime, &mut task, &mut questions) {
            Some(News::Done(joined)) => {
                return joined.map_err(|cause| PyRuntimeError::new_err(lost(&cause)));
            }
            Some(News::Asked(question)) => answer(question),
            None => py.check_signals(),
        };
        if let Err(raised) = go_on {
            task.abort();
            // What the interrupted call did to the budgets is then visible to whoever catches this.
            let _dropped = wait_a_tick(py, runtime, &mut task, &mut questions);
            return Err(raised);
        }
    }
}

fn wait_a_tick<T: Send>(
    py: Python<'_>,
    runtime: &Runtime,
    task: &mut JoinHandle<T>,
    questions: &mut UnboundedReceiver<Question>,
) -> Option<News<T>> {
    // The end first: a call that is over has no more questions.
    let news = poll_fn(|context| {
        if let Poll::Ready(joined) = Pin::new(&mut *task).poll(context) {
            return Poll::Ready(News::Done(joined));
        }
        match questions.poll_recv(context) {
            Poll::Ready(Some(question)) => Poll::Ready(News::Asked(question)),
            _ => Poll::Pending,
        }
    });
    py.detach(|| runtime.block_on(async { timeout(TICK, news).await })).ok()
}

/// Waits a tick at most for a task that was aborted.
pub(crate) fn linger(py: Python<'_>, task: JoinHandle<()>) -> PyResult<()> {
    let (runtime, _) = current()?;
    let _dropped = py.detach(|| runtime.block_on(async { timeout(TICK, task).await }));
    Ok(())
}

/// Says that a task panicked.
pub(crate) fn lost(cause: &JoinError) -> String {
    format!("the call was lost: {cause}")
}

/// The runtime of this process and its post office, made when they are first needed. They live as
/// long as the process.
pub(crate) fn current() -> PyResult<(&'static Runtime, &'static PostOffice)> {
    let found = SLOT.load(Ordering::Acquire);
    if let Some(slot) = usable(found) {
        return Ok((&slot.runtime, &slot.office));
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("blockrun")
        .enable_all()
        .build()?;
    let office = PostOffice::open()?;
    let made = Box::into_raw(Box::new(Slot { process: process::id(), runtime, office }));
    let slot = match SLOT.compare_exchange(found, made, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => usable(made),
        // Another thread was faster; ours stays idle, which happens once at most.
        Err(theirs) => usable(theirs),
    };
    slot.map(|slot| (&slot.runtime, &slot.office))
        .ok_or_else(|| PyRuntimeError::new_err("the process forked while a runtime was made"))
}

/// A slot, unless it is another process's.
#[allow(unsafe_code, reason = "the slot is shared without a lock, see SLOT")]
fn usable(slot: *const Slot) -> Option<&'static Slot> {
    // SAFETY: a pointer in SLOT is null or comes from `Box::into_raw` and is never freed, and a
    // `Slot` is not changed after it was published (with release, read with acquire).
    let slot = unsafe { slot.as_ref() }?;
    (slot.process == process::id()).then_some(slot)
}
