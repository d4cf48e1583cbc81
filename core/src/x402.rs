//! The x402 protocol, versions 1 and 2, scheme `exact` by EIP-3009: wire types, header codecs,
//! requirement selection, authorization, settlement receipts and the pure part of verification.
//!
//! No I/O and no clock: bytes and times come in as arguments. Facts are from the x402 core
//! specification (v2 §5–§9), its HTTP transports, and EIP-712 / EIP-3009.

mod authorization;
mod challenge;
mod header;
mod identity;
mod payment;
mod receipt;
mod requirement;
mod select;
mod verify;

pub use authorization::{Authorization, Transfer};
pub use challenge::Challenge;
pub use header::{
    IDEMPOTENCY_KEY, PAYMENT_REQUIRED, PAYMENT_RESPONSE, PAYMENT_SIGNATURE, RECOVERY, X_PAYMENT,
    X_PAYMENT_REQUIRED, X_PAYMENT_RESPONSE, decode_header, encode_header,
};
pub use identity::{Origin, nonce, payment_id};
pub use payment::{EncodePayment, Payment};
pub use receipt::Settlement;
pub use requirement::{Requirement, Version};
pub use select::{Mismatch, Terms, match_terms};
pub use verify::{InvalidReason, Verified, own_signature, own_signature_by, verify, verify_terms};
