//! The scripted server. It speaks just enough HTTP/1.1 and writes its bytes itself, so that it can
//! also answer what no well-behaved server would.

mod message;
mod seen;
mod server;

pub use seen::Seen;
pub use server::ScriptedServer;
