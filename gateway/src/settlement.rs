//! Getting paid: the seam between a claim and whatever executes its transfer.

mod api;
#[cfg(feature = "onchain")]
mod onchain;
mod practice;

pub(crate) use api::{
    Checked, Due, Outcome, Pending, Settlement, Signature, Transfer, Unavailable,
};
#[cfg(feature = "onchain")]
pub(crate) use onchain::Chain;
pub(crate) use practice::Practice;
