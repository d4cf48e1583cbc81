//! What the journal adds to a paid call: reserve, record and close, with a day budget in force, in a
//! journal of one, a thousand and a million rows. `cargo bench -p blockrun-llm --bench journal`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark talks")]

use std::{
    path::Path,
    time::{Duration, Instant},
};

use alloy::primitives::U256;
use blockrun_llm::{
    Usdc,
    flow::{Outcome, Recording},
    journal::{
        Durability, Entry, Identity, Journal, JournalOptions, OnUnresolved, PaymentRecord,
        RecordState, Reservation,
    },
    networks::BASE_SEPOLIA,
    policy::Budgets,
    wallet::{Address, B256},
    x402::{Authorization, PAYMENT_SIGNATURE, Transfer},
};

const NOW: u64 = 1_790_000_000;
const CALLS: usize = 2_000;

fn entry(number: u64) -> Entry {
    let nonce = B256::from(U256::from(number));
    let identity = Identity {
        key: format!("key-{number}"),
        keyed: false,
        nonce,
        wallet: Address::repeat_byte(7),
        content: format!("POST https://a.example/v1\n{number}"),
    };
    let record = PaymentRecord {
        key: Some(identity.key.clone()),
        payment_id: format!("pay_{number:032x}"),
        state: RecordState::Reserved,
        created_at: NOW,
        method: "POST".into(),
        url: "https://a.example/v1".into(),
        model: Some("openai/gpt-4o-mini".into()),
        network: BASE_SEPOLIA.caip2.into(),
        amount: Usdc::from_micro(1),
        payee: Address::repeat_byte(9).to_string(),
        nonce: nonce.to_string(),
        valid_before: None,
        transaction: None,
    };
    let day = Some(Usdc::from_micro(u128::from(u32::MAX)));
    Entry {
        identity,
        record,
        origin: "https://a.example:443".into(),
        session: [1; 16],
        recovery: "00".repeat(32),
        budgets: Budgets { day, ..Budgets::default() },
        pin_payee: false,
        server_time: NOW,
    }
}

fn recording(nonce: B256) -> Recording {
    let authorization = Authorization {
        from: Address::repeat_byte(7),
        to: Address::repeat_byte(9),
        value: U256::from(1),
        valid_after: U256::ZERO,
        valid_before: U256::from(NOW + 60),
        nonce,
    };
    let transfer = Transfer { network: &BASE_SEPOLIA, authorization };
    Recording { transfer, header_name: PAYMENT_SIGNATURE, header_value: "x".repeat(1_000) }
}

async fn paid_call(journal: &Journal, number: u64) {
    let entry = entry(number);
    let nonce = entry.identity.nonce;
    let reserved = journal.reserve(entry, OnUnresolved::Resume, NOW).await.unwrap();
    let Reservation::Made(row) = reserved else { panic!("found") };
    journal.record(row, recording(nonce)).await.unwrap();
    let settled = Outcome::Settled { amount: Usdc::from_micro(1), transaction: None };
    journal.close(row, settled).await.unwrap();
}

/// Rows of other calls, a day old at most, written past the journal.
fn fill(home: &Path, rows: usize) {
    let db = rusqlite::Connection::open(home.join("journal.sqlite")).unwrap();
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
        INSERT INTO calls (nonce, key_hash, key, payment_id, fingerprint, session, state,
            created_at, method, url, origin, model, wallet, network, payee, amount, carried,
            recovery, lease_owner, lease_until)
        SELECT randomblob(32), randomblob(32), NULL, hex(randomblob(16)), randomblob(32),
            x'02020202020202020202020202020202', CASE i % 50 WHEN 0 THEN 'unknown' ELSE 'settled' END,
            ?2 - i % 86400, 'POST', 'https://a.example/v1', 'https://a.example:443', 'm',
            zeroblob(20), 'eip155:84532', '0x', 1, 0, '', '', 0 FROM n";
    db.execute(sql, rusqlite::params![rows as i64, NOW as i64]).unwrap();
    let sql = "INSERT OR REPLACE INTO spending
        SELECT 'all', x'', created_at / 60, sum(amount) FROM calls GROUP BY 3";
    db.execute(sql, []).unwrap();
}

fn median(mut times: Vec<Duration>) -> (f64, f64) {
    times.sort();
    let micros = |part: usize| times[times.len() * part / 100].as_secs_f64() * 1e6;
    (micros(50), micros(99))
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    println!("reserve + record + close, {CALLS} calls, µs (median, p99)");
    for (durability, name) in [(Durability::Process, "process"), (Durability::Power, "power")] {
        for rows in [1, 1_000, 1_000_000] {
            let home = tempfile::tempdir().unwrap();
            let options =
                JournalOptions { home: Some(home.path().into()), durability, ..Default::default() };
            let journal = Journal::new(options);
            runtime.block_on(paid_call(&journal, 0));
            fill(home.path(), rows);
            let times = (1..=CALLS as u64).map(|number| {
                let start = Instant::now();
                runtime.block_on(paid_call(&journal, number));
                start.elapsed()
            });
            let (median, slow) = median(times.collect());
            println!("{name:8} {rows:>9} rows  {median:7.1}  {slow:7.1}");
        }
    }
}
