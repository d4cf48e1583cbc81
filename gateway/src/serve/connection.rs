//! One connection: handshake, then HTTP/1.1 or HTTP/2, whichever the client speaks.

use std::{future::Future, io, sync::Arc, time::Duration};

use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::Watcher},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tower::ServiceExt;

use crate::{config::Config, traffic::Peer};

/// How often a silent HTTP/2 connection is asked whether it lives.
const PING: Duration = Duration::from_secs(30);

/// What serves connections; shared by all of them.
pub(super) struct Server {
    router: Router,
    http: Builder<TokioExecutor>,
    tls: Option<TlsAcceptor>,
    handshake_timeout: Duration,
    first_byte_timeout: Duration,
}

impl Server {
    pub(super) fn new(config: &Config, router: Router, tls: Option<TlsAcceptor>) -> Self {
        let mut http = Builder::new(TokioExecutor::new());
        http.http1()
            .timer(TokioTimer::new())
            .header_read_timeout(config.header_timeout)
            .max_buf_size(config.header_limit as usize);
        http.http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(PING)
            .max_header_list_size(config.header_limit);
        let handshake_timeout = config.handshake_timeout;
        Self { router, http, tls, handshake_timeout, first_byte_timeout: config.header_timeout }
    }

    /// Serves a connection to its end, or to its last answer once a shutdown has begun.
    pub(super) async fn serve(
        self: Arc<Self>,
        tcp: TcpStream,
        peer: Peer,
        watcher: Watcher,
        closing: watch::Receiver<()>,
    ) {
        let ended = match &self.tls {
            None => match self.first_byte(tcp, closing).await {
                Ok(tcp) => self.speak(tcp, peer, watcher).await,
                Err(error) => Err(error.into()),
            },
            Some(acceptor) => match self.handshake(acceptor, tcp, closing).await {
                Ok(tls) => self.speak(tls, peer, watcher).await,
                Err(error) => Err(error.into()),
            },
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }

    /// hyper's own timeout begins with the first byte only.
    async fn first_byte(
        &self,
        tcp: TcpStream,
        closing: watch::Receiver<()>,
    ) -> io::Result<TcpStream> {
        tcp.set_nodelay(true)?;
        unless(closing, self.first_byte_timeout, tcp.peek(&mut [0])).await?;
        Ok(tcp)
    }

    async fn handshake(
        &self,
        acceptor: &TlsAcceptor,
        tcp: TcpStream,
        closing: watch::Receiver<()>,
    ) -> io::Result<TlsStream<TcpStream>> {
        tcp.set_nodelay(true)?;
        unless(closing, self.handshake_timeout, acceptor.accept(tcp)).await
    }

    async fn speak(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: Peer,
        watcher: Watcher,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let introduced = move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            request
        };
        let service = self.router.clone().map_request(introduced);
        let service = TowerToHyperService::new(service);
        let connection = self.http.serve_connection(TokioIo::new(stream), service);
        watcher.watch(connection.into_owned()).await
    }
}

/// Waits for the beginning of a connection, but not for long and not into a shutdown: nothing was
/// asked yet.
async fn unless<T>(
    mut closing: watch::Receiver<()>,
    patience: Duration,
    beginning: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    tokio::select! {
        begun = timeout(patience, beginning) => begun?,
        // The sender says nothing until it is dropped.
        _ = closing.changed() => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}
