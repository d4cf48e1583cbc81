//! A paid answer that is streamed: settled at its first event, recorded to its end.

use std::{sync::Arc, time::Duration};

use axum::response::{IntoResponse, Response};

use super::{
    answer::{in_flight, owed, still_owed},
    paid::{Paid, Sold},
    record::Recorder,
    relay, replay,
};
use crate::{
    app::since_1970,
    claim::{self, Turn},
    problem::Problem,
    provider::{Frames, ProviderError},
    settlement::Outcome,
};

impl Paid {
    /// Settles at the first event, so that the receipt can precede it. While the settlement is
    /// unknown, the stream is recorded for whoever asks again.
    pub(super) async fn sell_stream(self, sold: Sold) -> Result<Response, Problem> {
        let frames = match self.open_stream(sold.patience).await {
            Ok(frames) => frames,
            Err(error) => return Err(self.failed(&error).await),
        };
        let receipt = self.receipt(sold.transfer.value);
        Ok(match self.execute(sold.transfer, None).await {
            Ok(Outcome::Settled(txid)) => {
                receipt.settled(self.publish(frames, sold.patience, 0), txid)
            }
            Ok(Outcome::Unknown(txid)) => {
                self.hold_back(frames, sold.patience);
                receipt.pending(txid)
            }
            Ok(Outcome::Refused(reason)) => self.offer.refused(receipt, &reason),
            Err(error) => self.untried(&error).await.into_response(),
        })
    }

    /// A stream that was paid for and cut short: the provider is asked again, nothing is charged.
    /// Its ids begin where no earlier one can have been, so that nobody goes on with the lost one.
    pub(super) async fn make_up(self) -> Result<Response, Problem> {
        if self.after.is_some_and(|id| id > 0) {
            return Err(owed());
        }
        let key = self.claim.key.clone();
        let adopted = self.app.store.run(move |db| claim::adopt(db, &key)).await;
        if !adopted.map_err(|error| Problem::of_store(&error))? {
            return Err(in_flight());
        }
        let patience = self.app.config.provider_timeout;
        let frames = self.open_stream(patience).await.map_err(|error| still_owed(&error))?;
        let base = u64::try_from(since_1970().as_micros()).unwrap_or_default();
        Ok(self.publish(frames, patience, base))
    }

    async fn open_stream(&self, patience: Duration) -> Result<Frames, ProviderError> {
        relay::within(patience, self.order.stream(&self.app)).await
    }

    /// Passes a settled stream on. The turn ends here: who comes next finds the recording.
    fn publish(self, frames: Frames, patience: Duration, base: u64) -> Response {
        let (recorder, _turn) = self.recorder();
        let writer = recorder.writer(base);
        let (app, recording) = (Arc::clone(&recorder.app), Arc::clone(writer.recording()));
        app.recordings.put(recorder.key.clone(), &recording);
        let response = replay::live(&recording, None, app.config.keep_alive);
        app.tasks.spawn(recorder.run(frames, writer, patience));
        response.unwrap_or_else(IntoResponse::into_response)
    }

    /// Records a stream that may not be handed out yet. The turn ends with it.
    fn hold_back(self, frames: Frames, patience: Duration) {
        let (recorder, turn) = self.recorder();
        let (app, writer) = (Arc::clone(&recorder.app), recorder.writer(0));
        app.tasks.spawn(async move {
            recorder.run(frames, writer, patience).await;
            drop(turn);
        });
    }

    fn recorder(self) -> (Recorder, Turn) {
        let Self { app, order, claim, seal, turn, .. } = self;
        (Recorder { app, key: claim.key, seal, ticket: order.ticket }, turn)
    }
}
