"""A conversation with the command, on a terminal of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import KEY, program
from terminal import Terminal


@pytest.mark.skipif(sys.platform == "win32", reason="terminals")
def test_a_conversation(gateway: str, tmp_path: Path) -> None:
    surroundings = {
        **os.environ,
        "BLOCKRUN_WALLET_KEY": KEY,
        "BLOCKRUN_API_URL": gateway,
        "BLOCKRUN_HOME": str(tmp_path / "home"),
        "HOME": str(tmp_path),
        "TERM": "xterm",
    }
    blockrun = program("blockrun", "BLOCKRUN_BIN")
    terminal = Terminal(surroundings, blockrun, "chat")
    terminal.expect("/help says what else there is.\n")
    terminal.type("Hello!\r")
    terminal.expect("standing in for openai/gpt-4o-mini.")
    terminal.expect("0.001 USDC, 0.001 USDC in all, openai/gpt-4o-mini")
    terminal.type("/model gpt-4o-mini-x\r")
    terminal.expect("gpt-4o-mini-x answers")
    terminal.type("Is anybody there?\r")
    terminal.expect("nothing was charged")
    terminal.type("/model openai/gpt-4o-mini\r")
    terminal.expect("openai/gpt-4o-mini answers")
    # What was begun is kept, and its rest is fetched without being paid again.
    terminal.type("Count slowly to 200\r")
    terminal.expect("[practice] 1 2 3")
    terminal.type("\x03")
    assert " 200" not in terminal.expect("Stopped. /rest fetches what is missing; it is paid.")
    terminal.type("/rest\r")
    terminal.expect(" 198 199 200")
    terminal.type("/cost\r")
    terminal.expect("0.002 USDC for 2 answers")
    terminal.type("\x04")
    assert terminal.process.wait(timeout=60) == 0
    assert terminal.close() == 0
    ask: list[str | Path] = [blockrun, "payments", "list"]
    listed = subprocess.check_output(ask, env=surroundings, text=True, timeout=60)
    assert listed.count("settled") == len(listed.splitlines()) == 2
