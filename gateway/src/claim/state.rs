//! Where a claim is.

use crate::store::{Column, Value};

/// The state of a claim, as text on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// A check failed before the provider was asked.
    Refused,
    /// The provider is being asked.
    Running,
    /// The answer is there and kept; nothing was sent yet to settle it.
    Answered,
    /// A transaction may have been sent; what became of it is not known.
    Settling,
    /// Nothing was settled; the same payment may come again.
    Released,
    /// Settled; the streamed answer is being recorded, or was cut short and is owed.
    Streaming,
    /// Settled, and the answer is kept.
    Settled,
    /// Settled, and the answer is not kept any more. The claim stays for ever.
    Spent,
}

impl State {
    #[cfg(test)]
    const ALL: [Self; 8] = [
        Self::Refused,
        Self::Running,
        Self::Answered,
        Self::Released,
        Self::Settling,
        Self::Streaming,
        Self::Settled,
        Self::Spent,
    ];

    const fn text(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Running => "running",
            Self::Answered => "answered",
            Self::Settling => "settling",
            Self::Released => "released",
            Self::Streaming => "streaming",
            Self::Settled => "settled",
            Self::Spent => "spent",
        }
    }
}

impl From<State> for Value<'_> {
    fn from(state: State) -> Self {
        Self::Text(state.text())
    }
}

impl Column for State {
    fn read(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Text("refused") => Some(Self::Refused),
            Value::Text("running") => Some(Self::Running),
            Value::Text("answered") => Some(Self::Answered),
            Value::Text("settling") => Some(Self::Settling),
            Value::Text("released") => Some(Self::Released),
            Value::Text("streaming") => Some(Self::Streaming),
            Value::Text("settled") => Some(Self::Settled),
            Value::Text("spent") => Some(Self::Spent),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_read_as_it_was_written() {
        for state in State::ALL {
            assert_eq!(State::read(state.into()), Some(state));
        }
        assert_eq!(State::read(Value::Text("other")), None);
    }
}
