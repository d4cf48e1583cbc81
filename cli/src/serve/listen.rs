//! The listening socket, and when it is closed.

use std::net::{IpAddr, SocketAddr};

use axum::{Router, serve::ListenerExt};
use tokio::{net::TcpListener, sync::oneshot};

use crate::output::Failure;

/// A socket that listens.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
    /// Where it is, with the port that was taken.
    pub(crate) address: SocketAddr,
}

/// Takes an address; port 0 takes a free one.
pub(crate) async fn listen(host: IpAddr, port: u16) -> Result<Listener, Failure> {
    let wanted = SocketAddr::new(host, port);
    let failed = |cause| {
        Failure::other(format!(
            "cannot listen on {wanted}: {cause}; name another port with --port, 0 takes a free one"
        ))
    };
    let socket = TcpListener::bind(wanted).await.map_err(failed)?;
    let address = socket.local_addr().map_err(failed)?;
    Ok(Listener { socket, address })
}

impl Listener {
    /// Serves until Ctrl-C or SIGTERM, and then calls `stopping`, which ends what has no end of its
    /// own; what is being answered is answered to its end, unless a second signal comes.
    pub(crate) async fn serve(
        self,
        router: Router,
        stopping: impl FnOnce() + Send + 'static,
    ) -> Result<(), Failure> {
        let (stop, stopped) = oneshot::channel();
        // A piece of a stream is small, and somebody waits for it.
        let socket = self.socket.tap_io(|tcp| drop(tcp.set_nodelay(true)));
        let server = axum::serve(socket, router).with_graceful_shutdown(async move {
            told_to_stop().await;
            stopping();
            let _ = stop.send(());
        });
        let second = async {
            match stopped.await {
                Ok(()) => told_to_stop().await,
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            served = server.into_future() => served.map_err(Failure::other),
            () = second => Err(Failure::other("stopped before every answer was finished")),
        }
    }
}

/// A signal that cannot be waited for stops nothing: the process is then ended the hard way.
async fn told_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupt => {}
        () = terminate() => {}
    }
}

#[cfg(unix)]
async fn terminate() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => drop(terminate.recv().await),
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminate() {
    std::future::pending().await
}
