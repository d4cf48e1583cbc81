//! The fuzzer runs [`blockrun_fuzz::settlement_header`].

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| blockrun_fuzz::settlement_header(input));
