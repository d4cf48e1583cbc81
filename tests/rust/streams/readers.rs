//! Readers that stop early, come twice, or come back.

use blockrun_llm::{
    ErrorKind,
    journal::{PaymentFilter, RecordState},
};

use crate::{
    counted, counting, gateway, rest, text,
    wallet::{Wallet, api_url},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_stops_has_bought_and_the_next_call_is_another_purchase() {
    let (_running, address) = gateway().await;
    let wallet = Wallet::new();
    let client = wallet.client(&api_url(address));
    let request = counting(200, true);
    let mut stream = client.chat_completion_stream(&request).unwrap();
    let first = stream.next().await.unwrap().unwrap();
    assert!(!first.raw().is_empty() && stream.cost().micro() > 0);
    drop(stream);
    let rows = client.payments(PaymentFilter::default()).await.unwrap();
    assert_eq!((rows.len(), rows[0].state), (1, RecordState::Settled));
    let mut again = client.chat_completion_stream(&request).unwrap();
    again.next().await.unwrap().unwrap();
    drop(again);
    assert_eq!(wallet.paid(address).await, 2);
    let spending = client.spending().await.unwrap();
    assert_eq!(spending.calls, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_was_never_read_sends_nothing() {
    let (_running, address) = gateway().await;
    let wallet = Wallet::new();
    let client = wallet.client(&api_url(address));
    drop(client.chat_completion_stream(&counting(5, false)).unwrap());
    assert_eq!(wallet.paid(address).await, 0);
    assert!(client.payments(PaymentFilter::default()).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_has_one_reader_and_its_key_one_payment() {
    let (_running, address) = gateway().await;
    let wallet = Wallet::new();
    let request =
        blockrun_llm::ChatRequest { idempotency_key: Some("story-1".into()), ..counting(60, true) };
    let client = wallet.client(&api_url(address));
    let mut stream = client.chat_completion_stream(&request).unwrap();
    stream.next().await.unwrap().unwrap();
    // Another client object of the same home, as another process would be.
    let other = wallet.client(&api_url(address));
    let mut second = other.chat_completion_stream(&request).unwrap();
    let error = second.next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IdempotencyInFlight, "{error}");
    assert_eq!(text(&rest(&mut stream).await.unwrap()).lines().count(), 1);
    assert_eq!(stream.received().text(), counted(60));
    // When the first one is done, the same key gets the same answer and pays nothing.
    let mut third = other.chat_completion_stream(&request).unwrap();
    assert_eq!(text(&rest(&mut third).await.unwrap()), counted(60));
    assert_eq!(wallet.paid(address).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_future_that_is_dropped_loses_no_chunk() {
    let (_running, address) = gateway().await;
    let wallet = Wallet::new();
    let client = wallet.client(&api_url(address));
    let mut stream = client.chat_completion_stream(&counting(40, true)).unwrap();
    let (mut chunks, mut dropped) = (Vec::new(), 0);
    loop {
        let patience = std::time::Duration::from_millis(7);
        match tokio::time::timeout(patience, stream.next()).await {
            Err(_) => dropped += 1,
            Ok(Ok(Some(chunk))) => chunks.push(chunk),
            Ok(Ok(None)) => break,
            Ok(Err(error)) => panic!("{error}"),
        }
    }
    assert!(dropped > 20, "{dropped}");
    assert_eq!(text(&chunks), counted(40));
    assert_eq!(wallet.paid(address).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_are_the_same_chunks_at_once() {
    let (_running, address) = gateway().await;
    let wallet = Wallet::new();
    let client = wallet.client(&api_url(address));
    let mut stream = client.chat_completion_stream(&counting(500, false)).unwrap();
    let mut chunks: Vec<_> = stream.next().await.unwrap().into_iter().collect();
    // Long enough for more than one to come; how many come later is the machine's affair.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let mut largest = 0;
    loop {
        let batch = stream.next_batch(64).await.unwrap();
        largest = largest.max(batch.len());
        if batch.is_empty() {
            break;
        }
        chunks.extend(batch);
        // One at a time, in between, is the next one.
        chunks.extend(stream.next().await.unwrap());
    }
    assert_eq!(text(&chunks), counted(500));
    assert!((2..=64).contains(&largest), "{largest} of {}", chunks.len());
    assert!(stream.next_batch(64).await.unwrap().is_empty());
    assert_eq!(wallet.paid(address).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chunk_waits_for_no_other() {
    let (_running, address) = gateway().await;
    let wallet = Wallet::new();
    let client = wallet.client(&api_url(address));
    let mut stream = client.chat_completion_stream(&counting(10, true)).unwrap();
    let mut batches = Vec::new();
    while batches.last().is_none_or(|batch: &Vec<_>| !batch.is_empty()) {
        batches.push(stream.next_batch(64).await.unwrap());
    }
    assert!(batches.len() > 10, "20 ms between two numbers: {} batches", batches.len());
    assert_eq!(text(&batches.concat()), counted(10));
}
