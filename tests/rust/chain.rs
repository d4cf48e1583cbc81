//! The chain reader against the real practice ledger: what it says before and after a paid call.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use blockrun_gateway::{PRACTICE_PAYEE, Running};
use blockrun_llm::{
    ChatRequest, ClientOptions, ErrorKind, LLMClient, Usdc,
    chain::{AuthorizationFact, ChainOptions, ChainReader, RpcUrl},
    http::{Transport, TransportOptions},
    journal::{PaymentFilter, PaymentRecord},
    networks::{BASE, BASE_SEPOLIA},
    wallet::B256,
};
use conformance::{practice_client, practice_gateway};

fn client(gateway: &Running) -> LLMClient {
    practice_client(&gateway.api_url(), ClientOptions::default())
}

fn reader(gateway: &Running) -> ChainReader {
    let transport = Transport::new(&TransportOptions::default()).unwrap();
    let url = format!("http://{}/practice/rpc", gateway.address());
    let rpc_url = Some(RpcUrl::parse("rpc_url", &url).unwrap());
    ChainReader::new(transport, ChainOptions { rpc_url, ..ChainOptions::default() })
}

async fn payments(client: &LLMClient) -> Vec<PaymentRecord> {
    client.payments(PaymentFilter::default()).await.unwrap()
}

/// What the ledger says about a payment of the journal.
async fn fact(reader: &ChainReader, client: &LLMClient, paid: &PaymentRecord) -> AuthorizationFact {
    let nonce = paid.nonce.parse().unwrap();
    let since = paid.created_at;
    reader.authorization(&BASE_SEPOLIA, client.address().unwrap(), nonce, since).await.unwrap()
}

#[tokio::test]
async fn a_paid_call_is_proven_by_its_transfer() {
    let gateway = practice_gateway().await;
    let (client, reader) = (client(&gateway), reader(&gateway));
    let balance = async || reader.balance(&BASE_SEPOLIA, client.address().unwrap()).await.unwrap();
    let before = balance().await;
    assert_eq!(before, Usdc::from_micro(10_000_000));

    for _ in 0..2 {
        client.chat("Hello!").await.unwrap();
    }
    let payments = payments(&client).await;
    let cost = payments.iter().map(|payment| payment.amount.micro()).sum::<u128>();
    assert_eq!(balance().await, Usdc::from_micro(before.micro() - cost));
    assert_eq!(payments.len(), 2);
    for payment in &payments {
        let proven = fact(&reader, &client, payment).await;
        let AuthorizationFact::Paid { transaction, payee, amount, block_time } = proven else {
            panic!("{proven:?}")
        };
        assert_eq!(Some(transaction.to_string()), payment.transaction);
        assert_eq!((payee, amount), (PRACTICE_PAYEE, payment.amount));
        assert!(block_time.abs_diff(payment.created_at) < 60, "{block_time}");
        assert!(!proven.proves_unexecutable(0));
    }
}

#[tokio::test]
async fn what_was_not_executed_is_unused() {
    let gateway = practice_gateway().await;
    let (client, reader) = (client(&gateway), reader(&gateway));
    let request = ChatRequest { model: Some("practice/failing".into()), ..ChatRequest::new("Hi") };
    client.chat_completion(&request).await.unwrap_err();
    let payment = payments(&client).await.remove(0);
    let unused = fact(&reader, &client, &payment).await;
    let AuthorizationFact::Unused { block_time } = unused else { panic!("{unused:?}") };
    assert!(!unused.proves_unexecutable(payment.valid_before.unwrap()), "it can still be executed");
    assert!(unused.proves_unexecutable(block_time - 1));

    client.chat("Hello!").await.unwrap();
    assert!(matches!(fact(&reader, &client, &payment).await, AuthorizationFact::Unused { .. }));
    let stranger = B256::repeat_byte(7);
    let unknown =
        reader.authorization(&BASE_SEPOLIA, client.address().unwrap(), stranger, block_time).await;
    assert!(matches!(unknown, Ok(AuthorizationFact::Unused { .. })), "{unknown:?}");
}

#[tokio::test]
async fn the_practice_ledger_does_not_stand_for_other_chains() {
    let gateway = practice_gateway().await;
    let (client, reader) = (client(&gateway), reader(&gateway));
    let error = reader.balance(&BASE, client.address().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Api);
    assert!(error.message().contains("84532") && error.message().contains("8453)"), "{error}");
}
