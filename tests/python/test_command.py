"""The command, as pip puts it on the PATH: it does what the program of the workspace does."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from support import KEY, program

import blockrun_llm

SCRIPT = Path(sysconfig.get_path("scripts")) / (
    "blockrun.exe" if sys.platform == "win32" else "blockrun"
)
# Before a fixture takes the variable away.
PROGRAM = program("blockrun", "BLOCKRUN_BIN")
unix = pytest.mark.skipif(sys.platform == "win32", reason="signals and terminals of Unix")


@pytest.fixture
def surroundings(gateway: str, tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "BLOCKRUN_WALLET_KEY": KEY,
        "BLOCKRUN_API_URL": gateway,
        "BLOCKRUN_HOME": str(tmp_path / "home"),
        "HOME": str(tmp_path),
        "TERM": "xterm",
    }


def run(
    surroundings: dict[str, str], *command: str | Path, given: str = ""
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command,
        env=surroundings,
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert KEY[2:] not in done.stdout + done.stderr
    return done


def test_it_is_there_and_pays(surroundings: dict[str, str]) -> None:
    version = f"blockrun {blockrun_llm.__version__}\n"
    assert run(surroundings, SCRIPT, "--version").stdout == version
    module = (sys.executable, "-m", "blockrun_llm")
    assert run(surroundings, *module, "--version").stdout == version
    answer = run(surroundings, SCRIPT, "chat", "-", given="Hello!\n")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("Hello!")
    assert re.search(r"price +0\.001 USDC\ntransaction +0x", answer.stderr), answer.stderr
    paid = run(surroundings, SCRIPT, "payments", "list")
    assert "settled" in paid.stdout, paid.stdout + paid.stderr


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (0, "quote Hello!"),
        (0, "--help"),
        (0, "completions bash"),
        (2, "chat --temperature 3 Hello!"),
        (2, "no-such-command"),
        (2, "chat --api-url http://example.com Hello!"),
        (3, "chat -m gpt-4o-mini-x Hello!"),
        (4, "chat --api-url http://127.0.0.1:1 Hello!"),
        (5, "chat --max-cost 0.0001 Hello!"),
    ],
)
def test_it_ends_as_the_program_does(
    surroundings: dict[str, str], code: int, arguments: str
) -> None:
    ours = run(surroundings, SCRIPT, *arguments.split())
    theirs = run(surroundings, PROGRAM, *arguments.split())
    assert ours.returncode == theirs.returncode == code, ours.stderr
    assert (ours.stdout, ours.stderr) == (theirs.stdout, theirs.stderr)


def test_it_serves_an_agent_over_its_standard_streams(surroundings: dict[str, str]) -> None:
    who = {"name": "test", "version": "1"}
    about = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": who}
    asked = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": about}
    hello = json.dumps(asked) + "\n"
    served = run(surroundings, SCRIPT, "mcp", given=hello)
    assert '"serverInfo"' in served.stdout, served.stderr
    theirs = run(surroundings, PROGRAM, "mcp", given=hello)
    assert served.stdout == theirs.stdout


@unix
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_as_it_ends_the_program(surroundings: dict[str, str], sent: int) -> None:
    ends: list[tuple[int, bytes]] = []
    for command in (SCRIPT, PROGRAM):
        with subprocess.Popen(
            [command, "chat", "--stream", "Count slowly to 200"],
            env=surroundings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout
            assert process.stderr
            assert process.stdout.read(2)
            process.send_signal(sent)
            ends.append((process.wait(timeout=10), process.stderr.read()))
    assert ends[0] == ends[1]
    assert ends[0][0] == (130 if sent == signal.SIGINT else -sent)


@unix
def test_a_conversation_on_a_terminal(surroundings: dict[str, str]) -> None:
    from pty import openpty

    ours, its = openpty()
    try:
        with subprocess.Popen(
            [SCRIPT, "chat"], env=surroundings, stdin=its, stdout=its, stderr=its
        ) as process:
            os.close(its)
            said = b""
            for line, answer in (("upper: ahoy", b"AHOY"), ("/quit", b"")):
                os.write(ours, line.encode() + b"\r")
                while answer not in said:
                    said += os.read(ours, 65_536)
            assert process.wait(timeout=10) == 0, said
    finally:
        os.close(ours)
