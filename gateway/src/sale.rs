//! From a request to an answer, and to its payment.
//!
//! The order is the safety: a payment is verified against the price of the very request it comes
//! with, claimed durably, checked against the payer's balance, and only then is a provider asked; the
//! answer is kept, the payment settled, and only then is it handed out. Whatever fails before the
//! settlement costs nothing.

mod answer;
mod elsewhere;
mod estimate;
mod fallback;
mod give;
mod goods;
mod incoming;
mod order;
mod paid;
mod pictures;
mod reconcile;
mod record;
mod recover;
mod relay;
mod replay;
mod sell;
mod stream;
mod upkeep;

pub(crate) use answer::ANSWER;
pub(crate) use elsewhere::standing_by;
pub(crate) use estimate::estimate;
pub(crate) use fallback::FALLBACK_HEADERS;
pub(crate) use order::Order;
pub(crate) use reconcile::reconcile;
pub(crate) use recover::recover;
pub(crate) use sell::serve;
pub(crate) use upkeep::keep_up;
