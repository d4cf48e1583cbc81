//! Event streams.

use blockrun_llm::{
    ChatChunk,
    sse::{EventParser, ServerEvent},
};

/// A limit that many made-up events exceed.
const SMALL: usize = 32;

/// However a stream is cut, it means the same and no byte is lost; a limit ends it for good.
pub fn event_stream(input: &[u8]) {
    let whole = parse([input]);
    assert_eq!(parse(input.chunks(1)), whole);
    let piece = 2 + input.first().map_or(0, |byte| usize::from(byte % 31));
    assert_eq!(parse(input.chunks(piece)), whole);
    limited(input);
}

/// Id, type and data of each event.
fn parse<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<(Option<String>, String, String)> {
    let (mut parser, mut input, mut raw) = (EventParser::default(), Vec::new(), Vec::new());
    let mut events = Vec::new();
    for piece in pieces {
        input.extend_from_slice(piece);
        parser.push(piece);
        while let Some(event) = parser.next_event().expect("made-up input is below the limit") {
            let _ = ChatChunk::from_event(&event);
            let ServerEvent { id, event, data, raw: bytes } = event;
            raw.extend_from_slice(&bytes);
            assert!(!event.is_empty() && id.as_deref() != Some(""));
            events.push((id, event, data));
        }
    }
    raw.extend_from_slice(parser.rest());
    assert_eq!(raw, input);
    events
}

fn limited(input: &[u8]) {
    let mut parser = EventParser::with_limit(SMALL);
    parser.push(input);
    loop {
        match parser.next_event() {
            Ok(Some(event)) => assert!(event.raw.len() <= SMALL),
            Ok(None) => return assert!(parser.rest().len() <= SMALL),
            Err(_) => {
                parser.push(b"\n\ndata: x\n\n");
                return assert!(parser.next_event().is_err(), "what was refused stays refused");
            }
        }
    }
}
