//! Reading the events of a stream.

/// An event of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Event<'a> {
    pub(crate) id: u64,
    /// `error`, or nothing.
    pub(crate) kind: &'a str,
    pub(crate) data: &'a str,
}

/// The events of a stream that ends with a whole one; comments are left out.
pub(crate) fn events(text: &str) -> Vec<Event<'_>> {
    let blocks = text.split_terminator("\n\n").filter(|block| !block.starts_with(':'));
    assert!(text.is_empty() || text.ends_with("\n\n"), "{text}");
    blocks.map(Event::parse).collect()
}

impl<'a> Event<'a> {
    fn parse(block: &'a str) -> Self {
        let mut event = Event { id: 0, kind: "", data: "" };
        for line in block.lines() {
            match line.split_once(": ").unwrap() {
                ("id", id) => event.id = id.parse().unwrap(),
                ("event", kind) => event.kind = kind,
                ("data", data) => event.data = data,
                (other, _) => panic!("{other}"),
            }
        }
        event
    }
}
