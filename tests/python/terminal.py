"""A terminal, for programs that speak to a person."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, surroundings: dict[str, str], *command: str | Path) -> None:
        import pty

        self.screen = ""
        self.ours, other = pty.openpty()
        # A session of its own, so that the terminal's Ctrl-C is a signal for it.
        take = "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
        run = f"{take} os.execv(sys.argv[1], sys.argv[1:])"
        self.process = subprocess.Popen(
            [sys.executable, "-c", run, *command],
            env=surroundings,
            stdin=other,
            stdout=other,
            stderr=other,
        )
        os.close(other)

    def type(self, text: str) -> None:
        os.write(self.ours, text.encode())

    def expect(self, words: str) -> str:
        """Reads until the words were shown, and gives what was shown before them."""
        deadline = time.monotonic() + 60
        while words not in self.screen:
            assert time.monotonic() < deadline, f"{words!r} was not shown: {self.screen!r}"
            if select.select([self.ours], [], [], 0.1)[0]:
                shown = os.read(self.ours, 4096).decode(errors="replace")
                self.screen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", shown)
        before, _, self.screen = self.screen.partition(words)
        return before

    def end(self) -> int:
        """Waits until it ends by itself."""
        try:
            return self.process.wait(timeout=60)
        finally:
            os.close(self.ours)

    def close(self) -> int:
        """Takes the terminal away."""
        os.close(self.ours)
        return self.process.wait(timeout=60)
