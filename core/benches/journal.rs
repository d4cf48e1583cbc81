//! What the journal adds to a paid call, as the call waits for it: to reserve, to record and to
//! finish, with a day budget in force, in a journal of one, a thousand and a million rows.
//! `cargo bench -p blockrun-llm --bench journal`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark talks")]

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use alloy::primitives::U256;
use blockrun_llm::{
    Usdc,
    error::Proof,
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
const CALLS: u64 = 2_000;
/// Bytes of the payment header that our own gateway is sent.
const HEADER: usize = 1_400;
/// The journal's three parts in a paid call, and their sum.
type Cost = [Duration; 4];

fn entry(number: u64) -> Entry {
    let nonce = B256::from(U256::from(number));
    let identity = Identity {
        key: format!("key-{number}"),
        keyed: false,
        again: false,
        nonce,
        wallet: Address::repeat_byte(7),
        content: format!("POST https://a.example/v1\n{number}").into(),
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
    Recording { transfer, header_name: PAYMENT_SIGNATURE, header_value: "x".repeat(HEADER) }
}

async fn paid_call(journal: &Journal, number: u64) -> Cost {
    let entry = entry(number);
    let nonce = entry.identity.nonce;
    let (recording, amount) = (recording(nonce), entry.record.amount);
    let start = Instant::now();
    let reserved = journal.reserve(entry, OnUnresolved::Resume, NOW).await.unwrap();
    let Reservation::Made { row, .. } = reserved else { panic!("found") };
    let until_reserved = start.elapsed();
    journal.record(row, recording).await.unwrap();
    let until_recorded = start.elapsed();
    journal
        .finish(row, Outcome::Settled { amount, transaction: None, proof: Proof::Server })
        .await
        .unwrap();
    let all = start.elapsed();
    [until_reserved, until_recorded - until_reserved, all - until_recorded, all]
}

/// Rows of other calls, a day old at most, written past the journal.
fn fill(home: &Path, rows: usize) {
    let db = rusqlite::Connection::open(home.join("journal.sqlite")).unwrap();
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
        INSERT INTO calls (payment_id, nonce, key_hash, fingerprint, session, state, open, created_at,
            counted_at, method, url, origin, model, wallet, network, payee, amount, carried, recovery,
            lease_owner, lease_until)
        SELECT 'pay_' || lower(hex(randomblob(16))), randomblob(32), randomblob(32), randomblob(32),
            randomblob(16), iif(i % 50, 'settled', 'unknown'), i % 50 = 0, ?2 - i % 86400, ?2 - i % 86400,
            'POST', 'https://a.example/v1/chat/completions', 'https://a.example:443', 'm',
            zeroblob(20), 'eip155:84532', hex(randomblob(20)), 1, 0, hex(randomblob(32)), '', 0
        FROM n";
    db.execute(sql, rusqlite::params![rows as i64, NOW as i64]).unwrap();
    let sql = "INSERT OR REPLACE INTO spending
        SELECT 'all', x'', minute, sum(amount), sum(sum(amount)) OVER (ORDER BY minute)
        FROM (SELECT created_at / 60 AS minute, amount FROM calls) GROUP BY minute";
    db.execute(sql, []).unwrap();
}

/// One of the parts, in µs: what half of the calls do not exceed, or 99 of 100.
fn quantile(costs: &[Cost], part: usize, percent: usize) -> f64 {
    let mut times: Vec<_> = costs.iter().map(|cost| cost[part]).collect();
    times.sort();
    times[times.len() * percent / 100].as_secs_f64() * 1e6
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    println!("{CALLS} calls, one after another; median (99 of 100), µs");
    println!(
        "durability      rows          reserve           record           finish             call"
    );
    for (durability, name) in [(Durability::Process, "process"), (Durability::Power, "power")] {
        for rows in [1, 1_000, 1_000_000] {
            let home = tempfile::tempdir().unwrap();
            let options =
                JournalOptions { home: Some(home.path().into()), durability, ..Default::default() };
            let journal = Arc::new(Journal::new(options));
            runtime.block_on(paid_call(&journal, 0));
            fill(home.path(), rows);
            // In a task, as in a binding or a server.
            let calls = runtime.spawn(async move {
                let mut costs = Vec::new();
                for number in 1..=CALLS {
                    costs.push(paid_call(&journal, number).await);
                }
                costs
            });
            let costs = runtime.block_on(calls).unwrap();
            print!("{name:10} {rows:>9}");
            for part in 0..4 {
                let (median, slow) = (quantile(&costs, part, 50), quantile(&costs, part, 99));
                print!("  {median:6.1} ({slow:6.1})");
            }
            println!();
        }
    }
}
