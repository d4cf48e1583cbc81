//! The route.

use std::sync::Arc;

use axum::{
    extract::{State, rejection::BytesRejection},
    response::Response,
};
use blockrun_llm::ChatResponse;
use bytes::Bytes;
use http::HeaderMap;

use super::{
    answer::{Echo, to_response},
    chat::to_chat,
    request::{FIELDS, ResponsesRequest},
    stream::ResponseStream,
};
use crate::proxy::{
    app::App,
    pieces::{events, whole},
    problem::{Form, Problem},
    question::{CHAT, Question, body, object},
    reading::read,
};

/// A response, paid for.
pub(in crate::proxy) async fn create(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    sent: Result<Bytes, BytesRejection>,
) -> Response {
    let answered = answer(&app, &headers, sent).await;
    answered.unwrap_or_else(|problem| problem.response(Form::OpenAi))
}

async fn answer(
    app: &App,
    headers: &HeaderMap,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let json = object(&body(sent)?)?;
    let echo = Echo::of(&json);
    let chat = to_chat(read::<ResponsesRequest>(json, &FIELDS)?)?;
    let question = Question::of_json(CHAT, headers, &chat)?;
    let stream = question.stream;
    let mut answer = app.ask(question).await?;
    if stream {
        return Ok(events(answer, ResponseStream::new(echo)));
    }
    let body = answer.stream.take_whole().unwrap_or_default();
    let chat: ChatResponse = serde_json::from_slice(&body).unwrap_or_default();
    Ok(match chat.choices.is_empty() {
        // It was paid for, and is handed over as it is.
        true => whole(&answer, body),
        false => whole(&answer, to_response(&chat, &echo).to_string()),
    })
}
