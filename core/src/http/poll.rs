//! Answers that are made in the background: they are asked for with the payment that was accepted.

use super::{PaidHttp, PaidRequest, PaidResponse, headers, stream::Delivery};
use crate::{error::Result, flow::Recording};

/// The payment that was shown for a call.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub(super) recording: Recording,
    /// Key of the call.
    pub(crate) key: String,
}

impl PaidHttp {
    /// Sends a request as [`PaidHttp::send`] does, and tells what was shown for it.
    pub(crate) async fn begin(
        &self,
        request: PaidRequest,
    ) -> Result<(PaidResponse, Option<Ticket>)> {
        let whole = PaidRequest { events: false, ..request };
        let Delivery { response, ticket, .. } = self.deliver(whole).await?;
        Ok((response, ticket))
    }

    /// Sends a request once and shows a payment again. Pays nothing: one that was accepted can be
    /// executed once.
    pub(crate) async fn ask(
        &self,
        request: PaidRequest,
        ticket: Option<&Ticket>,
    ) -> Result<PaidResponse> {
        let mut headers = headers::json(false);
        if let Some(Ticket { recording, .. }) = ticket {
            headers::add_payment(&mut headers, recording)?;
        }
        self.exchange_unpaid(request, headers).await
    }
}
