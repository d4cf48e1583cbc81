//! What the tests share: calls, payments, and what becomes of them.

use std::path::Path;

use blockrun_llm::{
    Usdc,
    error::Proof,
    flow::{Outcome, Recording},
    journal::{
        Entry, Identity, Journal, JournalOptions, OnUnresolved, PaymentFilter, PaymentRecord,
        RecordState, Reservation, RowId,
    },
    networks::BASE_SEPOLIA,
    policy::Budgets,
    wallet::{Address, B256},
    x402::{Authorization, PAYMENT_SIGNATURE, Transfer, encode_header, payment_id},
};

pub(crate) const NOW: u64 = 1_790_000_000;
pub(crate) const SESSION: [u8; 16] = [1; 16];

pub(crate) fn journal(home: &Path) -> Journal {
    Journal::new(JournalOptions { home: Some(home.to_owned()), ..JournalOptions::default() })
}

pub(crate) fn identity(key: &str, keyed: bool, content: &str) -> Identity {
    let mut nonce = [0; 32];
    for (place, byte) in nonce.iter_mut().zip(key.bytes()) {
        *place = byte;
    }
    let (key, content) = (key.to_owned(), content.to_owned().into());
    let wallet = Address::repeat_byte(7);
    Identity { key, keyed, again: false, nonce: nonce.into(), wallet, content }
}

pub(crate) fn entry(identity: Identity, micro: u128, budgets: Budgets, at: u64) -> Entry {
    let record = PaymentRecord {
        key: (!identity.keyed).then(|| identity.key.clone()),
        payment_id: payment_id(&identity.nonce),
        state: RecordState::Reserved,
        created_at: at,
        method: "POST".into(),
        url: "https://a.example/v1".into(),
        model: Some("openai/gpt-4o".into()),
        network: "eip155:84532".into(),
        amount: Usdc::from_micro(micro),
        payee: Address::repeat_byte(9).to_string(),
        nonce: identity.nonce.to_string(),
        valid_before: None,
        transaction: None,
    };
    Entry {
        identity,
        record,
        origin: "https://a.example:443".into(),
        session: SESSION,
        recovery: "00".repeat(32),
        budgets,
        pin_payee: false,
        server_time: at,
    }
}

pub(crate) fn day(micro: u128) -> Budgets {
    Budgets { day: Some(Usdc::from_micro(micro)), ..Budgets::default() }
}

pub(crate) fn recording(nonce: B256, micro: u128, expiry: u64) -> Recording {
    let authorization = Authorization {
        from: Address::repeat_byte(7),
        to: Address::repeat_byte(9),
        value: alloy::primitives::U256::from(micro),
        valid_after: alloy::primitives::U256::ZERO,
        valid_before: alloy::primitives::U256::from(expiry),
        nonce,
    };
    let payload = serde_json::json!({"signature": "0x01", "authorization": authorization});
    let header = serde_json::json!({"x402Version": 2, "payload": payload}).to_string();
    Recording {
        transfer: Transfer { network: &BASE_SEPOLIA, authorization },
        header_name: PAYMENT_SIGNATURE,
        header_value: encode_header(&header),
    }
}

pub(crate) async fn reserve(journal: &Journal, entry: Entry) -> blockrun_llm::Result<RowId> {
    let at = entry.record.created_at;
    match journal.reserve(entry, OnUnresolved::Resume, at).await? {
        Reservation::Made { row, .. } => Ok(row),
        Reservation::Found(_) => panic!("found an earlier payment"),
    }
}

/// A payment that was recorded at a time and closed in a way.
pub(crate) async fn paid(
    journal: &Journal,
    identity: Identity,
    at: u64,
    outcome: Option<Outcome>,
) -> RowId {
    let nonce = identity.nonce;
    let row = reserve(journal, entry(identity, 100, Budgets::default(), at)).await.unwrap();
    journal.record(row, recording(nonce, 100, at + 60)).await.unwrap();
    if let Some(outcome) = outcome {
        journal.close(row, outcome).await.unwrap();
    }
    row
}

pub(crate) async fn states(journal: &Journal, now: u64) -> Vec<RecordState> {
    let payments = journal.payments(PaymentFilter::default(), SESSION, now).await.unwrap();
    payments.iter().map(|payment| payment.state).collect()
}

pub(crate) const UNKNOWN: Option<Outcome> = Some(Outcome::Unknown { live_until: NOW + 60 });

pub(crate) fn settled(micro: u128) -> Outcome {
    let amount = Usdc::from_micro(micro);
    Outcome::Settled { amount, transaction: None, proof: Proof::Server }
}
