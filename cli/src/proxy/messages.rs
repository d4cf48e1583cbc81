//! `POST /v1/messages`: Anthropic's form, translated to a chat completion and back.

mod answer;
mod chat;
mod create;
mod request;
mod stream;
#[cfg(test)]
mod tests;

pub(super) use create::{count, create};
