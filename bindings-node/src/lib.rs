//! The native half of the npm package `blockrun-llm`: convert in, one call into the core, convert
//! out. The public face, with its classes, documentation and type checks, is the TypeScript in
//! `ts/`; nothing here is meant to be called by anybody else.
//!
//! - JSON crosses as text: JavaScript says what is JSON, and answers are handed over as received.
//! - Micro-USDC crosses as `BigInt`, with the same amount in dollars as a number beside it.
//! - Errors cross as data, see [`errors`]: a promise of Node-API cannot reject with a class.
//! - Futures run on one runtime per process, shared by all threads of Node, see [`runtime`].

// Node-API exports public items, and nothing outside this crate could name them.
#![allow(unreachable_pub)]
// Inputs hold a private key: what has no `Debug` cannot be printed by mistake.
#![allow(missing_debug_implementations)]

mod account;
mod cancel;
mod client;
mod command;
mod convert;
mod discovery;
mod errors;
mod facts;
mod hook;
mod offline;
mod options;
mod output;
mod request;
mod runtime;
mod signer;
mod stream;
mod tool;
mod wallet;
