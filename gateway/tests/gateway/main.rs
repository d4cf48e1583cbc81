//! The public behaviour of a gateway: real servers on free ports, real HTTP, real signatures.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod admin;
mod catalog;
mod counting;
mod cutting;
mod discovery;
mod doctor;
mod events;
mod facilitator;
mod fallback;
mod gated;
mod ids;
mod images;
mod limits;
mod load;
mod offer;
mod operation;
mod payment;
mod practice;
mod recover;
mod reload;
mod replay;
mod restart;
mod resume;
mod rpc;
mod scripted;
mod sdk;
mod serving;
mod settle_through;
mod settlement;
#[cfg(feature = "postgres")]
mod shared;
mod stream;
mod support;
mod traffic;
mod upstream;
mod upstream_faults;
mod validation;
mod web;
