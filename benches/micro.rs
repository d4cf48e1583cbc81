//! How long the pieces of a paid call take that need no I/O: `cargo bench -p blockrun-bench`.

#![allow(clippy::unwrap_used, reason = "a benchmark that fails should end")]

use blockrun_bench::Pieces;
use divan::Bencher;

fn main() {
    divan::main();
}

#[divan::bench(args = Pieces::NAMES)]
fn piece(bencher: Bencher<'_, '_>, name: &str) {
    let pieces = Pieces::new().unwrap();
    bencher.bench_local(|| pieces.play(name).unwrap());
}
