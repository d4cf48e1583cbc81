//! The threads of the store: each has a connection, and takes the next piece of work when it is free.

use std::{
    io, iter,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver},
    },
    thread::{self, JoinHandle},
};

use super::{line::Line, place::Place};
use crate::store::{Db, Store, work::Job};

type Queue = Arc<Mutex<Receiver<Job>>>;

/// Starts so many threads, the first with a connection that is there already, and one for what is urgent. When the last handle is
/// gone and all work is done, `guard` is dropped.
///
/// # Errors
/// When the system gives no thread.
pub(super) fn start(
    place: Arc<Place>,
    first: Db,
    connections: u32,
    guard: impl Send + 'static,
) -> io::Result<Store> {
    let ((jobs, queue), (urgent, passed)) = (mpsc::channel(), mpsc::channel());
    let (queue, passed) = (Arc::new(Mutex::new(queue)), Arc::new(Mutex::new(passed)));
    let mut others = Vec::new();
    for queue in iter::once(&passed).chain(iter::repeat_n(&queue, connections as usize - 1)) {
        let (mut line, queue) = (Line::new(Arc::clone(&place), None), Arc::clone(queue));
        others.push(spawn(move || serve(&mut line, &queue))?);
    }
    let mut line = Line::new(place, Some(first));
    spawn(move || {
        serve(&mut line, &queue);
        for other in others {
            // One that panicked has ended too.
            let _ = other.join();
        }
        line.leave();
        drop(guard);
    })?;
    Ok(Store::new(jobs, urgent))
}

fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("gateway-store".into()).spawn(work)
}

fn serve(line: &mut Line, queue: &Queue) {
    while let Some(mut job) = next(queue) {
        let outcome = line.run(&mut *job);
        job.finish(outcome);
    }
}

fn next(queue: &Queue) -> Option<Job> {
    // Nothing can panic while it is held, so a poisoned queue is a whole queue.
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}
