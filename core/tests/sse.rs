//! The event stream parser against the standard: its examples, every way to cut a stream, and a
//! second, naive reading of the same rules.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use blockrun_llm::{
    ErrorKind,
    sse::{EventParser, ServerEvent},
};
use proptest::prelude::*;

/// What an event means, without the bytes it came in.
type Meaning = (Option<String>, String, String);

fn meaning(event: &ServerEvent) -> Meaning {
    (event.id.clone(), event.event.clone(), event.data.clone())
}

fn drain(parser: &mut EventParser, into: &mut Vec<ServerEvent>) {
    while let Some(event) = parser.next_event().unwrap() {
        into.push(event);
    }
}

/// Parses the pieces and checks on the way that no byte is lost or made up.
fn parse<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Meaning> {
    let (mut parser, mut events, mut input) = (EventParser::default(), Vec::new(), Vec::new());
    for piece in pieces {
        input.extend_from_slice(piece);
        parser.push(piece);
        drain(&mut parser, &mut events);
    }
    let mut output: Vec<u8> = events.iter().flat_map(|event| event.raw.to_vec()).collect();
    output.extend_from_slice(parser.rest());
    assert_eq!(output, input, "the raw events and the rest are the input");
    events.iter().map(meaning).collect()
}

fn data(stream: &str) -> Vec<String> {
    parse([stream.as_bytes()]).into_iter().map(|(_, _, data)| data).collect()
}

fn message(id: Option<&str>, data: &str) -> Meaning {
    (id.map(str::to_owned), "message".to_owned(), data.to_owned())
}

/// The rules of the standard in their plainest form: the whole input at once, line by line.
fn naive(input: &[u8]) -> Vec<Meaning> {
    let text = String::from_utf8_lossy(input);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (mut events, mut id) = (Vec::new(), String::new());
    let (mut event, mut data) = (String::new(), String::new());
    let mut lines: Vec<&str> = text.split('\n').collect();
    lines.pop();
    for line in lines {
        if line.is_empty() {
            if let Some(data) = data.strip_suffix('\n') {
                let name = if event.is_empty() { "message" } else { &event };
                let id = Some(id.clone()).filter(|id| !id.is_empty());
                events.push((id, name.to_owned(), data.to_owned()));
            }
            (event, data) = (String::new(), String::new());
            continue;
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "data" => data += &format!("{value}\n"),
            "event" => event = value.to_owned(),
            "id" if !value.contains('\0') => id = value.to_owned(),
            _ => {}
        }
    }
    events
}

/// About 2 kB with everything that a stream can hold.
fn long_stream() -> Vec<u8> {
    let mut stream = b"\xef\xbb\xbf: hello\nretry: 1500\r\n\r\n".to_vec();
    for index in 0..17 {
        let end = ["\n", "\r\n", "\r"][index % 3];
        let lines = [
            format!("id: {index}"),
            format!("event:{}", ["", "delta", "message"][index % 3]),
            format!("data: {{\"content\":\"für {index} € 🦀\"}}"),
            "data".to_owned(),
            ": still here".to_owned(),
            "data:  two spaces: one stays".to_owned(),
            String::new(),
        ];
        lines.iter().for_each(|line| stream.extend_from_slice(format!("{line}{end}").as_bytes()));
        stream.extend_from_slice(b"id: only\nunknown: field\n\n");
    }
    stream.extend_from_slice(b"data: \xff\xfe broken \xe2\x82\n\ndata: never finished");
    assert!((2_000..2_600).contains(&stream.len()), "{}", stream.len());
    stream
}

#[test]
fn the_examples_of_the_standard() {
    let stocks = "data: YHOO\ndata: +2\ndata: 10\n\n";
    assert_eq!(data(stocks), ["YHOO\n+2\n10"]);
    let ids = ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n\
               data:  third event\n\n";
    assert_eq!(
        parse([ids.as_bytes()]),
        [
            message(Some("1"), "first event"),
            message(None, "second event"),
            message(None, " third event")
        ]
    );
    assert_eq!(data("data\n\ndata\ndata\n\ndata:"), ["", "\n"]);
    assert_eq!(data("data:test\n\ndata: test\n\n"), ["test", "test"]);
    let named = "event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\ndata: 113411\n\n";
    let types: Vec<_> = parse([named.as_bytes()]).into_iter().map(|(_, event, _)| event).collect();
    assert_eq!(types, ["add", "remove", "message"]);
}

