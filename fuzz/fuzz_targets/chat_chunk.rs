//! The fuzzer runs [`blockrun_fuzz::chat_chunk`].

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| blockrun_fuzz::chat_chunk(input));
