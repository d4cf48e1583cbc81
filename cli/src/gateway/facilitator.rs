//! What `blockrun gateway` can be told about facilitators.

use blockrun_gateway::{AdminToken, Facilitator};
use blockrun_llm::wallet::Address;
use clap::Args;

use crate::output::Failure;

/// What callers of our facilitator have to send, where it is set.
const TOKEN: &str = "BLOCKRUN_FACILITATOR_TOKEN";

/// Being a facilitator.
#[derive(Debug, Args)]
pub(crate) struct FacilitatorArguments {
    /// Be a facilitator too: /verify, /settle and /supported for the resource servers of others. They
    /// send the token of BLOCKRUN_FACILITATOR_TOKEN, where it is set.
    #[arg(long)]
    facilitator: bool,
    /// Account that may be paid through the facilitator; repeat it for more. With play money nobody
    /// need be named, and anybody may be paid then.
    #[arg(long, value_name = "ADDRESS", requires = "facilitator")]
    facilitator_payee: Vec<Address>,
}

impl FacilitatorArguments {
    /// The facilitator to be; the token comes from the environment.
    pub(super) fn server(&self) -> Result<Option<Facilitator>, Failure> {
        if !self.facilitator {
            return Ok(None);
        }
        let token = std::env::var(TOKEN).ok().map(|text| AdminToken::new(text.trim()));
        let token = token.transpose();
        let token = token.map_err(|error| Failure::other(format!("{TOKEN}: {error}")))?;
        Ok(Some(Facilitator { payees: self.facilitator_payee.clone(), token }))
    }
}
