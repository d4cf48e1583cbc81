//! Getting paid: the seam between a claim and whatever executes its transfer.

mod api;
mod facilitator;
#[cfg(feature = "onchain")]
mod onchain;
mod options;
mod practice;

pub(crate) use api::{
    Checked, Due, Gas, Outcome, Pending, Settlement, Signed, Transfer, Unavailable, unsigned,
};
pub use facilitator::SettleThrough;
pub(crate) use facilitator::{Remote, look};
#[cfg(feature = "onchain")]
pub(crate) use onchain::Chain;
pub use options::Onchain;
pub(crate) use practice::Practice;
