//! Handing out a streamed answer, all of it or from where a reader left off.

use std::{sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use http::{HeaderMap, StatusCode};

use super::answer::{gone, ok};
use crate::{
    problem::Problem,
    recording::{Gap, Recording, resume},
};

/// Names the last event that a reader saw (WHATWG HTML, server-sent events).
const LAST_EVENT_ID: &str = "last-event-id";

/// The last event that a client saw of an answer; `None` when it wants the beginning.
pub(super) fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    let digits = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    match digits.and_then(|text| text.parse().ok()) {
        Some(id) => Ok(Some(id)),
        None => {
            let message = "Last-Event-ID must be a number: the id of the last event that came.";
            Err(invalid(message.to_owned()))
        }
    }
}

/// Refuses to go on with an answer that was never begun, or is not kept.
pub(super) fn only_from_the_beginning(after: Option<u64>) -> Result<(), Problem> {
    match after {
        None | Some(0) => Ok(()),
        Some(id) => Err(invalid(format!(
            "There is no event {id} to go on from: this request was not answered yet, or is for a \
             free model, whose answers are not kept. Send it without Last-Event-ID."
        ))),
    }
}

/// A stream that is being made.
pub(super) fn live(
    recording: &Arc<Recording>,
    after: Option<u64>,
    keep_alive: Duration,
) -> Result<Response, Problem> {
    let events = recording.read(after, keep_alive).map_err(explain)?;
    Ok(ok(true, Body::from_stream(events)))
}

/// A stored answer. One that is not a stream has no events to go on from, and is whole.
pub(super) fn stored(
    streamed: bool,
    answer: Vec<u8>,
    after: Option<u64>,
) -> Result<Response, Problem> {
    if !streamed {
        return Ok(ok(false, answer));
    }
    let text = String::from_utf8(answer).map_err(|error| Problem::internal(&error))?;
    let rest = resume(&text, after).map_err(explain)?.len();
    let mut text = bytes::Bytes::from(text);
    Ok(ok(true, text.split_off(text.len() - rest)))
}

fn explain(gap: Gap) -> Problem {
    match gap {
        Gap::Beyond(last) => invalid(format!(
            "Last-Event-ID is beyond the end: the last event of this answer so far is {last}."
        )),
        Gap::Remade => {
            let message = "The answer that this event is of was lost and another was made: send the \
                           request without Last-Event-ID to get that one, it is not charged again.";
            Problem::new(StatusCode::CONFLICT, "answer_remade", message)
        }
        Gap::Dropped => gone(),
    }
}

fn invalid(message: String) -> Problem {
    Problem::invalid("invalid_last_event_id", message).at("Last-Event-ID")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_number() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(LAST_EVENT_ID, text.parse().unwrap());
            last_event_id(&headers).ok().flatten()
        };
        assert_eq!((read("0"), read("17")), (Some(0), Some(17)));
        for bad in ["", "-1", "+1", "1.0", "x", "1 ", "99999999999999999999"] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
        assert_eq!(last_event_id(&HeaderMap::new()).unwrap(), None);
    }
}
