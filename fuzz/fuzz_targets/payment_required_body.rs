//! The fuzzer runs [`blockrun_fuzz::payment_required_body`].

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| blockrun_fuzz::payment_required_body(input));
