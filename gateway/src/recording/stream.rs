//! One writer, many readers.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, stream};
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};

use super::{Gap, tape::Tape};

/// What a reader gets while nothing comes, so that nothing between takes the line for dead. Not an
/// event: it has no id and is not kept.
const KEEP_ALIVE: Bytes = Bytes::from_static(b": keep-alive\n\n");

/// What readers get when the writer vanishes: a stream never just stops.
const INTERRUPTED: &[u8] = b"event: error\ndata: {\"error\":{\"message\":\"The gateway was \
    interrupted.\",\"type\":\"server_error\",\"code\":\"interrupted\",\"param\":null}}\n\n";

/// A streamed answer that is being made.
#[derive(Debug)]
pub(crate) struct Recording {
    tape: watch::Sender<Tape>,
    /// Somebody has read on or left: there may be room again.
    read: Notify,
}

impl Recording {
    /// Whether no more events will come.
    pub(crate) fn ended(&self) -> bool {
        self.tape.borrow().ended()
    }

    /// Whether anybody reads.
    pub(crate) fn is_read(&self) -> bool {
        self.tape.borrow().is_read()
    }

    /// The events behind the one of an id, or all of them: those that are there, and then each as
    /// it comes.
    ///
    /// # Errors
    /// [`Gap`] when there is no going on behind that event.
    pub(crate) fn read(
        self: &Arc<Self>,
        after: Option<u64>,
        keep_alive: Duration,
    ) -> Result<impl Stream<Item = Result<Bytes, Infallible>> + Send + use<>, Gap> {
        let mut entered = Err(Gap::Dropped);
        self.tape.send_if_modified(|tape| {
            entered = tape.place(after).map(|place| (tape.enter(place), place));
            false
        });
        let (id, place) = entered?;
        let (recording, changes) = (Arc::clone(self), self.tape.subscribe());
        let reader = Reader { recording, changes, id, place, keep_alive };
        let next = async |mut reader: Reader| reader.next().await.map(|event| (Ok(event), reader));
        Ok(stream::unfold(reader, next))
    }
}

/// Who makes the answer. Dropped before [`Writer::end`], it tells the readers that it was
/// interrupted.
#[derive(Debug)]
pub(crate) struct Writer {
    recording: Arc<Recording>,
    whole: bool,
}

impl Writer {
    /// A recording that holds so many bytes. `base` is the id before its first event's.
    pub(crate) fn new(base: u64, limit: usize) -> Self {
        let (tape, read) = (watch::Sender::new(Tape::new(base, limit)), Notify::new());
        Self { recording: Arc::new(Recording { tape, read }), whole: false }
    }

    pub(crate) const fn recording(&self) -> &Arc<Recording> {
        &self.recording
    }

    /// Appends an event (`data: ...\n\n`); waits while a reader is a whole limit behind.
    pub(crate) async fn append(&self, event: &[u8]) {
        while !self.recording.tape.send_if_modified(|tape| tape.push(event)) {
            self.recording.read.notified().await;
        }
    }

    /// Appends the event that says why nothing follows, without waiting for anybody.
    pub(crate) fn append_last(&self, event: &[u8]) {
        self.recording.tape.send_modify(|tape| tape.push_last(event));
    }

    /// Everything that was appended; `None` when it was more than the recording holds.
    pub(crate) fn whole(&self) -> Option<Vec<u8>> {
        self.recording.tape.borrow().whole()
    }

    /// Nothing follows.
    pub(crate) fn end(mut self) {
        self.whole = true;
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.recording.tape.send_modify(|tape| {
            if !self.whole {
                tape.push_last(INTERRUPTED);
            }
            tape.end();
        });
    }
}

struct Reader {
    recording: Arc<Recording>,
    changes: watch::Receiver<Tape>,
    id: usize,
    place: u64,
    keep_alive: Duration,
}

impl Reader {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let (event, ended) = {
                let tape = self.changes.borrow_and_update();
                (tape.at(self.place), tape.ended())
            };
            if let Some(event) = event {
                self.place += 1;
                self.tell(|tape, id, place| tape.go_on(id, place));
                return Some(event);
            }
            if ended {
                return None;
            }
            if timeout(self.keep_alive, self.changes.changed()).await.is_err() {
                return Some(KEEP_ALIVE);
            }
        }
    }

    /// Tells the writer about this reader; other readers need not know.
    fn tell(&self, what: impl FnOnce(&mut Tape, usize, u64)) {
        self.recording.tape.send_if_modified(|tape| {
            what(tape, self.id, self.place);
            false
        });
        self.recording.read.notify_one();
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.tell(|tape, id, _| tape.leave(id));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    async fn text(recording: &Arc<Recording>, after: Option<u64>) -> String {
        let events: Vec<_> = recording.read(after, LONG).unwrap().collect().await;
        let events: Vec<Bytes> = events.into_iter().map(|event| event.unwrap()).collect();
        String::from_utf8(events.concat()).unwrap()
    }

    #[tokio::test]
    async fn all_readers_get_the_same_from_wherever_they_begin() {
        let writer = Writer::new(0, 1_000);
        let recording = Arc::clone(writer.recording());
        writer.append(b"a\n\n").await;
        let late = async {
            tokio::task::yield_now().await;
            writer.append(b"b\n\n").await;
            writer.end();
        };
        let (one, two, three, ()) = tokio::join!(
            text(&recording, None),
            text(&recording, Some(0)),
            text(&recording, Some(1)),
            late
        );
        assert_eq!((one.as_str(), &one), ("id: 1\na\n\nid: 2\nb\n\n", &two));
        assert_eq!(three, "id: 2\nb\n\n");
        assert_eq!(text(&recording, None).await, one);
        assert_eq!(text(&recording, Some(2)).await, "");
        assert_eq!(recording.read(Some(3), LONG).err(), Some(Gap::Beyond(2)));
    }

    #[tokio::test]
    async fn a_reader_that_stops_holds_the_writer_until_it_leaves() {
        let writer = Writer::new(0, 20);
        let reader = writer.recording().read(None, LONG).unwrap();
        let writing = async {
            for _ in 0..10 {
                writer.append(b"a\n\n").await;
            }
        };
        tokio::pin!(writing);
        assert!(timeout(Duration::from_millis(20), &mut writing).await.is_err());
        drop(reader);
        assert!(timeout(Duration::from_secs(5), &mut writing).await.is_ok());
        assert!(!writer.recording().is_read() && writer.whole().is_none());
    }

    #[tokio::test]
    async fn a_writer_that_vanishes_is_no_silent_end() {
        let writer = Writer::new(0, 1_000);
        let recording = Arc::clone(writer.recording());
        drop(writer);
        let seen = text(&recording, None).await;
        let data = seen.strip_prefix("id: 1\nevent: error\ndata: ").unwrap();
        let error: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(error["error"]["code"], "interrupted");
    }

    #[tokio::test]
    async fn silence_is_filled_with_comments() {
        let writer = Writer::new(0, 1_000);
        let reader = writer.recording().read(None, Duration::from_millis(5)).unwrap();
        tokio::pin!(reader);
        assert_eq!(reader.next().await, Some(Ok(KEEP_ALIVE)));
        writer.append(b"a\n\n").await;
        assert_eq!(reader.next().await, Some(Ok("id: 1\na\n\n".into())));
        assert_eq!(writer.whole().unwrap(), b"id: 1\na\n\n");
    }
}
