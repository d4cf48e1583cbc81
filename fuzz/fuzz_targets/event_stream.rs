//! The fuzzer runs [`blockrun_fuzz::event_stream`].

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| blockrun_fuzz::event_stream(input));
