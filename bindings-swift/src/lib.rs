//! The core for Swift and Kotlin, through UniFFI: convert in, one call, convert out.
//!
//! The value types here are the public ones of both languages, with the documentation written here.
//! What the languages do differently (errors, streams, cancellation, default arguments) is written
//! by hand over [`NativeClient`]: in `Sources/BlockRunLLM` and in `bindings-kotlin`.
//!
//! Nothing is done when the library is loaded, and constructing a client touches no database.

mod answer;
mod api;
mod cancel;
mod chat;
mod client;
mod config;
mod convert;
mod discovery;
mod error;
mod hook;
mod images;
mod message;
mod money;
mod offline;
mod payments;
mod signer;
mod stream;
mod wallet;

pub use answer::{ChatChoice, ChatResponse, ChatUsage, Model, Quote, ServerFallback, Settlement};
pub use api::{ApiRequest, ApiResponse};
pub use cancel::CancelHandle;
pub use chat::ChatOptions;
pub use client::{NativeClient, PaymentMode};
pub use config::{ClientOptions, Durability, OnUnresolved, Prepay};
pub use convert::{Count, Status};
pub use error::{ErrorCode, ErrorDetails, NativeError, PaymentState, Proof, Rejection, SpendLimit};
pub use hook::{ForeignError, PaymentHook, PaymentRequest};
pub use images::{ImageData, ImageOptions, ImageResponse};
pub use message::{ChatMessage, ContentPart, ToolCall};
pub use money::{Usdc, parse_usdc};
pub use offline::{
    Authorization, ChatPrice, ChatRates, PriceRule, SignedAuthorization, SignedPayment,
    Verification, VerifiedPayment, call_nonce, canonical_json, payment_id, quote_chat,
    recover_signer, sign_authorization, sign_payment, verify_payment,
};
pub use payments::{
    JournalKind, PaymentFilter, PaymentRecord, PaymentScope, Reconciliation, RecordState, Spending,
};
pub use signer::{ForeignSigner, SigningRequest};
pub use stream::{ChatChunk, ChunkChoice, NativeStream};
pub use wallet::{
    DiscoveredWallet, Funding, NativeWalletHome, WalletFile, WalletStatus, discovered_wallets,
    ensure_wallet,
};

uniffi::setup_scaffolding!();
