//! Getting paid: the seam between a claim and whatever executes its transfer.

mod api;
#[cfg(feature = "onchain")]
mod onchain;
mod options;
mod practice;

#[cfg(test)]
pub(crate) use api::Signed;
pub(crate) use api::{
    Checked, Due, Gas, Outcome, Pending, Settlement, Transfer, Unavailable, unsigned,
};
#[cfg(feature = "onchain")]
pub(crate) use onchain::Chain;
pub use options::Onchain;
pub(crate) use practice::Practice;
