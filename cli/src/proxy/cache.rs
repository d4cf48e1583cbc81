//! Answers that are remembered for a while, in memory alone.

use std::time::{Duration, Instant};

use blockrun_llm::{
    ApiRequest, canonical_json,
    http::{PaidResponse, PaidStream},
};
use bytes::Bytes;
use http::HeaderMap;
use quick_cache::{Weighter, sync};
use sha2::{Digest, Sha256};

/// All answers together, in bytes.
const ROOM: u64 = 64 * 1024 * 1024;
/// Larger answers are not kept.
const LARGEST: usize = 4 * 1024 * 1024;
/// About how many answers there are.
const ANSWERS: usize = 1_024;

/// Answers by what was asked. Only digests of questions are kept.
#[derive(Debug)]
pub(super) struct Cache {
    answers: sync::Cache<[u8; 32], Kept, Size>,
    lifetime: Duration,
}

/// Whether an answer was remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recall {
    /// It was, and cost nothing.
    Hit,
    /// It is now.
    Miss,
}

#[derive(Clone, Debug)]
struct Kept {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
    since: Instant,
}

#[derive(Clone, Debug)]
struct Size;

impl Weighter<[u8; 32], Kept> for Size {
    fn weight(&self, _: &[u8; 32], kept: &Kept) -> u64 {
        kept.body.len() as u64
    }
}

impl Cache {
    /// An empty one, whose answers are good for so long.
    pub(super) fn new(lifetime: Duration) -> Self {
        Self { answers: sync::Cache::with_weighter(ANSWERS, ROOM, Size), lifetime }
    }

    /// The answer to the same question, where one is remembered. Nothing was paid for it now.
    pub(super) fn recall(&self, request: &ApiRequest) -> Option<PaidStream> {
        let kept = self.answers.get(&digest(request))?;
        let Kept { status, headers, body, since } = kept;
        let fresh = since.elapsed() < self.lifetime;
        fresh.then(|| PaidStream::whole(PaidResponse { status, headers, body, receipt: None }))
    }

    /// Remembers an answer that is whole, and gives it back.
    pub(super) fn keep(&self, request: &ApiRequest, mut stream: PaidStream) -> PaidStream {
        if stream.is_events() {
            return stream;
        }
        let body = stream.take_whole().unwrap_or_default();
        let PaidStream { status, headers, receipt, .. } = stream;
        if body.len() <= LARGEST {
            let (headers, body, since) = (headers.clone(), body.clone(), Instant::now());
            self.answers.insert(digest(request), Kept { status, headers, body, since });
        }
        PaidStream::whole(PaidResponse { status, headers, body, receipt })
    }
}

/// Two requests that mean the same are the same.
fn digest(request: &ApiRequest) -> [u8; 32] {
    let text = String::from_utf8_lossy(&request.body);
    let body = canonical_json(&text).unwrap_or_else(|_| text.into_owned());
    Sha256::new()
        .chain_update(&request.path)
        .chain_update([0])
        .chain_update(request.fallback_models.join("\n"))
        .chain_update([0])
        .chain_update(body)
        .finalize()
        .into()
}
