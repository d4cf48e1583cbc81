//! A line to a gateway that is cut.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// Passes connections on to a gateway, and cuts the first ones in the middle of what it answers:
/// each where its own mark comes by. Returns its address, and how often it was cut.
pub(crate) async fn cut_at(
    gateway: SocketAddr,
    marks: Vec<String>,
) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (marks, cuts) = (Arc::new(marks), Arc::<AtomicUsize>::default());
    let counter = Arc::clone(&cuts);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(gateway).await.unwrap();
            let ((from_client, to_client), (from_server, to_server)) =
                (client.into_split(), server.into_split());
            let (marks, cuts) = (Arc::clone(&marks), Arc::clone(&cuts));
            tokio::spawn(async move {
                tokio::select! {
                    () = pass(from_client, to_server) => (),
                    () = pass_until(from_server, to_client, &marks, &cuts) => (),
                }
            });
        }
    });
    (address, counter)
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    // Either end may go at any time.
    let _ = tokio::io::copy(&mut from, &mut to).await;
}

async fn pass_until(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    marks: &[String],
    cuts: &AtomicUsize,
) {
    let mut seen = Vec::new();
    let mut buffer = [0; 4_096];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let before = seen.len();
        seen.extend_from_slice(&buffer[..read]);
        let mark = marks.get(cuts.load(Ordering::SeqCst)).map(|mark| mark.as_bytes());
        let at = mark.and_then(|mark| seen.windows(mark.len()).position(|window| window == mark));
        if let Some(at) = at {
            cuts.fetch_add(1, Ordering::SeqCst);
            let _ = to.write_all(&seen[before..at.max(before)]).await;
            return;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
