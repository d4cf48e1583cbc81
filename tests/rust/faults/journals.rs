//! A journal that cannot be used: with a budget in force nothing is signed, without one memory does.

use std::{fs, path::Path, sync::Arc, time::Instant};

use blockrun_llm::{ClientOptions, Usdc};
use conformance::Report;
use serde_json::json;

use crate::{
    audit::audit,
    bench::{Bench, Trial, Wallet},
    process,
    table::Case,
};

/// A way to make a home unusable.
type Spoil = fn(&Path);

pub(crate) async fn cases(bench: &Arc<Bench>) -> Vec<Case> {
    let spoils: [(&str, Spoil); 4] = [
        ("journal corrupt", |home| {
            fs::write(home.join("journal.sqlite"), [0x5a; 8_192]).unwrap();
        }),
        ("journal of a newer version", |home| {
            let db = rusqlite::Connection::open(home.join("journal.sqlite")).unwrap();
            db.pragma_update(None, "user_version", 99).unwrap();
        }),
        ("journal without a place", |home| {
            fs::create_dir(home.join("journal.sqlite")).unwrap();
        }),
        ("journal read-only", read_only),
    ];
    let mut cases = Vec::new();
    for (name, spoil) in spoils {
        cases.push(closed(bench, name, spoil).await);
        cases.push(open(bench, name, spoil).await);
    }
    cases.push(full(bench).await);
    cases
}

/// By its header, which binds an administrator too: a file of a later write version is only read.
fn read_only(home: &Path) {
    let file = home.join("journal.sqlite");
    let db = rusqlite::Connection::open(&file).unwrap();
    db.execute_batch("CREATE TABLE other (x); PRAGMA user_version = 2;").unwrap();
    drop(db);
    let mut bytes = fs::read(&file).unwrap();
    bytes[18] = 3;
    fs::write(&file, bytes).unwrap();
}

async fn closed(bench: &Bench, name: &str, spoil: Spoil) -> Case {
    let mut case = Case::new(format!("{name}, a budget in force"));
    let wallet = Wallet { forgets: true, ..Wallet::new() };
    spoil(wallet.home.path());
    let max_cost_per_day = Some(Usdc::from_micro(1_000_000));
    let options = ClientOptions { max_cost_per_day, ..ClientOptions::default() };
    let client = wallet.client_with(&bench.gateway.api_url(), options);
    let reports = [Report::of(&client.chat_completion(&Trial::default().request()).await)];
    let mut found = audit(bench.address(), &wallet, &reports, 0..=0).await;
    if reports[0].outcome() != "Journal, not_charged" {
        found.problems.push(format!("not refused: {:?}", reports[0]));
    }
    case.add("", &reports, found);
    case
}

async fn open(bench: &Bench, name: &str, spoil: Spoil) -> Case {
    let mut case = Case::new(format!("{name}, no budget"));
    let wallet = Wallet { forgets: true, ..Wallet::new() };
    spoil(wallet.home.path());
    let client = wallet.client(&bench.gateway.api_url());
    let reports = [Report::of(&client.chat_completion(&Trial::default().request()).await)];
    case.add("", &reports, audit(bench.address(), &wallet, &reports, 1..=1).await);
    case
}

/// The disk is full from the start, or becomes so on the way.
async fn full(bench: &Bench) -> Case {
    const CALLS: usize = 40;
    let (started, mut case) = (Instant::now(), Case::new("journal full, from the start or later"));
    for (blocks, some) in [(1, false), (800, true)] {
        let wallet = Wallet { forgets: !some, ..Wallet::new() };
        let order = process::order(&wallet, &bench.gateway.api_url());
        let order = process::with(&order, &json!({"day_limit": 1_000_000, "calls": CALLS}));
        let reports = process::client_on_a_small_disk(&order, blocks).reports().await;
        let mut found = audit(bench.address(), &wallet, &reports, 0..=CALLS).await;
        let answered = reports.iter().filter(|report| report.answered).count();
        if reports.len() != CALLS || answered == CALLS || (answered > 0) != some {
            found.problems.push(format!("{answered} of {} answered", reports.len()));
        }
        if found.transfers != answered {
            found.problems.push(format!("{} paid, {answered} answered", found.transfers));
        }
        case.add(&format!("{blocks} blocks"), &reports, found);
    }
    case.took = started.elapsed();
    case
}
