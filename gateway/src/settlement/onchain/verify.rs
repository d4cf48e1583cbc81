//! Whether the token would execute a transfer. Read-only.

use blockrun_llm::{Usdc, chain::AuthorizationFact, x402::InvalidReason};

use super::{
    chain::Chain,
    contract::{self, Call},
    node::words,
    reason,
    signature::{Approval, approval},
};
use crate::settlement::{Checked, Transfer, Unavailable};

impl Chain {
    /// Signature, nonce, balance less what is `held` of it, and a simulation, in this order.
    pub(super) async fn look(
        &self,
        transfer: &Transfer,
        held: Usdc,
    ) -> Result<Checked, Unavailable> {
        let factories = &self.options.wallet_factories;
        let (approval, fact, balance) = tokio::try_join!(
            approval(&self.node, factories, transfer),
            self.fact(transfer.payer, transfer.nonce),
            self.balance(transfer.payer),
        )?;
        let approval = match approval {
            Ok(approval) => approval,
            Err(reason) => return Ok(Checked::Refused(reason)),
        };
        if !matches!(fact, AuthorizationFact::Unused { .. }) {
            return Ok(Checked::Refused(reason::nonce_used()));
        }
        let available = balance.saturating_sub(held);
        if available < transfer.value {
            return Ok(Checked::Refused(reason::funds(available, transfer.value)));
        }
        let simulated = self.simulate(&approval, transfer).await?;
        Ok(simulated.map_or_else(Checked::Refused, |_| Checked::Good))
    }

    /// Whether a contract stands behind a signature. One that is not deployed yet is deployed in a
    /// simulation of the whole transfer.
    pub(super) async fn contract_signed(
        &self,
        transfer: &Transfer,
    ) -> Result<Checked, Unavailable> {
        let factories = &self.options.wallet_factories;
        match approval(&self.node, factories, transfer).await? {
            Err(reason) => Ok(Checked::Refused(reason)),
            Ok(Approval::Signed(_)) => Ok(Checked::Good),
            Ok(deploying @ Approval::Deploying(_)) => {
                let simulated = self.simulate(&deploying, transfer).await?;
                Ok(simulated.map_or_else(Checked::Refused, |_| Checked::Good))
            }
        }
    }

    /// Tries a transfer without sending it; the call and the gas it takes, or why the token would
    /// revert.
    pub(super) async fn simulate(
        &self,
        approval: &Approval,
        transfer: &Transfer,
    ) -> Result<Result<(Call, u64), InvalidReason>, Unavailable> {
        let call = approval.call(self.network.usdc, transfer);
        let most = self.options.max_gas;
        Ok(match self.node.gas(&call).await? {
            Ok(gas) if gas > most => Err(reason::gas(gas, most)),
            Ok(gas) => Ok((call, gas)),
            Err(text) => Err(self.diagnose(approval, transfer, &text).await?),
        })
    }

    /// Why a simulation reverted. Multicall3 does not say it of its calls unless they may fail.
    async fn diagnose(
        &self,
        approval: &Approval,
        transfer: &Transfer,
        text: &str,
    ) -> Result<InvalidReason, Unavailable> {
        let Approval::Deploying(wrapped) = approval else { return Ok(reason::of_revert(text)) };
        let call = contract::trying(self.network.usdc, transfer, wrapped);
        let answer = self.node.view(call.target, call.data.to_vec()).await?;
        Ok(match answer.ok().as_ref().and_then(contract::tried) {
            Some([(false, _), _]) => reason::deployment(),
            Some([_, (false, said)]) => {
                reason::of_revert(&words(&said).unwrap_or_else(|| "it does not say why".into()))
            }
            _ => reason::of_revert(text),
        })
    }

    async fn balance(&self, account: alloy::primitives::Address) -> Result<Usdc, Unavailable> {
        let balance = self.reader.balance(self.network, account).await;
        balance.map_err(|error| Unavailable(error.message().to_owned()))
    }
}
