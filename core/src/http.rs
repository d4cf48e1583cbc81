//! Paid HTTP: sends a request to the configured origin and pays for it when asked. The one
//! primitive that chat, images, generic requests and adapters stand on.

mod account;
mod books;
mod call;
mod headers;
mod paid;
mod poll;
mod reading;
mod recent;
mod reconcile;
mod recover;
mod request;
mod stream;
mod tls;
mod transport;
mod unpaid;

pub use account::AccountHttp;
pub use paid::{PaidHttp, PaymentHook, made_up_key};
pub(crate) use poll::Ticket;
pub use recent::Recent;
pub use reconcile::Reconciliation;
pub use request::{CallKey, Fallback, PaidRequest, PaidResponse, Receipt, Replay};
pub use stream::PaidStream;
pub use transport::{Transport, TransportOptions};
pub(crate) use unpaid::said;
