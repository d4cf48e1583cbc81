"""Fixtures of the tests here and of those of `integrations`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from support import program, started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("BLOCKRUN_", "BASE_CHAIN_")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("BLOCKRUN_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="session")
def gateway() -> Iterator[str]:
    """Base address of the practice gateway."""
    command = (program("blockrun", "BLOCKRUN_BIN"), "gateway", "--practice", "--ephemeral")
    with started(*command, "--port", "0") as line:
        yield line.removeprefix("listening on ")
