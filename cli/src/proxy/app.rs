//! What the routes share, and the paid call itself.

use std::time::Duration;

use blockrun_llm::{ApiRequest, ErrorKind, LLMClient, PaymentMode, http::PaidStream};
use http::Method;

use super::{
    cache::{Cache, Recall},
    names::Names,
    problem::Problem,
    question::Question,
};
use crate::output::remark;

/// A call that is under way elsewhere is waited for in such turns.
const TURN: Duration = Duration::from_millis(250);
/// So many; then its caller is told.
const TURNS: u32 = 10;

/// A proxy: who pays, under which names, and what is remembered.
#[derive(Debug)]
pub(super) struct App {
    pub(super) client: LLMClient,
    pub(super) names: Names,
    pub(super) cache: Option<Cache>,
    pub(super) quiet: bool,
}

/// An answer of status 2xx, and where it came from.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) stream: PaidStream,
    /// `None` where nothing is kept, or this may not be.
    pub(super) recall: Option<Recall>,
    /// Whether an account is billed, so that the cost is not known here.
    pub(super) billed_to_account: bool,
}

impl App {
    /// Asks, pays, and brings the answer.
    pub(super) async fn ask(&self, question: Question) -> Result<Answer, Problem> {
        let (path, model) = (question.path, question.model.clone());
        let asked = self.answer(question).await;
        if !self.quiet {
            // Nobody listens any more; the proxy goes on.
            let _ = remark(&format!("{path}  {model}  {}", outcome(&asked)));
        }
        asked
    }

    async fn answer(&self, question: Question) -> Result<Answer, Problem> {
        let Question { path, body, model, key, retry, may_recall, stream } = question;
        let named = self.names.resolve(&model);
        let mut request = ApiRequest {
            body,
            idempotency_key: key,
            fallback_models: named.fallbacks,
            ..ApiRequest::new(Method::POST, path)
        };
        if named.model != model {
            request.body = request.body_for(&named.model).map_err(|error| Problem::from(&error))?;
        }
        // A key names one call, not all that ask the same.
        let recalling = may_recall && !stream && request.idempotency_key.is_none();
        let cache = self.cache.as_ref().filter(|_| recalling);
        if let Some(stream) = cache.and_then(|cache| cache.recall(&request)) {
            return Ok(self.answered(stream, Some(Recall::Hit)));
        }
        let stream = self.serve(&request, retry).await?;
        Ok(match cache {
            Some(cache) => self.answered(cache.keep(&request, stream), Some(Recall::Miss)),
            None => self.answered(stream, None),
        })
    }

    /// Whoever asks again may come before it was noticed that the first reader has left.
    async fn serve(&self, request: &ApiRequest, retry: bool) -> Result<PaidStream, Problem> {
        let mut turns = 0;
        loop {
            let served = self.client.serve_host(request, retry).await;
            let mut stream = served.map_err(|error| Problem::from(&error))?;
            if (200..300).contains(&stream.status) {
                return Ok(stream);
            }
            let problem = Problem::answered(&mut stream);
            if turns == TURNS || !problem.is(ErrorKind::IdempotencyInFlight) {
                return Err(problem);
            }
            turns += 1;
            tokio::time::sleep(TURN).await;
        }
    }

    fn answered(&self, stream: PaidStream, recall: Option<Recall>) -> Answer {
        let billed_to_account = self.client.payment_mode() == PaymentMode::ApiKey;
        Answer { stream, recall, billed_to_account }
    }
}

/// How a call ended, in a line without a word of what was asked.
fn outcome(asked: &Result<Answer, Problem>) -> String {
    match asked {
        Ok(Answer { recall: Some(Recall::Hit), .. }) => "200, remembered, free".to_owned(),
        Ok(Answer { stream, .. }) => match &stream.receipt {
            None => format!("{}, nothing was asked", stream.status),
            Some(receipt) => {
                let transaction = receipt.transaction.as_deref().unwrap_or("no transaction told");
                format!("{}, {} USDC, {transaction}", stream.status, receipt.amount)
            }
        },
        Err(problem) => format!("{}, {}", problem.status, problem.message()),
    }
}
