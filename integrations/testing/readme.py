"""Runs the programs of a package, of its README and its examples, as a reader would."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from support import KEY

FENCED = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def run_programs_of(package: Path, gateway: str, environment: pytest.MonkeyPatch) -> list[str]:
    """Runs the README's Python, as one program, then each example; gives what they print."""
    blocks = FENCED.findall((package / "README.md").read_text("utf-8"))
    examples = sorted((package / "examples").glob("*.py"))
    assert blocks, "the README has no Python"
    assert examples, "there is no example"
    environment.setenv("BLOCKRUN_WALLET_KEY", KEY)
    environment.setenv("BLOCKRUN_API_URL", gateway)
    return [_run("\n".join(blocks)), *(_run(one.read_text("utf-8")) for one in examples)]


def _run(program: str) -> str:
    with redirect_stdout(io.StringIO()) as said:
        exec(compile(program, "program", "exec"), {"__name__": "__main__"})
    return said.getvalue()
