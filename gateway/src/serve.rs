//! Listening, connections, and stopping without dropping anybody.

mod connection;
mod gateway;
mod listener;
mod running;
mod signals;
mod tls;

pub use gateway::Gateway;
pub use running::Running;
pub(crate) use tls::acceptor;
