//! Pieces of work, and the handle through which they are handed to the threads of the store.

use std::sync::mpsc::Sender;

use tokio::sync::oneshot;

use super::{Db, StoreError};

/// A piece of work on its way: attempted, as often as it takes, and answered once.
pub(super) trait Work: Send {
    /// Does it within the transaction of a connection.
    fn attempt(&mut self, db: &Db) -> Result<(), StoreError>;

    /// Tells the caller how the last attempt and its commit went.
    fn finish(self: Box<Self>, outcome: Result<(), StoreError>);
}

pub(super) type Job = Box<dyn Work>;

struct Task<T, W> {
    work: W,
    result: Option<T>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, W> Work for Task<T, W>
where
    T: Send,
    W: Fn(&Db) -> Result<T, StoreError> + Send,
{
    fn attempt(&mut self, db: &Db) -> Result<(), StoreError> {
        self.result = Some((self.work)(db)?);
        Ok(())
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { result, answer, .. } = *self;
        // The caller may have gone; its work is done all the same.
        drop(answer.send(outcome.and_then(|()| result.ok_or(StoreError::Closed))));
    }
}

/// A handle to the database; cheap to clone. Its threads end with the last handle, when all work
/// that was handed to them is done.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    jobs: Sender<Job>,
    /// For work that must not wait behind other work, where there is a way past it.
    urgent: Sender<Job>,
}

impl Store {
    pub(super) const fn new(jobs: Sender<Job>, urgent: Sender<Job>) -> Self {
        Self { jobs, urgent }
    }

    /// Runs a piece of work as one transaction and returns its result once it is durable. The work
    /// may be done again when its transaction was not kept, so it changes nothing but the database.
    ///
    /// # Errors
    /// The work's own error, or the commit's; nothing of it was kept then, except after
    /// [`StoreError::Unknown`].
    pub(crate) async fn run<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: Fn(&Db) -> Result<T, StoreError> + Send + 'static,
    {
        hand(&self.jobs, work).await
    }

    /// The same, past all other work: what says that this process lives must not wait until the others
    /// do not believe it any more.
    ///
    /// # Errors
    /// As those of [`Store::run`].
    pub(crate) async fn run_at_once<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: Fn(&Db) -> Result<T, StoreError> + Send + 'static,
    {
        hand(&self.urgent, work).await
    }
}

async fn hand<T, W>(jobs: &Sender<Job>, work: W) -> Result<T, StoreError>
where
    T: Send + 'static,
    W: Fn(&Db) -> Result<T, StoreError> + Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    let job = Box::new(Task { work, result: None, answer });
    jobs.send(job).map_err(|_| StoreError::Closed)?;
    answered.await.map_err(|_| StoreError::Closed)?
}
