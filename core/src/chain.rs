//! What the chain says: balances, and what became of an authorization.
//!
//! A [`ChainReader`] asks public JSON-RPC endpoints, or those of the user. It reads only: it signs
//! nothing and sends no transaction. Nothing asks it on the way of a call; it is for the moment
//! when a server's word is not enough. What it cannot find out is an error or
//! [`AuthorizationFact::Used`], never a zero and never a guess.

mod answer;
mod authorization;
mod endpoint;
mod reader;
mod token;

pub use authorization::AuthorizationFact;
pub use reader::{ChainOptions, ChainReader, RpcUrl};
