//! `/verify`: would this payment be settled now?

use blockrun_llm::{Usdc, x402::InvalidReason};

use super::{Asked, Facilitator, VerifyReply};
use crate::{
    app::{App, now},
    settlement::{Checked, Unavailable},
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
    let checked = app.settlement.verify(&transfer, Usdc::ZERO).await?;
    Ok(match checked {
        Checked::Good => VerifyReply::good(payer),
        Checked::Refused(reason) => refused(reason),
    })
}
