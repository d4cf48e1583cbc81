//! The core for Swift and Kotlin, through UniFFI: convert in, one call, convert out.

uniffi::setup_scaffolding!();
