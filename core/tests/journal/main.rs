//! The journal from outside: budgets, keys, resumption, and its file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod budgets;
mod file;
mod keys;
mod retries;
mod support;
