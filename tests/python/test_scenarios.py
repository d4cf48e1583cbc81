"""The shared scenarios, played by the scripted gateway, through the public API."""

from __future__ import annotations

import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support import KEY, ROOT, program, started

from blockrun_llm import BlockrunError, ChatResponse, LLMClient, RequirementRejected


def call(url: str) -> ChatResponse | BlockrunError:
    with LLMClient(KEY, url, timeout=60) as client:
        try:
            return client.chat_completion([{"role": "user", "content": "Hello!"}])
        except BlockrunError as error:
            return error


def check(expect: dict[str, Any], outcome: ChatResponse | BlockrunError) -> None:
    if (code := expect.pop("error", None)) is None:
        assert isinstance(outcome, ChatResponse), repr(outcome)
        assert outcome.choices[0].message.content == "ok"
        assert outcome.cost_micro == expect.pop("amount_micro")
        return
    assert isinstance(outcome, BlockrunError), repr(outcome)
    assert (outcome.code, outcome.payment.state) == (code, expect.pop("payment")), repr(outcome)
    if field := expect.pop("field", None):
        assert isinstance(outcome, RequirementRejected)
        assert (outcome.field, bool(outcome.got), bool(outcome.allowed)) == (field, True, True)
    if status := expect.pop("status", None):
        assert outcome.status_code == status
    assert KEY[2:] not in f"{outcome!s} {outcome!r} {outcome.__dict__}"


@pytest.mark.parametrize("file", ["hostile.json", "after_sending.json"])
def test_scenarios(file: str) -> None:
    scenarios = json.loads((ROOT / "tests/scenarios" / file).read_text())
    with (
        started(program("scripted-gateway"), file) as line,
        ThreadPoolExecutor(len(scenarios)) as threads,
    ):
        server = line.removeprefix("listening on ")
        # All at once: most of their time is waiting.
        outcomes = list(threads.map(call, [f"{server}/{one['id']}" for one in scenarios]))
        for scenario, outcome in zip(scenarios, outcomes, strict=True):
            with urllib.request.urlopen(f"{server}/seen/{scenario['id']}") as answer:
                seen = json.load(answer)
            expect = scenario["expect"]
            check(expect, outcome)
            assert len(seen["payments"]) == expect.pop("paid_requests"), scenario["id"]
            assert len(set(seen["payments"])) == expect.pop("signatures"), scenario["id"]
            if (most := expect.pop("max_validity", None)) is not None:
                assert seen["validity"] <= most, scenario["id"]
            assert not expect, f"{scenario['id']}: nobody looked at {sorted(expect)}"
    print(f"{file}: ran {len(outcomes)} of {len(scenarios)}")  # noqa: T201
    assert outcomes
