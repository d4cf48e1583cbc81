//! `POST /v1/responses`: the part of OpenAI's Responses form that keeps nothing on a server,
//! translated to a chat completion and back.

mod answer;
mod chat;
mod create;
mod request;
mod stream;
#[cfg(test)]
mod tests;

pub(super) use create::create;
