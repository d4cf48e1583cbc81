//! Settlement on a real chain: anvil, with our own EIP-3009 token at the address of Base Sepolia's
//! USDC. Without anvil (`npm ci` brings it) the tests are skipped, in CI they fail.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod anvil;
mod attacks;
mod client;
mod crash;
mod crowd;
mod doctor;
mod facilitator;
mod faults;
mod fees;
mod front;
mod meanwhile;
mod node;
#[cfg(all(unix, feature = "postgres"))]
mod processes;
mod reorg;
mod sale;
mod shop;
#[allow(dead_code, reason = "shared with the practice tests")]
#[path = "../gateway/support.rs"]
mod support;
mod token;
mod wallet;
mod wallets;
