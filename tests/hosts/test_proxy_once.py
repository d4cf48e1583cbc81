"""Answers that are lost on either side of the proxy are paid for once, default retries and all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from proxied import Proxy, started_proxy
from relay import Relay, balance, payment
from support import ANSWER, answering, serving

HELLO: Any = [{"role": "user", "content": "Hello!"}]
Ask = Callable[[Proxy, "str | None"], str]


def chat(proxy: Proxy, url: str | None) -> str:
    with proxy.openai(url) as ai:
        answer = ai.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
        return answer.choices[0].message.content or ""


def chat_stream(proxy: Proxy, url: str | None) -> str:
    with proxy.openai(url) as ai:
        chunks = ai.chat.completions.create(model="gpt-4o-mini", messages=HELLO, stream=True)
        return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


def response(proxy: Proxy, url: str | None) -> str:
    with proxy.openai(url) as ai:
        return ai.responses.create(model="gpt-4o-mini", input="Hello!").output_text


def message(proxy: Proxy, url: str | None) -> str:
    with proxy.anthropic(url) as ai:
        answer = ai.messages.create(model="gpt-4o-mini", max_tokens=200, messages=HELLO)
        return answer.content[0].text


def message_stream(proxy: Proxy, url: str | None) -> str:
    with (
        proxy.anthropic(url) as ai,
        ai.messages.stream(model="gpt-4o-mini", max_tokens=200, messages=HELLO) as stream,
    ):
        return stream.get_final_text()


class Losing:
    """What a relay calls before an answer goes back: the first that count are lost."""

    def __init__(self, counts: Callable[[Mapping[str, str]], Any]) -> None:
        self.counts = counts
        self.lost = 0

    def __call__(self, headers: Mapping[str, str]) -> None:
        if self.counts(headers) and not self.lost:
            self.lost += 1
            raise ConnectionError("lost")


@pytest.mark.parametrize("ask", [chat, chat_stream, response, message, message_stream])
def test_lost_between_gateway_and_proxy(gateway: str, tmp_path: Path, ask: Ask) -> None:
    before, losing = balance(gateway), Losing(payment)
    with (
        serving(Relay(gateway, losing)) as relay,
        started_proxy(relay.url, tmp_path) as proxy,
    ):
        assert ask(proxy, None).startswith("Hello!")
        [one] = proxy.payments()
        assert (losing.lost, len(relay.paid), len(set(relay.paid))) == (1, 2, 1)
    assert before - balance(gateway) == one["amount"]


@pytest.mark.parametrize("ask", [chat, chat_stream, response, message, message_stream])
def test_lost_between_proxy_and_client(proxy: Proxy, ask: Ask) -> None:
    before, losing = balance(proxy.gateway), Losing(lambda _: True)
    with serving(Relay(proxy.url, losing)) as relay:
        assert ask(proxy, relay.url.removesuffix("/api")).startswith("Hello!")
    [one] = proxy.payments()
    assert losing.lost == 1
    assert before - balance(proxy.gateway) == one["amount"]


def test_a_key_names_a_call(proxy: Proxy) -> None:
    with proxy.openai() as ai:
        create = ai.chat.completions.create
        keyed: Any = {"extra_headers": {"Idempotency-Key": "order-7"}}
        for _ in range(2):
            assert create(model="gpt-4o-mini", messages=HELLO, **keyed).choices
        assert len(proxy.payments()) == 1
        for _ in range(2):
            assert create(model="gpt-4o-mini", messages=HELLO).choices
    assert len(proxy.payments()) == 3, "two calls without a key are two purchases"


def test_a_budget_holds(gateway: str, tmp_path: Path) -> None:
    with started_proxy(gateway, tmp_path, "--max-session-cost", "0.002") as proxy:
        assert chat(proxy, None) == chat(proxy, None)
        with proxy.openai() as ai, pytest.raises(Exception, match="per-session limit") as refused:
            ai.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
        assert refused.value.response.headers["x-should-retry"] == "false"
        assert len(proxy.payments()) == 2


def test_remembered_answers_are_free(gateway: str, tmp_path: Path) -> None:
    before = balance(gateway)
    with started_proxy(gateway, tmp_path, "--cache", "60") as proxy, proxy.openai() as ai:
        create = ai.chat.completions.with_raw_response.create
        said = []
        for headers in ({}, {}, {"Cache-Control": "no-cache"}):
            raw = create(model="gpt-4o-mini", messages=HELLO, extra_headers=headers)
            head = raw.headers
            said.append((head.get("x-blockrun-cache"), head["x-blockrun-cost-micro"]))
        assert said == [("miss", "1000"), ("hit", "0"), (None, "1000")]
        assert message(proxy, None) != "", "another question is another answer"
        assert len(proxy.payments()) == 3
    assert before - balance(gateway) == 3_000


def test_a_model_that_cannot_be_had_is_replaced_before_anything_is_signed(tmp_path: Path) -> None:
    def answer(_: Mapping[str, str]) -> tuple[int, Any]:
        asked = server.requests[-1][1]["model"]
        return (200, {**ANSWER, "model": asked}) if asked == "there" else (429, {"error": "busy"})

    with (
        answering(answer) as server,
        started_proxy(server.url, tmp_path, "--fallback", "there", "--alias", "x=away") as proxy,
        proxy.openai() as ai,
    ):
        assert ai.chat.completions.create(model="x", messages=HELLO).model == "there"
        assert [body["model"] for _, body in server.requests] == ["away", "there"]
