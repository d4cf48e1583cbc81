//! The fuzzer runs `gateway::image_request`.

#![no_main]

#[path = "../src/gateway.rs"]
pub mod gateway;

libfuzzer_sys::fuzz_target!(|input: &[u8]| gateway::image_request(input));
