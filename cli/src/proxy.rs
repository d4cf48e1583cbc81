//! `blockrun proxy`: an endpoint on this machine in the forms of OpenAI and Anthropic, whose calls
//! pay for themselves.

mod app;
mod arguments;
mod blocks;
mod cache;
mod chat;
mod door;
mod images;
mod messages;
mod models;
mod names;
mod pieces;
mod problem;
mod question;
mod reading;
mod responses;
#[cfg(test)]
mod sample;

pub(crate) use arguments::{ProxyArguments, run};
