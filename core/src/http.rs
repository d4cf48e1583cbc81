//! Paid HTTP: sends a request to the configured origin and pays for it when asked. The one
//! primitive that chat, images, generic requests and adapters stand on.

mod books;
mod call;
mod headers;
mod paid;
mod reconcile;
mod recover;
mod tls;
mod transport;
mod unpaid;

pub use paid::{PaidHttp, PaidRequest, PaidResponse, PaymentHook, Receipt};
pub use reconcile::Reconciliation;
pub use transport::{Transport, TransportOptions};
