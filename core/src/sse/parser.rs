//! From bytes, in whatever pieces they come, to events.

use std::{ops::Range, time::Duration};

use bytes::BytesMut;

use super::event::{Fields, ServerEvent};
use crate::error::{Error, ErrorKind, Result};

/// Most bytes of one event, 16 MiB: room for an image in base64.
pub const DEFAULT_EVENT_LIMIT: usize = 16 * 1024 * 1024;

/// A byte order mark, skipped at the start of a stream.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Parser of an event stream: [`push`](Self::push) what was received, then take events until there
/// is none.
///
/// Lines end in CR, LF or CRLF. An event is given out as soon as its blank line has ended, and at
/// a CR that means at once: a line feed that still follows is part of the next event's `raw`. What
/// the stream's end leaves unfinished is discarded, as the standard says.
///
/// It does not connect again, and does not know what the events mean.
///
/// ```
/// use blockrun_llm::sse::EventParser;
///
/// let mut parser = EventParser::default();
/// parser.push(b"id: 7\ndata: Hel");
/// assert!(parser.next_event()?.is_none());
/// parser.push(b"lo\n\n");
/// let event = parser.next_event()?.expect("the blank line ended it");
/// assert_eq!((event.data.as_str(), event.id.as_deref()), ("Hello", Some("7")));
/// # Ok::<(), blockrun_llm::Error>(())
/// ```
#[derive(Debug)]
pub struct EventParser {
    /// Everything since the last event.
    buffer: BytesMut,
    /// Where in it the line under way begins.
    line: usize,
    /// Before here that line has no end.
    searched: usize,
    /// The line before ended in a CR that was the last byte: a LF may belong to it.
    after_cr: bool,
    /// Nothing was read yet, so a byte order mark may come.
    at_start: bool,
    limit: usize,
    fields: Fields,
    last_id: Option<String>,
}

impl Default for EventParser {
    /// A parser with the limit [`DEFAULT_EVENT_LIMIT`].
    fn default() -> Self {
        Self::with_limit(DEFAULT_EVENT_LIMIT)
    }
}

impl EventParser {
    /// A parser that refuses an event of more than `limit` bytes, counted as its
    /// [`raw`](ServerEvent::raw).
    pub fn with_limit(limit: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            line: 0,
            searched: 0,
            after_cr: false,
            at_start: true,
            limit,
            fields: Fields::default(),
            last_id: None,
        }
    }

    /// Takes bytes as they were received.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole event; `None` until more is pushed.
    ///
    /// # Errors
    /// `Api` when an event exceeds the limit; every further call says so again.
    pub fn next_event(&mut self) -> Result<Option<ServerEvent>> {
        while let Some(line) = self.next_line() {
            if self.line > self.limit {
                return Err(self.too_large());
            }
            if !line.is_empty() {
                self.fields.take(&self.buffer[line]);
            } else if let Some(event) = self.end_event() {
                return Ok(Some(event));
            }
        }
        if self.buffer.len() > self.limit {
            return Err(self.too_large());
        }
        Ok(None)
    }

    /// What belongs to no event yet. At the end of the input: what is discarded.
    pub fn rest(&self) -> &[u8] {
        &self.buffer
    }

    /// The id with which to ask a server for what follows: that of the last event that ended,
    /// whether or not it had data.
    pub fn last_event_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// How long the server asked to wait before connecting again.
    pub fn retry(&self) -> Option<Duration> {
        self.fields.retry
    }

    /// Where in the buffer the next whole line is, without its end.
    fn next_line(&mut self) -> Option<Range<usize>> {
        if self.after_cr {
            let next = *self.buffer.get(self.line)?;
            self.after_cr = false;
            self.line += usize::from(next == b'\n');
            self.searched = self.line;
        }
        let found =
            self.buffer[self.searched..].iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let Some(end) = found.map(|offset| self.searched + offset) else {
            self.searched = self.buffer.len();
            return None;
        };
        let mut start = self.line;
        if std::mem::take(&mut self.at_start) && self.buffer.starts_with(BOM) {
            start += BOM.len();
        }
        let is_cr = self.buffer[end] == b'\r';
        let is_crlf = is_cr && self.buffer.get(end + 1) == Some(&b'\n');
        self.after_cr = is_cr && end + 1 == self.buffer.len();
        self.line = end + 1 + usize::from(is_crlf);
        self.searched = self.line;
        Some(start..end)
    }

    fn end_event(&mut self) -> Option<ServerEvent> {
        self.last_id = self.fields.id();
        let (event, data) = self.fields.dispatch()?;
        let raw = self.buffer.split_to(self.line).freeze();
        (self.line, self.searched) = (0, 0);
        Some(ServerEvent { id: self.last_id.clone(), event, data, raw })
    }

    fn too_large(&self) -> Error {
        let message = format!("the server sent an event of more than {} bytes", self.limit);
        Error::new(ErrorKind::Api, message)
    }
}
