//! The fuzzer runs `gateway::chat_request`.

#![no_main]

#[path = "../src/gateway.rs"]
pub mod gateway;

libfuzzer_sys::fuzz_target!(|input: &[u8]| gateway::chat_request(input));
