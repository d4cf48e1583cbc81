//! The fuzzer runs [`blockrun_fuzz::discovery_page`].

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| blockrun_fuzz::discovery_page(input));
