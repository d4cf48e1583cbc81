//! A gateway that is running.

use std::{
    io,
    net::SocketAddr,
    sync::{Weak, atomic::Ordering},
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};

use super::signals::{Signal, Signals};
use crate::{app::App, error::Error, settings::Reloaded};

/// A running gateway. Dropping it stops it without waiting; [`Running::shutdown`] waits.
#[derive(Debug)]
pub struct Running {
    pub(super) address: SocketAddr,
    pub(super) base_url: String,
    pub(super) app: Weak<App>,
    pub(super) stop: oneshot::Sender<()>,
    pub(super) listening: JoinHandle<()>,
    pub(super) tasks_ended: mpsc::Receiver<()>,
    pub(super) delay: Duration,
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

    /// Stops: `/ready` says so for [`Config::drain_delay`](crate::Config::drain_delay); then there are
    /// no new connections, calls in flight are finished and recorded, the database is
    /// closed. Returns whether all
    /// of them were within [`Config::shutdown_deadline`](crate::Config::shutdown_deadline); what
    /// was not is left to the end of the process, and was not charged unless its answer had begun.
    pub async fn shutdown(self) -> bool {
        let Self { app, stop, listening, mut tasks_ended, delay, deadline, .. } = self;
        if let Some(app) = app.upgrade() {
            app.draining.store(true, Ordering::Relaxed);
        }
        tokio::time::sleep(delay).await;
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

    /// Reads the catalog and the settings file again: models, prices, upstreams. Calls under way keep
    /// what they began with; a payment that was signed for an old price meets the new one. Breakers
    /// begin anew. The rest of the configuration stays; [`Reloaded`] names the tables that say
    /// something else about it now.
    ///
    /// # Errors
    /// [`Error`] when a file cannot be used; everything stays as it is then.
    pub fn reload(&self) -> Result<Reloaded, Error> {
        let app = self.app.upgrade();
        app.map_or_else(|| Ok(Reloaded::default()), |app| app.shelf.reload(&app.config))
    }

    /// Runs until the process is told to stop (SIGTERM or SIGINT, Ctrl-C elsewhere), then
    /// [shuts down](Self::shutdown). On SIGHUP it [reloads](Self::reload) and tells `reloaded` what
    /// became of it. Signals are listened to from this call on, not only from the first poll.
    ///
    /// # Errors
    /// When the system does not let signals be listened to.
    pub fn until_signal_telling(
        self,
        mut reloaded: impl FnMut(Result<Reloaded, Error>),
    ) -> io::Result<impl Future<Output = bool>> {
        let mut signals = Signals::new()?;
        Ok(async move {
            while signals.next().await == Signal::Reload {
                reloaded(self.reload());
            }
            self.shutdown().await
        })
    }

    /// The same; what becomes of a reload goes to the log.
    ///
    /// # Errors
    /// When the system does not let signals be listened to.
    pub async fn until_signal(self) -> io::Result<bool> {
        let log = |reloaded: Result<Reloaded, Error>| match reloaded {
            Ok(reloaded) if reloaded.restart_for.is_empty() => tracing::info!("{reloaded}"),
            Ok(reloaded) => tracing::warn!("{reloaded}"),
            Err(error) => tracing::error!(%error, "nothing was changed"),
        };
        Ok(self.until_signal_telling(log)?.await)
    }
}
