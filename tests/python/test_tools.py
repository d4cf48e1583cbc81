"""Tools of the practice gateway, bought over MCP through sessions that lose what they carry."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from relay import balance
from support import KEY

from blockrun_llm import APIConnectionError, APIError, AsyncLLMClient, LLMClient

HELLO = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello!"}]}


class ProtocolError(Exception):
    """As the package ``mcp`` has it."""

    def __init__(self, error: Any) -> None:
        super().__init__(error["message"])
        self.error = type("ErrorData", (), {**error, "data": None})


class Session:
    """A session over HTTP; so many answers to a payment are lost."""

    def __init__(self, server: str, lost: int = 0) -> None:
        self.server = server
        self.left = lost
        self.payments: list[str] = []

    def __call__(self, params: dict[str, Any]) -> Any:
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(self.server, json.dumps(message).encode(), headers)
        with urllib.request.urlopen(request) as answer:
            response = json.load(answer)
        if meta := params.get("_meta"):
            self.payments.append(json.dumps(meta["x402/payment"]))
            if self.left:
                self.left -= 1
                raise ConnectionError("lost")
        if "error" in response:
            raise ProtocolError(response["error"])
        return response["result"]


class Lent(Session):
    """The same in the form of the package ``mcp``."""

    async def call_tool(self, name: str, arguments: Any, *, meta: Any = None) -> Any:
        return self({"name": name, "arguments": arguments, **({"_meta": meta} if meta else {})})


def server(gateway: str) -> str:
    return gateway.removesuffix("/api") + "/mcp"


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_tool_is_paid_once(gateway: str, tmp_path: Path, lost: int) -> None:
    before, session = balance(gateway), Session(server(gateway), lost)
    with LLMClient(KEY, gateway, home=tmp_path) as client:
        answer = client.call_tool(session, "chat", HELLO, server=server(gateway))
    assert (answer.is_error, answer.cost_micro, answer.cost_usd) == (False, 1_000, 0.001)
    assert answer.result["structuredContent"]["model"] == "gpt-4o-mini"
    assert (len(session.payments), len(set(session.payments))) == (lost + 1, 1)
    assert before - balance(gateway) == 1_000


def test_a_session_is_used_in_the_task_that_made_the_call(gateway: str, tmp_path: Path) -> None:
    before, session = balance(gateway), Lent(server(gateway), 1)

    async def buy() -> None:
        async with AsyncLLMClient(KEY, gateway, home=tmp_path) as client:
            for _ in range(2):
                answer = await client.call_tool(
                    session, "chat", HELLO, server="a-program", idempotency_key="tools"
                )
                assert answer.result["content"][0]["text"]
            assert (await client.payments())[-1].url == "mcp://a-program:0/chat"

    asyncio.run(buy())
    assert (len(set(session.payments)), before - balance(gateway)) == (1, 1_000)


def test_what_fails_costs_nothing(gateway: str, tmp_path: Path) -> None:
    session, at = Session(server(gateway)), server(gateway)
    with LLMClient(KEY, gateway, home=tmp_path) as client:
        wrong = client.call_tool(session, "chat", {**HELLO, "model": "x"}, server=at)
        assert (wrong.is_error, wrong.cost_micro) == (True, 0)
        with pytest.raises(APIError, match="no tool"):
            client.call_tool(session, "weather", server=at)

        def broken(_: dict[str, Any]) -> None:
            raise OSError("no such wire")

        with pytest.raises(APIConnectionError, match="no such wire") as caught:
            client.call_tool(broken, "chat", HELLO, server=at)
        assert isinstance(caught.value.__cause__, OSError)
        assert caught.value.payment.state == "not_charged"
        with pytest.raises(ValueError, match="server"):
            client.call_tool(session, "chat", HELLO, server="two words")
        with pytest.raises(TypeError, match="session"):
            client.call_tool(7, "chat", HELLO, server=at)
    assert not session.payments
