//! Requests in, answers out.

use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

use crate::{End, Reply, Sent};

/// Reads one request; `None` when the connection ends before it does.
pub(super) async fn read(stream: &mut TcpStream) -> io::Result<Option<Sent>> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().split_whitespace().map(str::to_owned);
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    let mut sent = Sent {
        method: first.next().unwrap_or_default(),
        path: first.next().unwrap_or_default(),
        headers: lines.filter_map(header).collect(),
        body: String::new(),
    };
    let length = sent.headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    while bytes.len() < head_end + 4 + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
    sent.body = String::from_utf8_lossy(&bytes[head_end + 4..]).into_owned();
    Ok(Some(sent))
}

/// Answers. Returns when the client has closed its side, or has nothing more to wait for.
pub(super) async fn answer(stream: &mut TcpStream, reply: &Reply) -> io::Result<()> {
    if reply.cut {
        return Ok(());
    }
    if reply.hang {
        return until_closed(stream).await;
    }
    stream.set_nodelay(true)?;
    stream.write_all(reply.head().as_bytes()).await?;
    for piece in reply.body_pieces() {
        send(stream, &piece, reply.is_chunked()).await?;
        match reply.pause() {
            // A piece at a time for the reader too, as far as that can be.
            pause if pause.is_zero() => tokio::task::yield_now().await,
            pause => sleep(pause).await,
        }
    }
    match reply.end {
        End::Whole if reply.is_chunked() => stream.write_all(b"0\r\n\r\n").await?,
        End::Whole => {}
        // More is announced than comes.
        End::Cut => {
            stream.write_all(b"ff\r\n").await?;
            return stream.shutdown().await;
        }
        End::Hang => return until_closed(stream).await,
    }
    stream.shutdown().await?;
    // A peer that is still sending would otherwise see a reset before the answer.
    until_closed(stream).await
}

async fn send(stream: &mut TcpStream, piece: &[u8], chunked: bool) -> io::Result<()> {
    if !chunked {
        return stream.write_all(piece).await;
    }
    if piece.is_empty() {
        // It would be the last one.
        return Ok(());
    }
    let head = format!("{:x}\r\n", piece.len());
    stream.write_all(&[head.as_bytes(), piece, b"\r\n"].concat()).await
}

async fn until_closed(stream: &mut TcpStream) -> io::Result<()> {
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}
