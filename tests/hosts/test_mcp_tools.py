"""The official Python client of MCP, buying a gateway's tools with `call_tool`."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from proxied import environment
from relay import balance
from support import KEY, ROOT
from test_docs import RUNNER, noted

from blockrun_llm import AsyncLLMClient, SpendLimitError

ARGUMENTS = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello!"}]}


class Web(httpx2.AsyncBaseTransport):
    """Passes everything on, and gives the first payment another answer, where there is one."""

    def __init__(self, spoiled: httpx2.Response | httpx2.TransportError | None = None) -> None:
        self.inner = httpx2.AsyncHTTPTransport()
        self.spoiled = spoiled
        self.payments: list[str] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self.inner.handle_async_request(request)
        said = json.loads(request.content) if request.content else {}
        payment = said.get("params", {}).get("_meta", {}).get("x402/payment")
        if not payment:
            return answer
        self.payments.append(json.dumps(payment))
        if self.spoiled is None:
            return answer
        await answer.aread()
        spoiled, self.spoiled = self.spoiled, None
        if isinstance(spoiled, httpx2.Response):
            return spoiled
        raise spoiled

    async def aclose(self) -> None:
        await self.inner.aclose()


@pytest.fixture
def wallet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLOCKRUN_HOME", str(tmp_path))


async def buy(web: Web, gateway: str) -> Any:
    """One purchase, in a session of its own."""
    url = f"{gateway.removesuffix('/api')}/mcp"
    async with (
        httpx2.AsyncClient(transport=web) as http,
        Client(streamable_http_client(url, http_client=http)) as session,
        AsyncLLMClient(KEY, gateway) as client,
    ):
        assert {tool.name for tool in (await session.list_tools()).tools} == {"chat", "image"}
        return await client.call_tool(session, "chat", ARGUMENTS, server=url)


JSON = {"content-type": "application/json"}
SPOILED = {
    "whole": None,
    "busy": httpx2.Response(503),
    "cut": httpx2.Response(200, headers=JSON, text='{"jso'),
}


@pytest.mark.usefixtures("wallet")
@pytest.mark.parametrize("fate", SPOILED)
def test_a_tool_is_bought_once_whatever_becomes_of_its_answer(gateway: str, fate: str) -> None:
    web, before = Web(SPOILED[fate]), balance(gateway)
    answer = asyncio.run(buy(web, gateway))
    assert answer.result.content[0].text.startswith("Hello!")
    assert answer.cost_micro == 1000
    assert answer.settlement["transaction"].startswith("0x")
    assert len(web.payments) == (1 if fate == "whole" else 2)
    assert len(set(web.payments)) == 1
    assert before - balance(gateway) == 1000


@pytest.mark.usefixtures("wallet")
def test_a_session_that_dies_with_its_answer_is_taken_up_by_the_next(gateway: str) -> None:
    web, before = Web(httpx2.ReadError("lost")), balance(gateway)
    # A lost connection ends this package's session, and whatever is asked in it.
    with pytest.RaisesGroup(httpx2.ReadError, flatten_subgroups=True):
        asyncio.run(buy(web, gateway))
    answer = asyncio.run(buy(again := Web(), gateway))
    assert answer.result.content[0].text.startswith("Hello!")
    assert web.payments == again.payments
    assert before - balance(gateway) == 1000


@pytest.mark.usefixtures("wallet")
def test_what_is_not_bought(gateway: str) -> None:
    url, before = f"{gateway.removesuffix('/api')}/mcp", balance(gateway)

    async def ask() -> None:
        async with Client(url) as session, AsyncLLMClient(KEY, gateway) as client:
            wrong = {**ARGUMENTS, "model": "no/such-model"}
            answer = await client.call_tool(session, "chat", wrong, server=url)
            assert answer.is_error
            assert "no/such-model" in answer.result.content[0].text
        limited = AsyncLLMClient(KEY, gateway, max_cost_per_call="0.0001")
        async with Client(url) as session, limited as client:
            with pytest.raises(SpendLimitError):
                await client.call_tool(session, "chat", ARGUMENTS, server=url)

    asyncio.run(ask())
    assert balance(gateway) == before


def test_the_guide(gateway: str, tmp_path: Path) -> None:
    before = balance(gateway)
    blocks = noted(ROOT / "docs/guide/mcp.md", "python", ("run by",))
    here = gateway.removesuffix("/api")
    code = [block.code.replace("http://127.0.0.1:8402", here) for block in blocks]
    given = json.dumps([("docs/guide/mcp.md", block.line, code[0]) for block in blocks])
    done = subprocess.run(
        [sys.executable, "-c", RUNNER],
        input=given,
        env=environment(gateway, tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Hello!")
    assert done.stdout.endswith(" 0.001\n")
    assert before - balance(gateway) == 1000
