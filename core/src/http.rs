//! Paid HTTP: sends a request to the configured origin and pays for it when asked. The one
//! primitive that chat, images, generic requests and adapters stand on.

mod account;
mod address;
mod books;
mod call;
mod foresight;
mod headers;
mod paid;
mod poll;
mod prices;
mod reading;
mod ready;
mod recent;
mod reconcile;
mod recover;
mod request;
mod stream;
mod tls;
mod transport;
mod unpaid;

pub use account::AccountHttp;
pub(crate) use address::below;
pub(crate) use foresight::CHAT;
pub use foresight::{Foresight, Prepay};
pub use paid::{PaidHttp, PaymentHook, made_up_key};
pub(crate) use poll::Ticket;
pub use recent::Recent;
pub use reconcile::Reconciliation;
pub use request::{CallKey, Fallback, PaidRequest, PaidResponse, Receipt, Replay};
pub use stream::PaidStream;
pub(crate) use transport::{Carrier, Leg, is_event_stream};
pub use transport::{Transport, TransportOptions};
pub(crate) use unpaid::said;
