//! The accept loop.

use std::{sync::Arc, time::Duration};

use hyper_util::server::graceful::GracefulShutdown;
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
};

use super::connection::Server;
use crate::traffic::Peer;

/// Pause after a failed accept, which is most often a lack of file descriptors.
const BREATH: Duration = Duration::from_millis(50);

/// Accepts until told to stop (or until nobody could tell any more), then lets the connections
/// finish what they are answering.
pub(super) async fn listen(
    listener: TcpListener,
    server: Arc<Server>,
    mut stop: oneshot::Receiver<()>,
) {
    let graceful = GracefulShutdown::new();
    let (open, closing) = watch::channel(());
    loop {
        tokio::select! {
            _ = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((tcp, peer)) => {
                    let server = Arc::clone(&server);
                    tokio::spawn(server.serve(tcp, Peer(peer), graceful.watcher(), closing.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
    }
    drop((listener, open));
    graceful.shutdown().await;
}
