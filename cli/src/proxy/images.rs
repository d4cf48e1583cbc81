//! `POST /v1/images/generations`: passed on as it came.

use std::sync::Arc;

use axum::{
    extract::{State, rejection::BytesRejection},
    response::Response,
};
use bytes::Bytes;
use http::HeaderMap;

use super::{
    app::App,
    pieces::whole,
    problem::{Form, Problem},
    question::{Question, body},
};

const IMAGES: &str = "/v1/images/generations";

/// Pictures, paid for.
pub(super) async fn generations(
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
    let question = Question::of_body(IMAGES, headers, body(read)?)?;
    if question.stream {
        return Err(Problem::unsupported("stream", "pictures come whole"));
    }
    let mut answer = app.ask(question).await?;
    let body = answer.stream.take_whole().unwrap_or_default();
    Ok(whole(&answer, body))
}
