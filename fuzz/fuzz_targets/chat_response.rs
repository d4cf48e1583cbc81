//! The fuzzer runs [`blockrun_fuzz::chat_response`].

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| blockrun_fuzz::chat_response(input));
