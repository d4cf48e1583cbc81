"""`blockrun proxy` in a process of its own, and the packages that speak to it."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import anthropic
import openai
from support import KEY, program, started

if TYPE_CHECKING:
    from collections.abc import Generator

BLOCKRUN = program("blockrun", "BLOCKRUN_BIN")
TOKEN = "a-token-that-a-test-shows"
SHOWN = {"Authorization": f"Bearer {TOKEN}"}


def environment(gateway: str, home: Path) -> dict[str, str]:
    """What a command is told of its wallet and of whom it pays."""
    return {
        **os.environ,
        "BLOCKRUN_API_URL": gateway,
        "BLOCKRUN_WALLET_KEY": KEY,
        "BLOCKRUN_HOME": str(home),
        "BLOCKRUN_PROXY_TOKEN": TOKEN,
    }


@dataclass(frozen=True)
class Proxy:
    """A proxy under way."""

    url: str
    gateway: str
    home: Path

    def openai(self, url: str | None = None, **options: Any) -> openai.OpenAI:
        """OpenAI's own package, with its default retries."""
        return openai.OpenAI(base_url=f"{url or self.url}/v1", **{"api_key": TOKEN, **options})

    def anthropic(self, url: str | None = None, **options: Any) -> anthropic.Anthropic:
        """Anthropic's own package, with its default retries."""
        return anthropic.Anthropic(base_url=url or self.url, **{"api_key": TOKEN, **options})

    def payments(self) -> list[dict[str, Any]]:
        """What the journal of the wallet home knows."""
        command = [BLOCKRUN, "payments", "export", "json"]
        env = environment(self.gateway, self.home)
        said = subprocess.run(command, env=env, capture_output=True, check=True, text=True)
        return json.loads(said.stdout)


@contextmanager
def started_proxy(gateway: str, home: Path, *options: str) -> Generator[Proxy]:
    """Runs a proxy in front of a gateway."""
    command = [BLOCKRUN, "proxy", "--port", "0", *options]
    with started(*command, env=environment(gateway, home)) as line:
        url = line.removeprefix("listening on ").removesuffix("/v1")
        yield Proxy(url, gateway, home)


def asked(
    url: str, headers: dict[str, str], method: str = "GET", path: str = "/v1/models"
) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of an answer."""
    to = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        to.request(method, path, headers=headers)
        answer = to.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, told, answer.read().decode()
    finally:
        to.close()
