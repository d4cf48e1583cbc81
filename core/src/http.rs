//! Paid HTTP: sends a request to the configured origin and pays for it when asked. The one
//! primitive that chat, images, generic requests and adapters stand on.

mod call;
mod headers;
mod tls;
mod transport;
mod unpaid;

pub use call::{PaidHttp, PaidRequest, PaidResponse, Receipt};
pub use transport::{Transport, TransportOptions};
