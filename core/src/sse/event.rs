//! One event, and the fields of which it is made.

use std::{mem, time::Duration};

use bytes::Bytes;

/// An event that a server sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerEvent {
    /// The last event id in force: of this event, else of one before it. An empty `id` field takes
    /// it back, so it is never empty.
    pub id: Option<String>,
    /// The event's type; `message` unless the server named another.
    pub event: String,
    /// The lines of `data`, joined by line feeds. Bytes that are not UTF-8 became U+FFFD.
    pub data: String,
    /// The exact bytes since the event before: this event with its blank line, and whatever was
    /// skipped in between (comments, events without data). All `raw` in a row, followed by
    /// [`EventParser::rest`](super::EventParser::rest), are exactly the input.
    pub raw: Bytes,
}

/// The buffers of the standard, filled field by field.
#[derive(Debug, Default)]
pub(super) struct Fields {
    data: String,
    event: String,
    /// The id buffer: unlike the others it outlives the event.
    id: String,
    /// How long the server asked to wait before connecting again.
    pub(super) retry: Option<Duration>,
}

impl Fields {
    /// Takes one line that is not blank.
    pub(super) fn take(&mut self, line: &[u8]) {
        let (name, value) = match line.iter().position(|byte| *byte == b':') {
            // A comment.
            Some(0) => return,
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => {
                self.data.reserve(value.len() + 1);
                self.data.push_str(&String::from_utf8_lossy(value));
                self.data.push('\n');
            }
            b"event" => self.event = String::from_utf8_lossy(value).into_owned(),
            b"id" if !value.contains(&0) => self.id = String::from_utf8_lossy(value).into_owned(),
            b"retry" => self.retry = milliseconds(value).or(self.retry),
            _ => {}
        }
    }

    /// The id in force when an event ends here.
    pub(super) fn id(&self) -> Option<String> {
        (!self.id.is_empty()).then(|| self.id.clone())
    }

    /// Ends the event: its type and data, or `None` when it has no data and is not dispatched.
    pub(super) fn dispatch(&mut self) -> Option<(String, String)> {
        let (mut data, mut event) = (mem::take(&mut self.data), mem::take(&mut self.event));
        // Each line of data left a line feed, so only an event without any is empty.
        data.pop()?;
        if event.is_empty() {
            event.push_str("message");
        }
        Some((event, data))
    }
}

/// A time that is written in digits alone; too large to count is the longest there is.
fn milliseconds(value: &[u8]) -> Option<Duration> {
    let digits = std::str::from_utf8(value).ok()?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Duration::from_millis(digits.parse().unwrap_or(u64::MAX)))
}
