"""A practice gateway, and what is started in front of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from proxied import BLOCKRUN, Proxy, started_proxy
from support import started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session", autouse=True)
def _plain_environment() -> None:
    for name in list(os.environ):
        if name.startswith(("BLOCKRUN_", "BASE_CHAIN_", "OPENAI_", "ANTHROPIC_")):
            if name != "BLOCKRUN_BIN":
                del os.environ[name]
        elif name.upper().endswith("_PROXY"):
            del os.environ[name]


@pytest.fixture(scope="session")
def gateway() -> Iterator[str]:
    """Base address of the practice gateway."""
    with started(BLOCKRUN, "gateway", "--practice", "--ephemeral", "--port", "0") as line:
        yield line.removeprefix("listening on ")


@pytest.fixture
def proxy(gateway: str, tmp_path: Path) -> Iterator[Proxy]:
    """A proxy with a wallet home of its own."""
    with started_proxy(gateway, tmp_path) as proxy:
        yield proxy
