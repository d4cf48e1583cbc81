//! What the terminal can show, and what may be shown on it.

use std::{borrow::Cow, io::IsTerminal};

/// Columns of the terminal that standard output is; `None` where it is none.
pub(crate) fn width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some(usize::from(width.0))
}

/// Whether a stream may have escape codes: it is a terminal that knows them, and `NO_COLOR` is not
/// set (<https://no-color.org>).
pub(crate) fn colours(stream: &impl IsTerminal) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|kind| kind == "dumb");
    stream.is_terminal() && !set("NO_COLOR") && !dumb
}

/// How a piece of text stands out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Style {
    /// Of less weight.
    Dim,
    /// Good.
    Green,
    /// To be thought about.
    Yellow,
    /// Bad.
    Red,
}

impl Style {
    /// The text in this style, or as it is where the stream has no colours.
    pub(crate) fn paint(self, text: &str, stream: &impl IsTerminal) -> String {
        if !colours(stream) {
            return text.to_owned();
        }
        let code = match self {
            Self::Dim => 2,
            Self::Green => 32,
            Self::Yellow => 33,
            Self::Red => 31,
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// Text of somebody else without what would command a terminal: a model or a server must not move
/// the cursor, name the window or paint over what stands there.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let commands = |sign: char| sign.is_control() && !matches!(sign, '\n' | '\t');
    match text.contains(commands) {
        true => Cow::Owned(text.replace(commands, "")),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_a_terminal_is_left_out() {
        assert_eq!(plain("two\n\tlines, é and 😀"), "two\n\tlines, é and 😀");
        assert_eq!(plain("\x1b[2Jgone\x07 \u{9b}31mred\r!"), "[2Jgone 31mred!");
    }
}
