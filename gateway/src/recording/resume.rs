//! Finding the place where a reader goes on.

/// Why a reader cannot go on behind an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gap {
    /// There is no such event; this is the last one there is.
    Beyond(u64),
    /// The event is of an answer that was lost; this one was made after it.
    Remade,
    /// What follows it is not kept any more.
    Dropped,
}

/// Ends an event.
const END: &str = "\n\n";

/// The events behind the one of an id, or all of them, of an answer that is whole.
pub(crate) fn resume(answer: &str, after: Option<u64>) -> Result<&str, Gap> {
    let Some(after) = after.filter(|id| *id > 0) else { return Ok(answer) };
    let mut last = 0;
    let mut end = 0;
    for event in answer.split_inclusive(END) {
        let id = id(event).unwrap_or(last);
        if last == 0 && id > after {
            return Err(Gap::Remade);
        }
        last = id;
        end += event.len();
        if last == after {
            return Ok(&answer[end..]);
        }
    }
    Err(Gap::Beyond(last))
}

fn id(event: &str) -> Option<u64> {
    event.strip_prefix("id: ")?.split_once('\n')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "id: 7\ndata: a\n\nid: 8\nevent: error\ndata: b\n\nid: 9\ndata: c\n\n";

    #[test]
    fn the_rest_begins_behind_the_event() {
        assert_eq!(resume(ANSWER, None), Ok(ANSWER));
        assert_eq!(resume(ANSWER, Some(0)), Ok(ANSWER));
        assert_eq!(
            resume(ANSWER, Some(7)),
            Ok("id: 8\nevent: error\ndata: b\n\nid: 9\ndata: c\n\n")
        );
        assert_eq!(resume(ANSWER, Some(8)), Ok("id: 9\ndata: c\n\n"));
        assert_eq!(resume(ANSWER, Some(9)), Ok(""));
    }

    #[test]
    fn what_is_not_there_is_said() {
        assert_eq!(resume(ANSWER, Some(10)), Err(Gap::Beyond(9)));
        assert_eq!(resume(ANSWER, Some(6)), Err(Gap::Remade));
        assert_eq!(resume("", Some(1)), Err(Gap::Beyond(0)));
    }
}
