//! `/verify`: would this payment be settled now?

use blockrun_llm::x402::InvalidReason;

use super::{Asked, Facilitator, VerifyReply};
use crate::{
    app::{App, now},
    claim::ClaimKey,
    settlement::{Checked, Transfer, Unavailable},
};

/// Judges a payment by itself and by the token. Takes no claim and keeps nothing.
///
/// # Errors
/// When the token could not be asked.
pub(crate) async fn verify(
    app: &App,
    options: &Facilitator,
    asked: &Asked,
) -> Result<VerifyReply, Unavailable> {
    let payer = asked.payment.authorization.from;
    let refused = |reason: InvalidReason| VerifyReply::refused(reason, Some(payer));
    let transfer = match asked.verify(app.terms.network, options, now()) {
        Ok(transfer) => transfer,
        Err(reason) => return Ok(refused(reason)),
    };
    let checked = app.settlement.check(&key(app, &transfer), &transfer).await?;
    Ok(match checked {
        Checked::Good => VerifyReply::good(payer),
        Checked::Refused(reason) => refused(reason),
    })
}

/// What the token contract executes at most once.
fn key(app: &App, transfer: &Transfer) -> ClaimKey {
    let network = app.terms.network;
    ClaimKey {
        network: network.caip2,
        asset: network.usdc,
        payer: transfer.payer,
        nonce: transfer.nonce,
    }
}
