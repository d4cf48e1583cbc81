//! What is fuzzed: everything that is read from a server or a buyer, and what must hold of it
//! whatever the bytes. A check panics when it does not hold.
//!
//! The fuzzer calls these functions with what it makes up (`fuzz_targets/`), the core's tests with
//! the corpus in `tests/corpus/`; those of `gateway.rs` belong to the gateway and its tests. With `cargo install cargo-fuzz` and a nightly toolchain:
//!
//! ```sh
//! mkdir -p fuzz/corpus/event_stream
//! cargo +nightly fuzz run --sanitizer none event_stream \
//!     fuzz/corpus/event_stream tests/corpus/event_stream -- -max_total_time=600
//! ```
//!
//! No sanitizer: our own code has no `unsafe`. What a run finds worth keeping is small and goes to
//! `tests/corpus/` by hand.

#![forbid(unsafe_code)]

mod answer;
mod canonical;
mod discovery;
mod payment;
mod stream;

pub use answer::{chat_chunk, chat_response};
pub use canonical::canonical;
pub use discovery::discovery_page;
pub use payment::{
    payment_header, payment_required_body, payment_required_header, settlement_header,
};
pub use stream::event_stream;

/// What must hold of any bytes.
pub type Check = fn(&[u8]);

/// Every check with its name, which is that of its fuzz target and of its folder in the corpus.
pub const CHECKS: [(&str, Check); 9] = [
    ("canonical", canonical),
    ("chat_chunk", chat_chunk),
    ("chat_response", chat_response),
    ("discovery_page", discovery_page),
    ("event_stream", event_stream),
    ("payment_header", payment_header),
    ("payment_required_body", payment_required_body),
    ("payment_required_header", payment_required_header),
    ("settlement_header", settlement_header),
];
