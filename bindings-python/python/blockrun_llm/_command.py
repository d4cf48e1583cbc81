"""The command ``blockrun``, as pip puts it on the PATH: all of it is in the native half."""

from __future__ import annotations

import signal
import sys

from blockrun_llm._native import command


def main() -> int:
    """Runs the command with this process's arguments; its exit code."""
    # Python would only note a Ctrl-C, and not look at the note before the command is over. Where
    # whoever started this has it ignored, it stays so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return command(["blockrun", *sys.argv[1:]])
