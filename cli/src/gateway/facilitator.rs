//! What `blockrun gateway` can be told about facilitators: being one, and settling through one.

use blockrun_gateway::{AdminToken, Facilitator, SettleThrough};
use blockrun_llm::wallet::Address;
use clap::Args;

use crate::output::Failure;

/// What callers of our facilitator have to send, where it is set.
const TOKEN: &str = "BLOCKRUN_FACILITATOR_TOKEN";

/// What is sent to the facilitator that settles, where it is set.
const SETTLE_TOKEN: &str = "BLOCKRUN_SETTLE_THROUGH_TOKEN";

/// Being a facilitator, and settling through one.
#[derive(Debug, Args)]
pub(crate) struct FacilitatorArguments {
    /// Settle through the x402 facilitator at this URL, which gets the token of
    /// BLOCKRUN_SETTLE_THROUGH_TOKEN as a bearer, where it is set. --rpc-url tells whom to ask what
    /// became of a settlement when the facilitator does not say (`off`: nobody)
    /// [default: the network's public endpoints].
    #[arg(long, value_name = "URL", requires = "payee")]
    pub(super) settle_through: Option<String>,
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
    /// The facilitator to settle through; the token comes from the environment.
    pub(super) fn client(&self, rpc_url: Option<&String>) -> Option<SettleThrough> {
        let mut through = SettleThrough::new(self.settle_through.as_ref()?);
        through.rpc_url = rpc_url.cloned();
        let token = std::env::var(SETTLE_TOKEN).ok();
        if let Some(token) = token.as_deref().map(str::trim).filter(|token| !token.is_empty()) {
            through.headers.push(("Authorization".into(), format!("Bearer {token}")));
        }
        Some(through)
    }

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
