//! `POST /v1/chat/completions`: passed on as it came.

use std::sync::Arc;

use axum::{
    extract::{State, rejection::BytesRejection},
    response::Response,
};
use blockrun_llm::ChatChunk;
use bytes::Bytes;
use http::HeaderMap;

use super::{
    app::App,
    pieces::{Translate, event, events, whole},
    problem::{Form, Problem},
    question::{CHAT, Question, body},
};

/// A chat completion, paid for.
pub(super) async fn completions(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    read: Result<Bytes, BytesRejection>,
) -> Response {
    let answered = answer(&app, &headers, read).await;
    answered.unwrap_or_else(|problem| problem.response(Form::OpenAi))
}

async fn answer(
    app: &App,
    headers: &HeaderMap,
    read: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let question = Question::of_body(CHAT, headers, body(read)?)?;
    let stream = question.stream;
    let mut answer = app.ask(question).await?;
    if stream {
        return Ok(events(answer, AsItIs));
    }
    let body = answer.stream.take_whole().unwrap_or_default();
    Ok(whole(&answer, body))
}

/// The form in which the pieces come.
struct AsItIs;

impl Translate for AsItIs {
    fn piece(&mut self, piece: &ChatChunk) -> String {
        event(None, piece.raw())
    }

    fn end(&mut self) -> String {
        event(None, "[DONE]")
    }

    fn fail(&mut self, problem: &Problem) -> String {
        event(None, &problem.body(Form::OpenAi).to_string())
    }

    fn ping(&self) -> &'static str {
        ": keep-alive\n\n"
    }
}
