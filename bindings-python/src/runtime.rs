//! The one tokio runtime of the process, and how a Python thread waits for a future on it.
//!
//! A fork copies the memory of a runtime but not its threads, so a child that used it would wait
//! for ever. The runtime is therefore kept together with the process that made it, and a child
//! makes its own.

use std::{
    process, ptr,
    sync::{
        atomic::{AtomicPtr, Ordering},
        mpsc::{RecvTimeoutError, channel},
    },
    time::Duration,
};

use pyo3::{exceptions::PyRuntimeError, prelude::*};
use tokio::{
    runtime::{Builder, Runtime},
    task::{JoinError, JoinHandle},
    time::timeout,
};

use crate::{
    call::{Ready, Work},
    mail::{News, PostOffice},
    questions::{DESK, Desk, Question},
};

/// How often a waiting thread looks for signals: Ctrl-C must interrupt within 100 ms.
const TICK: Duration = Duration::from_millis(50);
/// What waits for the network and for the journal needs no more. Two would wake each other: a third
/// more switches of threads for each call, two thirds more for each piece of a stream.
const THREADS: usize = 1;

struct Slot {
    process: u32,
    runtime: Runtime,
    office: PostOffice,
}

// A pointer and not a lock: a lock that another thread held at the moment of the fork would stay
// locked in the child for ever.
static SLOT: AtomicPtr<Slot> = AtomicPtr::new(ptr::null_mut());

/// Waits for `work` with the GIL released, and has its questions answered by `answer`.
///
/// The work is done on the runtime, where its connections are, so that only its start and its end
/// cross threads. (A timer of the runtime, to look for signals, would wake a thread there for each
/// call.) A signal handler that raises, as that of Ctrl-C does, drops the work and is raised here
/// within a tick, and so does what `answer` raises; the core has then closed its books on the call.
pub(crate) fn wait(
    py: Python<'_>,
    work: Work,
    answer: impl Fn(Question) -> PyResult<()>,
) -> PyResult<Ready> {
    let (runtime, _) = current()?;
    let (told, mut news) = channel();
    let task = runtime.spawn(DESK.scope(Desk::Thread(told.clone()), async move {
        // Whoever waited may have been interrupted.
        let _heard = told.send(News::Done(work.await));
    }));
    loop {
        let heard = &mut news;
        let go_on = match py.detach(move || heard.recv_timeout(TICK)) {
            Ok(News::Done(ready)) => return Ok(ready),
            Ok(News::Asked(question)) => answer(question),
            Err(RecvTimeoutError::Timeout) => py.check_signals(),
            Ok(News::Lost(why)) => Err(PyRuntimeError::new_err(why)),
            Err(RecvTimeoutError::Disconnected) => {
                let ended = py.detach(|| runtime.block_on(task));
                let why = ended.err().as_ref().map_or_else(String::new, lost);
                return Err(PyRuntimeError::new_err(why));
            }
        };
        if let Err(raised) = go_on {
            task.abort();
            // What the interrupted call did to the budgets is then visible to whoever catches this.
            linger(py, task)?;
            return Err(raised);
        }
    }
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

/// Called as the interpreter begins to end (`atexit`): none of our threads is in it when it does.
#[pyfunction]
pub(crate) fn leave_interpreter(py: Python<'_>) {
    if let Some(slot) = usable(SLOT.load(Ordering::Acquire)) {
        slot.office.close(py);
    }
}

/// A slot, unless it is another process's.
#[allow(unsafe_code, reason = "the slot is shared without a lock, see SLOT")]
fn usable(slot: *const Slot) -> Option<&'static Slot> {
    // SAFETY: a pointer in SLOT is null or comes from `Box::into_raw` and is never freed, and a
    // `Slot` is not changed after it was published (with release, read with acquire).
    let slot = unsafe { slot.as_ref() }?;
    (slot.process == process::id()).then_some(slot)
}
