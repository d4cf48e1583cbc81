//! What becomes of work when transactions get into each other's way, and when the connection breaks at
//! the worst moment.

#![cfg(unix)]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use conformance::Postgres;
use futures_util::future::join_all;

use crate::store::{Database, Db, Lock, Store, StoreError, postgres, process};

async fn open(url: &str, process: i64) -> Store {
    let database = Database { connections: 4, ..Database::new(url) };
    let opened = tokio::task::spawn_blocking(move || postgres::open(&database, process, ()));
    opened.await.unwrap().unwrap()
}

/// Makes the next block of the ledger, the way that it must not be made by two at once.
fn append(db: &Db) -> Result<i64, StoreError> {
    db.lock(Lock::Ledger)?;
    let sql = "SELECT coalesce(max(number), 0) + 1 FROM blocks";
    let next: i64 = db.one(sql, &[], |row| row.get(0))?.unwrap_or_default();
    let sql = "INSERT INTO blocks (number, hash, parent, time) VALUES (?1, ?2, ?2, 0)";
    db.execute(sql, &[next.into(), [0_u8].as_slice().into()])?;
    Ok(next)
}

#[tokio::test]
async fn what_is_locked_is_done_by_one_at_a_time() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.database();
    let stores = [open(&url, 1).await, open(&url, 2).await];
    let all = (0..100).map(|at| stores[at % 2].run(append));
    let mut made: Vec<_> = join_all(all).await.into_iter().map(Result::unwrap).collect();
    made.sort_unstable();
    assert_eq!(made, (1..=100).collect::<Vec<_>>());
}

#[tokio::test]
async fn transactions_that_wait_in_a_circle_are_done_again() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.database();
    let store = open(&url, 1).await;
    store.run(|db| (0..2).try_for_each(|_| append(db).map(drop))).await.unwrap();
    let both = |first: i64, second: i64| {
        store.run(move |db| {
            for number in [first, second] {
                db.execute(
                    "UPDATE blocks SET time = time + 1 WHERE number = ?1",
                    &[number.into()],
                )?;
                thread::sleep(Duration::from_millis(50));
            }
            Ok(())
        })
    };
    let (one, two) = tokio::join!(both(1, 2), both(2, 1));
    one.and(two).unwrap();
    assert_eq!(server.sql(&url, "SELECT sum(time) FROM blocks"), "4");
}

#[tokio::test]
async fn work_of_a_process_that_was_buried_is_refused() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.database();
    let (one, two) = tokio::join!(open(&url, 1), open(&url, 2));
    one.run(process::arrive).await.unwrap();
    two.run(process::arrive).await.unwrap();
    assert_eq!(two.run(process::bury).await.unwrap(), 0, "it has just spoken");
    server.sql(&url, "UPDATE processes SET beat = beat - 60 WHERE id = 1");
    assert_eq!(two.run(process::bury).await.unwrap(), 1);
    let claim =
        "INSERT INTO claims (network, asset, payer, nonce, request, \"authorization\", value,
                     valid_before, expires, state, taken, owner)
                 VALUES ('n', ?1, ?1, ?1, ?1, ?1, 1, 1, 1, 'running', 1, ?2)";
    let take = move |db: &Db| {
        db.execute(claim, &[[0_u8].as_slice().into(), db.process().into()]).map(drop)
    };
    assert!(matches!(one.run(take).await, Err(StoreError::Lost)));
    one.run(process::beat).await.unwrap();
    one.run(take).await.unwrap();
}

/// When a connection is cut.
#[derive(Clone, Copy)]
enum Cut {
    /// The commit does not arrive.
    Before,
    /// The commit arrives; that it was done does not.
    After,
}

/// A line to a server that is cut at the first commits.
fn cutting(server: SocketAddr, cut: Cut, times: usize) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, cuts) = (listener.local_addr().unwrap(), Arc::<AtomicUsize>::default());
    let counter = Arc::clone(&cuts);
    thread::spawn(move || {
        while let Ok((client, _)) = listener.accept() {
            let server = TcpStream::connect(server).unwrap();
            let (mut back, mut to_client) =
                (server.try_clone().unwrap(), client.try_clone().unwrap());
            // Either end may go at any time.
            thread::spawn(move || std::io::copy(&mut back, &mut to_client));
            let cuts = Arc::clone(&cuts);
            thread::spawn(move || pass(client, server, cut, times, &cuts));
        }
    });
    (address, counter)
}

fn pass(mut client: TcpStream, mut server: TcpStream, cut: Cut, times: usize, cuts: &AtomicUsize) {
    let mut buffer = [0; 4_096];
    while let Ok(read @ 1..) = client.read(&mut buffer) {
        let sent = &buffer[..read];
        let commits = sent.windows(6).any(|window| window == b"COMMIT");
        // The first one is of the tables.
        if commits && (1..=times).contains(&cuts.fetch_add(1, Ordering::SeqCst)) {
            // From here on nothing comes back.
            client.shutdown(std::net::Shutdown::Both).unwrap();
            if let Cut::After = cut {
                server.write_all(sent).unwrap();
                thread::sleep(Duration::from_millis(100));
            }
            server.shutdown(std::net::Shutdown::Both).unwrap();
            return;
        }
        if server.write_all(sent).is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_commit_that_was_cut_is_kept_once() {
    let Some(server) = Postgres::shared() else { return };
    for cut in [Cut::Before, Cut::After] {
        let url = server.database();
        // The tables are there: the cut ones are the commits of work.
        drop(open(&url, 1).await);
        let port = url.split(&['@', '/'][..]).nth(3).unwrap();
        let (line, cuts) = cutting(port.parse().unwrap(), cut, 4);
        let store = open(&url.replace(port, &line.to_string()), 2).await;
        for number in 1..=3 {
            assert_eq!(store.run(append).await.unwrap(), number);
        }
        assert!(cuts.load(Ordering::SeqCst) >= 4, "every commit of work was cut");
        assert_eq!(server.sql(&url, "SELECT count(*) FROM blocks"), "3");
    }
}
