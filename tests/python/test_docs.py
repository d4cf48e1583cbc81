"""Every block of Python and of shell in the documents runs, against the practice gateway.

The blocks of a document run in its order and know of each other. What a reader has and a test has
not stands before a block as a comment: ``<!-- given: code -->``. A block that serves until it is
stopped says where, ``<!-- serves: port -->``, and is stopped once somebody listens there. A block
that no test can run says why: ``<!-- not run: reason -->``; one that other tests run says which:
``<!-- run by: place -->``.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from support import KEY, ROOT, program

DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "bindings-python/README.md",
    ROOT / "gateway/README.md",
    ROOT / "integrations/skill/SKILL.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs/guide").glob("*.md")),
]

BLOCK = re.compile(
    r"(?:^<!-- (?P<note>given|serves|not run|run by):\s*(?P<text>(?:(?!-->).)*?)\s*-->\n+)?"
    r"^```(?P<language>\w+)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)

RUNNER = """
import ast, asyncio, inspect, json, sys

sys.path.insert(0, "")
known = {"__name__": "__main__"}
with asyncio.Runner() as runner:
    for place, line, code in json.load(sys.stdin):
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        done = eval(compile("\\n" * line + code, place, "exec", flags), known)
        if inspect.iscoroutine(done):
            runner.run(done)
"""


# Languages that need a compiler: their blocks stand in programs, which their own tests run.
PROGRAMS = {
    "rust": "examples/rust/*.rs",
    "swift": "bindings-swift/Examples/*/main.swift",
    "kotlin": "bindings-kotlin/examples/*.kt",
}


class Block(NamedTuple):
    line: int
    given: str
    code: str


def blocks(document: Path, language: str) -> list[Block]:
    """The blocks of a language that are to be run, and to end."""
    return noted(document, language, (None, "given"))


def noted(document: Path, language: str, notes: tuple[str | None, ...]) -> list[Block]:
    """The blocks of a language under one of these notes."""
    text = document.read_text()
    found: list[Block] = []
    for match in BLOCK.finditer(text):
        if match["language"] == language and match["note"] in notes:
            line = text.count("\n", 0, match.start("code"))
            code = re.sub(r"0x(?:…|\.\.\.)", KEY, match["code"])
            found.append(Block(line, match["text"] or "", code))
    return found


def documents(language: str) -> list[Path]:
    return [document for document in DOCUMENTS if blocks(document, language)]


def environment(gateway: str, folder: Path) -> dict[str, str]:
    """What a reader has set."""
    programs = str(program("blockrun", "BLOCKRUN_BIN").parent)
    return {
        **os.environ,
        "BLOCKRUN_WALLET_KEY": KEY,
        "BLOCKRUN_API_URL": gateway,
        "BLOCKRUN_RPC_URL": gateway.removesuffix("/api") + "/practice/rpc",
        "BLOCKRUN_HOME": str(folder / "home"),
        "HOME": str(folder),
        "PATH": os.pathsep.join([programs, str(Path(sys.executable).parent), os.environ["PATH"]]),
    }


def run(command: list[str], given: str, gateway: str, folder: Path) -> None:
    done = subprocess.run(
        command,
        input=given,
        env=environment(gateway, folder),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def name(document: Path) -> str:
    return str(document.relative_to(ROOT))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.Runner")
@pytest.mark.parametrize("document", documents("python"), ids=name)
def test_python(document: Path, gateway: str, tmp_path: Path) -> None:
    pieces: list[tuple[str, int, str]] = []
    for block in blocks(document, "python"):
        pieces += [("given", 0, block.given), (name(document), block.line, block.code)]
    run([sys.executable, "-c", RUNNER], json.dumps(pieces), gateway, tmp_path)


@pytest.mark.parametrize("document", documents("sh"), ids=name)
def test_shell(document: Path, gateway: str, tmp_path: Path) -> None:
    script = "".join(block.given + "\n" + block.code for block in blocks(document, "sh"))
    run(["bash", "-eu", "-o", "pipefail"], script, gateway, tmp_path)


SERVERS = [
    (document, *block) for document in DOCUMENTS for block in noted(document, "sh", ("serves",))
]


def answers(port: str) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", int(port))) == 0


@pytest.mark.parametrize(
    ("document", "line", "port", "code"),
    SERVERS,
    ids=[f"{name(document)}-{line}" for document, line, *_ in SERVERS],
)
def test_a_server_listens(
    document: Path, line: int, port: str, code: str, gateway: str, tmp_path: Path
) -> None:
    if answers(port):
        assert "CI" not in os.environ, f"somebody else listens on {port}"
        pytest.skip(f"somebody else listens on {port}")
    given = environment(gateway, tmp_path)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        ["bash", "-eu", "-c", code],
        env=given,
        cwd=tmp_path,
        stdout=pipe,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as server:
        try:
            until = time.monotonic() + 60
            while not answers(port) and server.poll() in (None, 0) and time.monotonic() < until:
                time.sleep(0.05)
            listens = answers(port)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGTERM)
        said, _ = server.communicate(timeout=60)
    assert listens, f"{name(document)}, line {line + 1}: {said}"


def lines(code: str) -> str:
    """Code without its indentation, its empty lines and its keys."""
    kept = (line.strip() for line in code.replace(f'"{KEY}"', "KEY").splitlines())
    return "\n" + "".join(f"{line}\n" for line in kept if line)


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_compiled_block_is_part_of_a_program(language: str) -> None:
    programs = [lines(path.read_text()) for path in sorted(ROOT.glob(PROGRAMS[language]))]
    said = [
        (name(path), block.line, block.code)
        for path in DOCUMENTS
        for block in blocks(path, language)
    ]
    assert len(said) > 2
    for place, line, code in said:
        assert any(lines(code) in program for program in programs), (
            f"{place}, line {line + 1}:\n{code}"
        )


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib")
def test_settings_and_answers_are_well_formed() -> None:
    tomllib = importlib.import_module("tomllib")
    ran = 0
    for language, read in (("toml", tomllib.loads), ("json", json.loads)):
        for path in DOCUMENTS:
            for block in blocks(path, language):
                assert read(block.code), f"{name(path)}, line {block.line + 1}"
                ran += 1
    assert ran > 5


def test_a_block_that_fails_is_noticed(gateway: str, tmp_path: Path) -> None:
    document = tmp_path / "broken.md"
    document.write_text("Words.\n\n<!-- given: one = 1 -->\n```python\nassert one == 2\n```\n")
    assert blocks(document, "python") == [Block(4, "one = 1", "assert one == 2\n")]
    with pytest.raises(AssertionError, match="line 5"):
        run([sys.executable, "-c", RUNNER], '[["x", 4, "assert 1 == 2"]]', gateway, tmp_path)
    document.write_text("<!-- not run: it is none -->\n```sh\nexit 1\n```\n")
    assert blocks(document, "sh") == []