#[test]
fn every_split_into_two_reads_means_the_same() {
    let stream = long_stream();
    let whole = parse([stream.as_slice()]);
    assert_eq!(whole.len(), 18);
    assert_eq!(whole, naive(&stream));
    for cut in 0..=stream.len() {
        assert_eq!(parse([&stream[..cut], &stream[cut..]]), whole, "cut at {cut}");
    }
    assert_eq!(parse(stream.chunks(1)), whole, "byte by byte");
}

#[test]
fn an_event_is_given_out_as_soon_as_it_has_ended() {
    for end in ["\n", "\r", "\r\n"] {
        let mut parser = EventParser::default();
        parser.push(format!("data: x{end}{end}").as_bytes());
        assert_eq!(parser.next_event().unwrap().unwrap().data, "x", "{end:?}");
    }
    let mut parser = EventParser::default();
    parser.push(b"data: x\r\n\r");
    assert_eq!(parser.next_event().unwrap().unwrap().raw, "data: x\r\n\r");
    parser.push(b"\ndata: y\n\n");
    assert_eq!(parser.next_event().unwrap().unwrap().raw, "\ndata: y\n\n");
}

#[test]
fn ids_and_waits_are_kept() {
    let mut parser = EventParser::default();
    parser.push(b"id: a\nretry: 1500\ndata: 1\n\nid: b\n\nid: \0c\nretry: -5\nretry: \n");
    let first = parser.next_event().unwrap().unwrap();
    assert_eq!((first.id.as_deref(), parser.last_event_id()), (Some("a"), Some("a")));
    assert_eq!(parser.next_event().unwrap(), None);
    assert_eq!(parser.last_event_id(), Some("b"), "an event without data has an id all the same");
    assert_eq!(parser.retry(), Some(Duration::from_millis(1500)));
    parser.push(b"data: 2\n\nretry: 99999999999999999999\nid: d\n");
    let second = parser.next_event().unwrap().unwrap();
    assert_eq!(second.id.as_deref(), Some("b"), "an id with NUL is ignored");
    assert_eq!(parser.next_event().unwrap(), None);
    assert_eq!(parser.retry(), Some(Duration::from_millis(u64::MAX)));
    assert_eq!(parser.last_event_id(), Some("b"), "an event that has not ended has no id yet");
}

#[test]
fn an_event_is_bounded_and_a_stream_is_not() {
    let event = b"data: 0123456789\n\n";
    let mut parser = EventParser::with_limit(event.len());
    for _ in 0..1_000 {
        parser.push(event);
        assert!(parser.next_event().unwrap().is_some());
    }
    for too_large in [&b"data: 0123456789\n:\n\n"[..], b": no line end, no event"] {
        let mut parser = EventParser::with_limit(event.len());
        parser.push(event);
        parser.push(too_large);
        assert!(parser.next_event().unwrap().is_some());
        for _ in 0..2 {
            let error = parser.next_event().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Api);
            assert!(error.message().contains("more than 18 bytes"), "{error}");
            parser.push(event);
        }
    }
}

/// Pieces of streams, good and bad.
fn token() -> impl Strategy<Value = Vec<u8>> {
    let tokens: [&[u8]; 20] = [
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b":",
        b" ",
        b"data",
        b"data:",
        b"data: x",
        b"id",
        b"id: 1",
        b"event: e",
        b"retry: 5",
        b"\0",
        b"\xef\xbb\xbf",
        b"\xe2\x82\xac",
        b"\xe2\x82",
        b"\xf0",
        b"\xff",
        b"z",
    ];
    prop::sample::select(tokens.map(<[u8]>::to_vec).to_vec())
}

proptest! {
    #[test]
    fn any_bytes_in_any_pieces_mean_what_the_standard_says(
        tokens in prop::collection::vec(token(), 0..60),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let input = tokens.concat();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
        cuts.extend([0, input.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|ends| &input[ends[0]..ends[1]]);
        prop_assert_eq!(parse(pieces), naive(&input));
    }
}
