//! The two routes.

use std::sync::Arc;

use axum::{
    Json,
    extract::{State, rejection::BytesRejection},
    response::{IntoResponse, Response},
};
use blockrun_llm::quote::{PriceRule, Rates};
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::{
    answer::to_message,
    chat::to_chat,
    request::{FIELDS, MessagesRequest},
    stream::MessageStream,
};
use crate::proxy::{
    app::App,
    pieces::{events, translated},
    problem::{Form, Problem},
    question::{CHAT, Question, body, object},
    reading::read,
};

/// A message, paid for.
pub(in crate::proxy) async fn create(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    sent: Result<Bytes, BytesRejection>,
) -> Response {
    let answered = answer(&app, &headers, sent).await;
    answered.unwrap_or_else(|problem| problem.response(Form::Anthropic))
}

/// How many tokens a message is counted as, by the price rule. Asks nobody and costs nothing.
pub(in crate::proxy) async fn count(sent: Result<Bytes, BytesRejection>) -> Response {
    match body(sent).and_then(|body| chat(&body)).and_then(|chat| counted(&chat)) {
        Ok(tokens) => Json(json!({"input_tokens": tokens})).into_response(),
        Err(problem) => problem.response(Form::Anthropic),
    }
}

async fn answer(
    app: &App,
    headers: &HeaderMap,
    sent: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let chat = chat(&body(sent)?)?;
    if !chat.contains_key("max_tokens") {
        return Err(Problem::invalid("max_tokens", "max_tokens: say how long the answer may be"));
    }
    let question = Question::of_json(CHAT, headers, &chat)?;
    let stream = question.stream;
    let answer = app.ask(question).await?;
    if stream {
        return Ok(events(answer, MessageStream::default()));
    }
    Ok(translated(answer, to_message))
}

fn chat(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    to_chat(read::<MessagesRequest>(object(body)?, &FIELDS)?)
}

fn counted(chat: &Map<String, Value>) -> Result<u64, Problem> {
    let text = Value::Object(chat.clone()).to_string();
    let priced = PriceRule::default().chat(&text, Rates { input: 0, output: 0 }, u64::MAX);
    Ok(priced.map_err(|error| Problem::from(&error))?.input_tokens)
}
