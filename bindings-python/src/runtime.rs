//! The one tokio runtime of the process, and how a Python thread waits for a future on it.
//!
//! A fork copies the memory of a runtime but not its threads, so a child that used it would wait
//! for ever. The runtime is therefore kept together with the process that made it, and a child
//! makes its own.

use std::{
    future::Future,
    process, ptr,
    sync::atomic::{AtomicPtr, Ordering},
    time::Duration,
};

use pyo3::{exceptions::PyRuntimeError, prelude::*};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
    time::timeout,
};

/// How often a waiting thread looks for signals: Ctrl-C must interrupt within 100 ms.
const TICK: Duration = Duration::from_millis(50);
/// Waiting for the network needs no more.
const THREADS: usize = 2;

struct Slot {
    process: u32,
    runtime: Runtime,
}

// A pointer and not a lock: a lock that another thread held at the moment of the fork would stay
// locked in the child for ever.
static SLOT: AtomicPtr<Slot> = AtomicPtr::new(ptr::null_mut());

/// Waits for `future` with the GIL released.
///
/// A signal handler that raises, as that of Ctrl-C does, drops the future and is raised here
/// within a tick; the core has then closed its books on the call.
pub(crate) fn wait<F>(py: Python<'_>, future: F) -> PyResult<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let runtime = current()?;
    let mut task = runtime.spawn(future);
    loop {
        if let Some(joined) = wait_a_tick(py, runtime, &mut task) {
            return joined;
        }
        if let Err(interrupt) = py.check_signals() {
            task.abort();
            // What the interrupted call did to the budgets is then visible to whoever catches this.
            let _dropped = wait_a_tick(py, runtime, &mut task);
            return Err(interrupt);
        }
    }
}

fn wait_a_tick<T: Send>(
    py: Python<'_>,
    runtime: &Runtime,
    task: &mut JoinHandle<T>,
) -> Option<PyResult<T>> {
    let waited = py.detach(|| runtime.block_on(async { timeout(TICK, task).await }));
    let joined = waited.ok()?;
    Some(joined.map_err(|cause| PyRuntimeError::new_err(format!("the call was lost: {cause}"))))
}

/// The runtime of this process, made when it is first needed. It lives as long as the process.
fn current() -> PyResult<&'static Runtime> {
    let found = SLOT.load(Ordering::Acquire);
    if let Some(runtime) = usable(found) {
        return Ok(runtime);
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("blockrun")
        .enable_all()
        .build()?;
    let made = Box::into_raw(Box::new(Slot { process: process::id(), runtime }));
    match SLOT.compare_exchange(found, made, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => usable(made),
        // Another thread was faster; ours stays idle, which happens once at most.
        Err(theirs) => usable(theirs),
    }
    .ok_or_else(|| PyRuntimeError::new_err("the process forked while a runtime was made"))
}

/// The runtime in a slot, unless it is another process's.
#[allow(unsafe_code, reason = "the slot is shared without a lock, see SLOT")]
fn usable(slot: *const Slot) -> Option<&'static Runtime> {
    // SAFETY: a pointer in SLOT is null or comes from `Box::into_raw` and is never freed, and a
    // `Slot` is not changed after it was published (with release, read with acquire).
    let slot = unsafe { slot.as_ref() }?;
    (slot.process == process::id()).then_some(&slot.runtime)
}
