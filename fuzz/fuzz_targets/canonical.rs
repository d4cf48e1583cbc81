//! The fuzzer runs [`blockrun_fuzz::canonical`].

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| blockrun_fuzz::canonical(input));
