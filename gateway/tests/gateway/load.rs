//! As many at once as a busy gateway has, and then the books: nothing is lost, nothing counted twice.
//! `make soak` does this for minutes, with the released program.

use std::{collections::BTreeSet, sync::atomic::Ordering, time::Duration};

use futures_util::{StreamExt, stream};

use super::{
    counting::counted,
    support::{hello, in_folder, sql},
};

const IN_FLIGHT: usize = 64;
/// Nonces of the tests are one byte, and 0 is none.
const CALLS: u8 = 255;

#[tokio::test(flavor = "multi_thread")]
async fn at_saturation_receipts_ledger_and_books_agree() {
    let folder = tempfile::tempdir().unwrap();
    let config = in_folder(folder.path());
    let (shop, provider) = counted(config.clone(), Duration::ZERO).await;
    let body = hello("gpt-4o");
    let challenge = shop.chat(&body, &[]).await.challenge();
    let payments: Vec<_> = (1..=CALLS).map(|nonce| shop.sign(&challenge, nonce)).collect();
    let calls = stream::iter(&payments).map(|payment| shop.paid(&body, payment));
    let answers: Vec<_> = calls.buffer_unordered(IN_FLIGHT).collect().await;
    let (mut transactions, mut receipts) = (BTreeSet::new(), 0);
    for answer in answers {
        let receipt = answer.settlement();
        assert_eq!((answer.status, receipt.success), (200, true), "{}", answer.text());
        receipts += receipt.amount.unwrap().parse::<u128>().unwrap();
        transactions.insert(receipt.transaction);
    }
    assert_eq!(transactions.len(), usize::from(CALLS));
    assert_eq!(provider.asked.load(Ordering::SeqCst), u64::from(CALLS));
    assert_eq!(shop.purse().await, 10_000_000 - receipts);
    let books = shop.get("/admin/revenue").await.json();
    assert_eq!(
        (&books["calls"], &books["micro_usdc"]),
        (&CALLS.into(), &receipts.to_string().into())
    );
    assert!(shop.running.shutdown().await);
    let left = "SELECT count(*) FROM claims WHERE state <> 'settled' OR owner IS NOT NULL";
    assert_eq!(sql(&config, left), "0");
    assert_eq!(sql(&config, "SELECT count(*) FROM answers"), CALLS.to_string());
}
