"""Runs the programs of a README as a reader would."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from support import KEY


def run_python_of(page: Path, gateway: str, environment: pytest.MonkeyPatch) -> str:
    """Runs the Python blocks of a page as one program and gives what it prints."""
    fenced = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    blocks = fenced.findall(page.read_text("utf-8"))
    assert blocks, f"{page} has no Python"
    environment.setenv("BLOCKRUN_WALLET_KEY", KEY)
    environment.setenv("BLOCKRUN_API_URL", gateway)
    with redirect_stdout(io.StringIO()) as said:
        exec(compile("\n".join(blocks), page.name, "exec"), {"__name__": "__main__"})
    return said.getvalue()
