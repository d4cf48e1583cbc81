//! Getting paid: the seam between a claim and whatever executes its transfer.

mod api;
mod practice;

pub(crate) use api::{Checked, Due, Outcome, Pending, Settlement, Transfer, Unavailable};
pub(crate) use practice::Practice;
