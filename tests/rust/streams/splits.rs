//! A stream that comes in two reads, split at every byte.

use std::{net::SocketAddr, time::Duration};

use blockrun_llm::{ApiRequest, ChatRequest, ErrorKind};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{rest, text, wallet::Wallet};

const WORDS: [&str; 12] = [
    "one ",
    "zwei ",
    "trois ",
    "四 ",
    "пять ",
    "six🚀 ",
    "sept\u{e9} ",
    "8",
    "\n\n9",
    "X",
    "éé",
    "end",
];

/// About 2 kB of events, with every line ending and characters of every length.
fn body() -> Vec<u8> {
    let mut body = String::from("\u{feff}: hello\n\n");
    for (index, word) in WORDS.iter().enumerate() {
        let end = ["\n", "\r\n", "\r"][index % 3];
        let content = serde_json::Value::from(*word);
        let chunk = format!(
            r#"{{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{{"index":0,"delta":{{"content":{content}}},"finish_reason":null}}]}}"#
        );
        body.push_str(&format!("id: {index}{end}data: {chunk}{end}{end}"));
    }
    body.push_str(
        "data:{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n\r\n",
    );
    body.push_str("data: [DONE]\n\n");
    body.into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_may_come_in_any_two_pieces() {
    let body = body();
    assert!((1_900..2_300).contains(&body.len()), "{} bytes", body.len());
    let address = serve(body.clone()).await;
    let wallet = Wallet::new();
    let client = wallet.client(&format!("http://{address}"));
    let mut ran = 0;
    for split in 0..body.len() {
        let request = ApiRequest::get(format!("/{split}"));
        let mut raw = client.stream(&request).await.unwrap();
        let mut bytes = Vec::new();
        while let Some(event) = raw.next_bytes().await.unwrap() {
            bytes.extend_from_slice(&event);
        }
        assert_eq!(bytes, body, "split at {split}: not the bytes that were sent");
        ran += 1;
    }
    for split in (0..body.len()).step_by(16) {
        let chat = wallet.client(&format!("http://{address}/{split}"));
        let request = ChatRequest::new("Hello!");
        let mut stream = chat.chat_completion_stream(&request).unwrap();
        let chunks = rest(&mut stream).await.unwrap();
        assert_eq!(text(&chunks), WORDS.concat(), "split at {split}");
    }
    println!("ran {ran} of {} splits", body.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_together_is_handed_over_together_and_its_error_after_it() {
    let mut body = String::from_utf8(body()).unwrap();
    body.truncate(body.rfind(r#"data:{"choices""#).unwrap());
    let address = serve(body.into_bytes()).await;
    let wallet = Wallet::new();
    let client = wallet.client(&format!("http://{address}/0"));
    let mut stream = client.chat_completion_stream(&ChatRequest::new("Hello!")).unwrap();
    let mut batches = Vec::new();
    let error = loop {
        match stream.next_batch(5).await {
            Ok(batch) => batches.push(batch),
            Err(error) => break error,
        }
    };
    assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5, 2]);
    assert_eq!(text(&batches.concat()), WORDS.concat());
    assert_eq!(error.kind(), ErrorKind::StreamBroken, "{error}");
    assert_eq!(error.response(), Some(&*stream.received().raw));
    assert!(stream.next_batch(5).await.unwrap().is_empty());
}

/// Answers every request with these bytes, in two writes, split where the first part of the path
/// says.
async fn serve(body: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, body.clone()));
        }
    });
    address
}

async fn answer(mut stream: TcpStream, body: Vec<u8>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = Vec::new();
    while !request.windows(4).any(|four| four == b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let text = String::from_utf8_lossy(&request).into_owned();
    let split: usize = text.split(['/', ' ']).nth(2).unwrap().parse().unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/event-stream\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), &body[..split]].concat()).await?;
    // Long enough to be read by itself.
    tokio::time::sleep(Duration::from_micros(500)).await;
    stream.write_all(&body[split..]).await?;
    stream.shutdown().await
}
