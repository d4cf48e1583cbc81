//! The events of an answer and who has read how far.

use std::collections::VecDeque;

use bytes::Bytes;

use super::Gap;

/// Events in order, kept from the first one on as long as they fit into a limit. Beyond it the tape
/// slides: what all readers have passed is forgotten, and who writes waits for the slowest.
#[derive(Debug)]
pub(super) struct Tape {
    /// The id before the first event's.
    base: u64,
    /// Most bytes that are held.
    limit: usize,
    events: VecDeque<Bytes>,
    bytes: usize,
    /// Events that were forgotten.
    dropped: u64,
    /// Places of the readers; `None` is one that has left.
    places: Vec<Option<u64>>,
    /// Whether the last event is there.
    ended: bool,
}

impl Tape {
    pub(super) const fn new(base: u64, limit: usize) -> Self {
        Self {
            base,
            limit,
            events: VecDeque::new(),
            bytes: 0,
            dropped: 0,
            places: Vec::new(),
            ended: false,
        }
    }

    /// Appends an event under the next id, or says that a slow reader has to go on first.
    pub(super) fn push(&mut self, event: &[u8]) -> bool {
        let numbered = self.numbered(event);
        // An empty tape takes an event of any size: it could not be passed on otherwise.
        while self.bytes + numbered.len() > self.limit && !self.events.is_empty() {
            if self.slowest().is_some_and(|place| place <= self.dropped) {
                return false;
            }
            self.bytes -= self.events.pop_front().map_or(0, |event| event.len());
            self.dropped += 1;
        }
        self.append(numbered);
        true
    }

    /// Appends the event that says why nothing follows, whatever the limit.
    pub(super) fn push_last(&mut self, event: &[u8]) {
        let numbered = self.numbered(event);
        self.append(numbered);
    }

    fn numbered(&self, event: &[u8]) -> Bytes {
        let id = self.base + self.count() + 1;
        Bytes::from([format!("id: {id}\n").as_bytes(), event].concat())
    }

    fn append(&mut self, numbered: Bytes) {
        self.bytes += numbered.len();
        self.events.push_back(numbered);
    }

    /// Nothing follows.
    pub(super) const fn end(&mut self) {
        self.ended = true;
    }

    pub(super) const fn ended(&self) -> bool {
        self.ended
    }

    /// The whole answer; `None` when the limit was exceeded.
    pub(super) fn whole(&self) -> Option<Vec<u8>> {
        let kept = self.dropped == 0 && self.bytes <= self.limit;
        kept.then(|| {
            let mut whole = Vec::with_capacity(self.bytes);
            self.events.iter().for_each(|event| whole.extend_from_slice(event));
            whole
        })
    }

    /// The event at a place.
    pub(super) fn at(&self, place: u64) -> Option<Bytes> {
        let index = usize::try_from(place.checked_sub(self.dropped)?).ok()?;
        self.events.get(index).cloned()
    }

    /// The place behind the event of an id, or the beginning.
    pub(super) fn place(&self, after: Option<u64>) -> Result<u64, Gap> {
        let place = match after.filter(|id| *id > 0) {
            None => 0,
            Some(id) => id.checked_sub(self.base).filter(|place| *place > 0).ok_or(Gap::Remade)?,
        };
        match place {
            place if place < self.dropped => Err(Gap::Dropped),
            place if place > self.count() => Err(Gap::Beyond(self.base + self.count())),
            place => Ok(place),
        }
    }

    /// A reader comes; the number is its own until it leaves.
    pub(super) fn enter(&mut self, place: u64) -> usize {
        if let Some(reader) = self.places.iter().position(Option::is_none) {
            self.places[reader] = Some(place);
            return reader;
        }
        self.places.push(Some(place));
        self.places.len() - 1
    }

    pub(super) fn go_on(&mut self, reader: usize, place: u64) {
        self.places[reader] = Some(place);
    }

    pub(super) fn leave(&mut self, reader: usize) {
        self.places[reader] = None;
    }

    /// Whether anybody reads.
    pub(super) fn is_read(&self) -> bool {
        self.slowest().is_some()
    }

    fn slowest(&self) -> Option<u64> {
        self.places.iter().flatten().min().copied()
    }

    fn count(&self) -> u64 {
        self.dropped + self.events.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Events of nine bytes, ids included, and room for two of them.
    fn tape(events: usize) -> Tape {
        let mut tape = Tape::new(0, 18);
        assert!((0..events).all(|_| tape.push(b"a\n\n")));
        tape
    }

    #[test]
    fn events_are_numbered_and_found_again() {
        let tape = tape(2);
        assert_eq!(tape.at(1).unwrap(), "id: 2\na\n\n");
        assert_eq!(tape.at(2), None);
        assert_eq!(tape.whole().unwrap(), b"id: 1\na\n\nid: 2\na\n\n");
        assert_eq!([None, Some(0), Some(2)].map(|id| tape.place(id)), [Ok(0), Ok(0), Ok(2)]);
        assert_eq!(tape.place(Some(3)), Err(Gap::Beyond(2)));
    }

    #[test]
    fn a_long_answer_slides_when_nobody_reads() {
        let tape = tape(3);
        assert_eq!((tape.whole(), tape.at(0)), (None, None));
        assert_eq!(tape.at(2).unwrap(), "id: 3\na\n\n");
        assert_eq!([Some(0), Some(1)].map(|id| tape.place(id)), [Err(Gap::Dropped), Ok(1)]);
    }

    #[test]
    fn a_slow_reader_holds_the_writer() {
        let mut tape = tape(2);
        let (slow, quick) = (tape.enter(0), tape.enter(2));
        assert!(!tape.push(b"a\n\n"));
        tape.go_on(slow, 1);
        assert!(tape.push(b"a\n\n"));
        assert!(!tape.push(b"a\n\n"));
        tape.leave(slow);
        assert!(tape.push(b"a\n\n") && tape.is_read());
        tape.leave(quick);
        assert!(!tape.is_read());
        assert_eq!(tape.enter(4), slow, "its number is free again");
    }

    #[test]
    fn an_event_beyond_the_limit_passes_alone() {
        let mut tape = Tape::new(0, 4);
        assert!(tape.push(b"larger\n\n"));
        assert_eq!(tape.whole(), None);
        let reader = tape.enter(0);
        assert!(!tape.push(b"next\n\n"));
        tape.go_on(reader, 1);
        assert!(tape.push(b"next\n\n"));
        assert_eq!(tape.at(1).unwrap(), "id: 2\nnext\n\n");
    }

    #[test]
    fn an_answer_that_was_made_again_has_other_ids() {
        let mut tape = Tape::new(1_000, 100);
        tape.push(b"a\n\n");
        assert_eq!(tape.at(0).unwrap(), "id: 1001\na\n\n");
        assert_eq!(tape.place(Some(5)), Err(Gap::Remade));
        assert_eq!(tape.place(Some(1_000)), Err(Gap::Remade));
        assert_eq!((tape.place(None), tape.place(Some(1_001))), (Ok(0), Ok(1)));
    }
}
