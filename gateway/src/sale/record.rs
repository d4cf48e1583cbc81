//! Keeping a streamed answer that is paid for.

use std::{sync::Arc, time::Duration};

use super::{
    answer::broken_off,
    relay::{Relayed, relay},
};
use crate::{
    app::App,
    claim::{self, Answer, ClaimKey, Seal},
    observe::Ticket,
    provider::Frames,
    recording::Writer,
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Passes a stream on to its end, whether or not anybody reads, and keeps it for its claim.
pub(super) struct Recorder {
    pub(super) app: Arc<App>,
    pub(super) key: ClaimKey,
    pub(super) seal: Seal,
    /// The call is in flight until its answer is kept.
    pub(super) ticket: Ticket,
}

impl Recorder {
    /// The beginning of a recording. `base` is the id before its first event's.
    pub(super) fn writer(&self, base: u64) -> Writer {
        Writer::new(base, usize::try_from(self.app.limits.answer).unwrap_or(usize::MAX))
    }

    /// Readers see the end only once the answer is kept.
    pub(super) async fn run(self, frames: Frames, writer: Writer, patience: Duration) {
        let kept = match relay(frames, &writer, patience, broken_off).await {
            Relayed::Whole(whole) => self.keep(Some(&whole)).await,
            Relayed::TooLong => self.keep(None).await,
            Relayed::Broken(part) => self.keep_part(part.as_deref()).await,
        };
        if let Err(error) = kept {
            tracing::error!(%error, "a paid stream could not be kept for a replay");
        }
        writer.end();
        drop(self.ticket);
    }

    async fn keep(&self, whole: Option<&[u8]>) -> Result<(), Failure> {
        let answer = whole.map(|whole| self.sealed(whole)).transpose()?;
        let key = self.key.clone();
        Ok(self.app.store.run(move |db| claim::keep(db, &key, answer.as_ref())).await?)
    }

    async fn keep_part(&self, part: Option<&[u8]>) -> Result<(), Failure> {
        let part = part.map(|part| self.sealed(part)).transpose()?;
        let key = self.key.clone();
        Ok(self.app.store.run(move |db| claim::keep_part(db, &key, part.as_ref())).await?)
    }

    fn sealed(&self, answer: &[u8]) -> Result<Answer, Failure> {
        Ok(Answer { streamed: true, sealed: self.seal.close(answer)? })
    }
}
