//! A gateway that is running.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};

/// A running gateway. Dropping it stops it without waiting; [`Running::shutdown`] waits.
#[derive(Debug)]
pub struct Running {
    pub(super) address: SocketAddr,
    pub(super) base_url: String,
    pub(super) stop: oneshot::Sender<()>,
    pub(super) listening: JoinHandle<()>,
    pub(super) tasks_ended: mpsc::Receiver<()>,
    pub(super) deadline: Duration,
}

impl Running {
    /// The address it listens on, with the port that was taken.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://host:port`, or `https://`: the root of all paths.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What a client takes as its API URL: the root and `/api`.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("{}/api", self.base_url)
    }

    /// Stops: no new connections, calls in flight are finished and recorded, the database is
    /// closed. Returns whether all
    /// of them were within [`Config::shutdown_deadline`](crate::Config::shutdown_deadline); what
    /// was not is left to the end of the process, and was not charged unless its answer had begun.
    pub async fn shutdown(self) -> bool {
        let Self { stop, listening, mut tasks_ended, deadline, .. } = self;
        // An error means that it is not listening any more.
        let _ = stop.send(());
        let abort = listening.abort_handle();
        let finished = timeout(deadline, async {
            let listened = listening.await;
            while tasks_ended.recv().await.is_some() {}
            listened.is_ok()
        })
        .await;
        abort.abort();
        finished.unwrap_or(false)
    }

    /// Runs until the process is told to stop (SIGTERM or SIGINT, Ctrl-C elsewhere), then
    /// [shuts down](Self::shutdown).
    ///
    /// # Errors
    /// When the system does not let signals be listened to.
    pub async fn until_signal(self) -> io::Result<bool> {
        signal().await?;
        Ok(self.shutdown().await)
    }
}

#[cfg(unix)]
async fn signal() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => (),
        _ = interrupt.recv() => (),
    }
    Ok(())
}

#[cfg(not(unix))]
async fn signal() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
