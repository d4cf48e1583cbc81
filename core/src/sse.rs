//! Server-sent events: a strict parser of `text/event-stream` without I/O, after the [HTML
//! standard][standard] §9.2.6, in bounded memory.
//!
//! [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html

mod event;
mod parser;

pub use event::ServerEvent;
pub use parser::{DEFAULT_EVENT_LIMIT, EventParser};
