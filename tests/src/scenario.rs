//! Scenarios: what a scripted server answers, and what a client must then do. The same in every
//! language, through its public API. `tests/scenarios/README.md` is the format's description.

mod case;
mod event;
mod matcher;
mod outcome;
mod reply;
mod request;

pub use case::{Call, Expectation, Scenario, Step};
pub use event::StreamEvent;
pub use outcome::check_outcomes;
pub use reply::{End, Reply};
pub use request::{PaymentRule, RequestRule, Sent};
