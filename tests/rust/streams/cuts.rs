//! A paid stream whose connection is cut at one byte, and then found again.

use std::{collections::BTreeSet, net::SocketAddr, time::Duration};

use conformance::{Fault, FaultProxy};

use crate::{counted, counting, gateway, rest, rest_in_batches, text, wallet::Wallet};

/// Cuts that are under way at once: most of their time is waiting.
const AT_ONCE: usize = 32;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_stream_may_be_cut_at_any_byte() {
    let step = if std::env::var("FAULTS").is_ok_and(|said| said == "full") { 1 } else { 3 };
    let numbers = 5;
    let (_running, address) = gateway().await;
    let length = whole(address, numbers).await;
    assert!(length > 1_000, "{length} bytes: where is the stream?");
    let cuts: Vec<_> = (0..length).step_by(step).collect();
    sweep(address, numbers, cuts).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_stream_may_be_cut_at_sampled_bytes() {
    let numbers = 1_500;
    let (_running, address) = gateway().await;
    let length = whole(address, numbers).await;
    assert!(length > 200_000, "{length} bytes: where is the stream?");
    // Neither even nor in step with anything.
    let cuts = (1..=32).map(|part| length * part / 33 + part).collect();
    sweep(address, numbers, cuts).await;
}

/// Length of the whole answer on the wire.
async fn whole(gateway: SocketAddr, numbers: usize) -> usize {
    let (wallet, proxy) = (Wallet::new(), FaultProxy::start(gateway).await.unwrap());
    read(&wallet, &proxy, numbers, None).await;
    assert_eq!(wallet.paid(gateway).await, 1);
    proxy.legs()[0].response
}

async fn sweep(gateway: SocketAddr, numbers: usize, cuts: Vec<usize>) {
    let total = cuts.len();
    let lanes: Vec<_> = (0..AT_ONCE.min(total))
        .map(|lane| cuts.iter().copied().skip(lane).step_by(AT_ONCE).collect::<Vec<_>>())
        .map(|cuts| tokio::spawn(run(gateway, numbers, cuts)))
        .collect();
    let mut ran = 0;
    for lane in lanes {
        ran += lane.await.unwrap();
    }
    println!("cut a stream of {numbers} numbers at {ran} of {total} bytes");
    assert_eq!(ran, total);
}

/// One wallet, one cut after the other.
async fn run(gateway: SocketAddr, numbers: usize, cuts: Vec<usize>) -> usize {
    let (wallet, proxy) = (Wallet::new(), FaultProxy::start(gateway).await.unwrap());
    for cut in &cuts {
        read(&wallet, &proxy, numbers, Some(*cut)).await;
    }
    assert_eq!(wallet.paid(gateway).await, cuts.len(), "one transfer for each call of {cuts:?}");
    cuts.len()
}

/// One call, whose first paid answer is cut.
async fn read(wallet: &Wallet, proxy: &FaultProxy, numbers: usize, cut: Option<usize>) {
    proxy.plan(cut.map(Fault::CutResponse), Fault::None);
    let before = proxy.arrived();
    let client = wallet.client(&proxy.api_url());
    let mut stream = client.chat_completion_stream(&counting(numbers, false)).unwrap();
    let read = async {
        match cut {
            Some(odd) if odd % 2 == 1 => rest_in_batches(&mut stream).await,
            _ => rest(&mut stream).await,
        }
    };
    let read = tokio::time::timeout(Duration::from_secs(60), read).await;
    let chunks = read.expect("it hangs").unwrap_or_else(|error| panic!("cut at {cut:?}: {error}"));
    assert_eq!(text(&chunks), counted(numbers), "cut at {cut:?}");
    let numbered: Vec<_> = chunks.iter().map(|chunk| chunk.text()).collect();
    let words: BTreeSet<_> = numbered.iter().filter(|word| !word.is_empty()).collect();
    let told = numbered.iter().filter(|word| !word.is_empty()).count();
    assert_eq!(words.len(), told, "an event came twice, cut at {cut:?}: {numbered:?}");
    assert!(proxy.arrived() > before, "the fault was never met");
}
