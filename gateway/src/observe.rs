//! What is seen of a gateway from outside: a line in the log and figures for every request.

mod body;
mod calls;
mod figures;
mod label;
mod layer;
mod metrics;
mod request_id;
mod ticket;

pub(crate) use calls::Calls;
pub(crate) use label::{Charged, Reason};
pub(crate) use layer::watch;
pub(crate) use metrics::{CONTENT_TYPE, Kept, Metrics};
pub(crate) use request_id::REQUEST_ID;
pub(crate) use ticket::Ticket;
