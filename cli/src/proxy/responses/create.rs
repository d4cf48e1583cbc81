//! The route.

use std::sync::Arc;

use axum::{
    extract::{State, rejection::BytesRejection},
    response::Response,
};
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
    pieces::{events, translated},
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
    let answer = app.ask(question).await?;
    if stream {
        return Ok(events(answer, ResponseStream::new(echo)));
    }
    Ok(translated(answer, |chat| to_response(chat, &echo)))
}
