//! After every run: what the ledger executed, against the journal and what callers were told.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    ops::RangeInclusive,
    path::Path,
};

use blockrun_llm::{
    journal::{PaymentFilter, PaymentRecord, RecordState},
    wallet::Address,
};
use conformance::Report;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{bench::Wallet, table::Audit};

const USDC: &str = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";

/// A transfer of the ledger, by the nonce of its authorization.
type Transfers = BTreeMap<String, (String, u128)>;

/// Checks a run. `expected`: how many transfers there must be.
pub(crate) async fn audit(
    gateway: SocketAddr,
    wallet: &Wallet,
    reports: &[Report],
    expected: RangeInclusive<usize>,
) -> Audit {
    let mut problems = Vec::new();
    let address = wallet.client("http://127.0.0.1:9/api").address().unwrap();
    let executed = match transfers(gateway, address).await {
        Ok(executed) => executed,
        Err(problem) => {
            problems.push(problem);
            Transfers::new()
        }
    };
    if !expected.contains(&executed.len()) {
        problems.push(format!("{} transfers, expected {expected:?}", executed.len()));
    }
    let spent: u128 = executed.values().map(|(_, value)| value).sum();
    let left = balance(gateway, address).await;
    if wallet.start - left != spent {
        problems.push(format!("{spent} transferred, but the balance fell to {left}"));
    }
    told(&executed, reports, &mut problems);
    if !wallet.forgets {
        books(wallet, &executed, &mut problems).await;
        let counted = counted(wallet.home.path());
        if counted < spent {
            problems.push(format!("{counted} counted in the budgets, {spent} executed"));
        }
    }
    Audit { transfers: executed.len(), problems }
}

/// What callers were told is what happened.
fn told(executed: &Transfers, reports: &[Report], problems: &mut Vec<String>) {
    let known: BTreeSet<_> = executed.values().map(|(transaction, _)| transaction).collect();
    for report in reports.iter().filter(|report| report.money == "charged") {
        match &report.transaction {
            Some(transaction) if !known.contains(transaction) => {
                problems.push(format!("told to be charged by {transaction}, which is not there"));
            }
            None if known.is_empty() => problems.push("told to be charged, and was not".to_owned()),
            _ => {}
        }
    }
    let silent = |report: &Report| matches!(report.money.as_str(), "not_charged" | "free");
    if !reports.is_empty() && reports.iter().all(silent) && !executed.is_empty() {
        problems.push("told not to be charged, and was".to_owned());
    }
}

/// The journal knows all that was executed, and nothing more as settled.
async fn books(wallet: &Wallet, executed: &Transfers, problems: &mut Vec<String>) {
    let client = wallet.client("http://127.0.0.1:9/api");
    let all = PaymentFilter { limit: Some(usize::MAX), ..PaymentFilter::default() };
    let rows: BTreeMap<String, PaymentRecord> = match client.payments(all).await {
        Ok(rows) => rows.into_iter().map(|row| (row.nonce.clone(), row)).collect(),
        Err(error) => return problems.push(format!("the journal cannot be read: {error}")),
    };
    for (nonce, (_, value)) in executed {
        match rows.get(nonce) {
            None => problems.push(format!("executed, and the journal does not know {nonce}")),
            Some(row) if !row.state.counts() || row.amount.micro() < *value => {
                problems.push(format!("executed {value}, and the journal says {row:?}"));
            }
            Some(_) => {}
        }
    }
    for row in rows.values().filter(|row| row.state == RecordState::Settled) {
        let real = executed.get(&row.nonce).map(|(transaction, _)| transaction);
        if real.is_none() || row.transaction.as_ref().is_some_and(|told| Some(told) != real) {
            problems.push(format!("settled in the journal, and the ledger says {real:?}: {row:?}"));
        }
    }
}

/// The sum that day budgets are checked against.
fn counted(home: &Path) -> u128 {
    let file = home.join("journal.sqlite");
    if !file.is_file() {
        return 0;
    }
    let db = rusqlite::Connection::open(file).unwrap();
    let sql = "SELECT coalesce(sum(amount), 0), coalesce((SELECT total FROM spending
                   WHERE scope = 'all' ORDER BY minute DESC LIMIT 1), 0)
               FROM spending WHERE scope = 'all'";
    let (sum, total): (i64, i64) =
        db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(sum, total, "the running total is the sum");
    u128::try_from(sum).unwrap()
}

/// What was transferred from an account; an error when a nonce or transaction is there twice.
async fn transfers(gateway: SocketAddr, payer: Address) -> Result<Transfers, String> {
    let payer = format!("0x{:0>64}", payer.to_string()[2..].to_lowercase());
    let filter = json!([{
        "address": USDC, "fromBlock": "0x0", "toBlock": "latest", "topics": [null, payer],
    }]);
    let logs = rpc(gateway, "eth_getLogs", filter).await;
    let text = |log: &Value, at: &str| log.pointer(at).unwrap().as_str().unwrap().to_owned();
    let (mut nonces, mut values) = (BTreeMap::new(), BTreeMap::new());
    for log in logs.as_array().unwrap() {
        let transaction = text(log, "/transactionHash");
        let data = text(log, "/data");
        if data == "0x" {
            if nonces.insert(text(log, "/topics/2"), transaction).is_some() {
                return Err(format!("a nonce was executed twice: {logs}"));
            }
        } else {
            let value = u128::from_str_radix(data.trim_start_matches("0x"), 16).unwrap();
            if values.insert(transaction, value).is_some() {
                return Err(format!("two transfers in one transaction: {logs}"));
            }
        }
    }
    if nonces.len() != values.len() {
        return Err(format!("{} nonces used, {} transfers", nonces.len(), values.len()));
    }
    Ok(nonces.into_iter().map(|(nonce, tx)| (nonce, (tx.clone(), values[&tx]))).collect())
}

async fn balance(gateway: SocketAddr, account: Address) -> u128 {
    let data = format!("0x70a08231{:0>64}", account.to_string()[2..].to_lowercase());
    let answer = rpc(gateway, "eth_call", json!([{"to": USDC, "data": data}, "latest"])).await;
    u128::from_str_radix(answer.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

/// Asked by hand: the judge does not use the client that is judged.
async fn rpc(gateway: SocketAddr, method: &str, params: Value) -> Value {
    let question = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let answer = post(gateway, "/practice/rpc", &question.to_string()).await;
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    let answer: Value = serde_json::from_str(body).unwrap();
    assert!(answer["error"].is_null(), "{answer}");
    answer["result"].clone()
}

/// The plainest HTTP there is; returns the whole answer.
pub(crate) async fn post(gateway: SocketAddr, path: &str, body: &str) -> String {
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {gateway}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(gateway).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
