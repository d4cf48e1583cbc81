"""The shared scenarios, played by the scripted gateway, against both clients."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from scenarios import outcomes
from support import KEY, ROOT, program, started

from blockrun_llm import AsyncLLMClient, LLMClient

FILES = sorted((ROOT / "tests/scenarios").glob("*.json"))


def options(server: str, scenario: dict[str, Any], home: Path) -> dict[str, Any]:
    number = scenario["id"]
    return {
        "private_key": KEY,
        "api_url": f"{server}/{number}",
        "home": home / number,
        "timeout": 60,
    }


def in_threads(scenarios: list[dict[str, Any]], server: str, home: Path) -> list[Any]:
    def play(scenario: dict[str, Any]) -> Any:
        return asyncio.run(outcomes(LLMClient, scenario, options(server, scenario, home)))

    with ThreadPoolExecutor(len(scenarios)) as threads:
        return list(threads.map(play, scenarios))


def in_tasks(scenarios: list[dict[str, Any]], server: str, home: Path) -> list[Any]:
    async def play(scenario: dict[str, Any], few: asyncio.Semaphore) -> Any:
        # To make a client reads certificates, which takes the loop's time from the others.
        async with few:
            return await outcomes(AsyncLLMClient, scenario, options(server, scenario, home))

    async def play_all() -> list[Any]:
        few = asyncio.Semaphore(8)
        return await asyncio.gather(*(play(one, few) for one in scenarios))

    return asyncio.run(play_all())


def judge(server: str, scenario: dict[str, Any], seen: Any) -> list[str]:
    request = urllib.request.Request(
        f"{server}/seen/{scenario['id']}", json.dumps(seen).encode(), method="POST"
    )
    with urllib.request.urlopen(request) as answer:
        violations: list[str] = json.load(answer)["violations"]
    return [f"{scenario['id']}: {violation}" for violation in violations]


@pytest.mark.parametrize("play", [in_threads, in_tasks])
@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_scenarios(file: Path, play: Any, tmp_path: Path) -> None:
    scenarios = json.loads(file.read_text())
    with started(program("scripted-gateway"), file.name) as line:
        server = line.removeprefix("listening on ")
        # All at once: most of their time is waiting.
        seen = play(scenarios, server, tmp_path)
        violations = [
            violation
            for scenario, outcome in zip(scenarios, seen, strict=True)
            for violation in judge(server, scenario, outcome)
        ]
    print(f"{file.name}: ran {len(seen)} of {len(scenarios)}")  # noqa: T201
    assert seen
    assert not violations, "\n".join(violations)
