"""The official Python client of the Model Context Protocol, over standard input and over HTTP."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from proxied import BLOCKRUN, SHOWN, TOKEN, asked, environment
from relay import Relay, balance, payment
from support import serving, started

FREE = {"blockrun_models", "blockrun_quote", "blockrun_wallet", "blockrun_spending"}
PAID = {"blockrun_chat", "blockrun_image"}
Use = Callable[[Client], Awaitable[None]]


def command(gateway: str, home: Path, *options: str) -> StdioServerParameters:
    arguments = ["mcp", *options]
    return StdioServerParameters(
        command=str(BLOCKRUN), args=arguments, env=environment(gateway, home)
    )


def over_stdio(gateway: str, home: Path, use: Use, *options: str) -> None:
    async def run() -> None:
        async with Client(command(gateway, home, *options)) as client:
            await use(client)

    asyncio.run(run())


@asynccontextmanager
async def over_http(url: str, token: str) -> AsyncGenerator[Client]:
    headers = {"Authorization": f"Bearer {token}"}
    async with create_mcp_http_client(headers=headers) as web:
        transport = streamable_http_client(url, http_client=web)
        async with Client(transport) as client:
            yield client


def text(result: Any) -> str:
    return "\n".join(one.text for one in result.content if one.type == "text")


def test_tools_say_what_they_cost(gateway: str, tmp_path: Path) -> None:
    async def use(client: Client) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == FREE | PAID | {"blockrun_payments"}
        for name, tool in tools.items():
            assert tool.annotations
            assert tool.annotations.read_only_hint is (name not in PAID), name
            assert tool.output_schema, name
            assert '"format"' not in json.dumps([tool.input_schema, tool.output_schema]), name
            assert "Costs money" in tool.description if name in PAID else "Free" in tool.description
        for name in PAID:
            key = tools[name].input_schema["properties"]["idempotency_key"]["description"]
            assert "SAME key" in key
            assert "NEW one" in key
        assert "idempotency_key" in (client.instructions or "")

    over_stdio(gateway, tmp_path, use)


def test_a_chat_is_paid_for_and_counted(gateway: str, tmp_path: Path) -> None:
    async def use(client: Client) -> None:
        priced = await client.call_tool("blockrun_quote", {"prompt": "Hello!"})
        assert priced.structured_content["cost_micro"] == 1000
        assert priced.structured_content["within_limits"] is True
        told: list[str | None] = []

        async def progress(_: float, __: float | None, message: str | None) -> None:
            told.append(message)

        asked = {"prompt": "Count slowly to 60", "max_tokens": 200}
        answer = await client.call_tool("blockrun_chat", asked, progress_callback=progress)
        data = answer.structured_content
        assert text(answer) == data["text"]
        assert data["text"].split()[-1].strip(".") == "60"
        assert (data["cost_micro"], data["cost_usd"]) == (1000, "0.001")
        assert data["budget_left_usd"] == "0.009"
        assert data["transaction"].startswith("0x")
        assert told
        assert "characters so far" in (told[-1] or "")
        wallet = (await client.call_tool("blockrun_wallet")).structured_content
        assert wallet["testnet"] is True
        scopes = {row["scope"]: row["left_usd"] for row in wallet["limits"]}
        assert scopes == {"call": "1", "session": "0.009"}
        spent = (await client.call_tool("blockrun_spending")).structured_content
        assert (spent["spent_usd"], spent["calls"]) == ("0.001", 1)
        listed = (await client.call_tool("blockrun_payments")).structured_content["payments"]
        assert [one["transaction"] for one in listed] == [data["transaction"]]

    over_stdio(gateway, tmp_path, use, "--max-session-cost", "0.01")


def test_pictures_and_models(gateway: str, tmp_path: Path) -> None:
    async def use(client: Client) -> None:
        models = await client.call_tool("blockrun_models", {"category": "image", "limit": 1})
        [model] = models.structured_content["models"]
        assert models.structured_content["found"] > 1
        asked = {"prompt": "A boat", "model": model["id"]}
        drawn = await client.call_tool("blockrun_image", asked)
        assert drawn.structured_content["cost_micro"] > 1000
        pictures = [one for one in drawn.content if one.type == "image"]
        assert [one.mime_type for one in pictures] == ["image/png"]
        assert base64.b64decode(pictures[0].data).startswith(b"\x89PNG")

    over_stdio(gateway, tmp_path, use)


def test_a_limit_is_an_error_that_a_model_can_read(gateway: str, tmp_path: Path) -> None:
    before = balance(gateway)

    async def use(client: Client) -> None:
        answer = await client.call_tool("blockrun_chat", {"prompt": "Hello!"})
        assert answer.is_error
        assert "per-call limit" in text(answer)
        assert text(answer).endswith("Nothing was charged.")
        assert answer.meta["blockrun/error"]["code"] == "SPEND_LIMIT"
        quote = (await client.call_tool("blockrun_quote", {"prompt": "x"})).structured_content
        assert quote["within_limits"] is False
        for bad in ({"prompt": ""}, {"prompt": "x", "temperature": 9}):
            assert (await client.call_tool("blockrun_chat", bad)).is_error

    over_stdio(gateway, tmp_path, use, "--max-cost", "0.0001")
    assert balance(gateway) == before


def test_the_same_key_is_paid_once(gateway: str, tmp_path: Path) -> None:
    before = balance(gateway)

    async def use(client: Client) -> None:
        asked = {"prompt": "Hello!", "idempotency_key": "8f14e45f-hello"}
        first = await client.call_tool("blockrun_chat", asked)
        again = await client.call_tool("blockrun_chat", asked)
        assert text(first) == text(again)
        assert first.structured_content["transaction"] == again.structured_content["transaction"]
        other = await client.call_tool("blockrun_chat", {**asked, "prompt": "Something else"})
        assert other.is_error
        assert "another call" in text(other)

    over_stdio(gateway, tmp_path, use)
    assert before - balance(gateway) == 1000


def test_a_call_that_is_given_up_is_taken_up_by_the_next(gateway: str, tmp_path: Path) -> None:
    before = balance(gateway)

    async def use(client: Client) -> None:
        asked = {"prompt": "Count slowly to 100", "max_tokens": 400, "idempotency_key": "count-1"}
        with pytest.raises(Exception, match=r"(?i)time"):
            await client.call_tool("blockrun_chat", asked, read_timeout_seconds=0.5)
        answer = await client.call_tool("blockrun_chat", asked)
        assert text(answer).split()[-1].strip(".") == "100"
        listed = (await client.call_tool("blockrun_payments")).structured_content["payments"]
        assert [one["state"] for one in listed] == ["settled"]

    over_stdio(gateway, tmp_path, use)
    assert before - balance(gateway) == 1000


def test_an_answer_that_is_lost_is_paid_once(gateway: str, tmp_path: Path) -> None:
    before, lost = balance(gateway), []

    def lose_first(headers: Any) -> None:
        if payment(headers) and not lost:
            lost.append(1)
            raise ConnectionError("lost")

    async def use(client: Client) -> None:
        answer = await client.call_tool("blockrun_chat", {"prompt": "Hello!"})
        assert text(answer).startswith("Hello!")

    with serving(Relay(gateway, lose_first)) as relay:
        over_stdio(relay.url, tmp_path, use)
        assert (len(relay.paid), len(set(relay.paid))) == (2, 1)
    assert before - balance(gateway) == 1000


def test_over_http_with_the_token_alone(gateway: str, tmp_path: Path) -> None:
    env = environment(gateway, tmp_path)

    async def use(url: str) -> None:
        async with over_http(url, TOKEN) as one, over_http(url, TOKEN) as two:
            for client in (one, two):
                answer = await client.call_tool("blockrun_chat", {"prompt": "Hello!"})
                assert text(answer).startswith("Hello!")
            # Hosts share the limits of the process.
            spent = (await two.call_tool("blockrun_spending")).structured_content
            assert spent["calls"] == 2

    with started(BLOCKRUN, "mcp", "--http", "--port", "0", env=env) as line:
        url = line.removeprefix("listening on ")
        asyncio.run(use(url))
        for headers, status in (
            ({}, 401),
            ({"Authorization": "Bearer a-token-of-somebody-else"}, 401),
            ({**SHOWN, "Origin": "https://evil.example"}, 403),
            ({**SHOWN, "Host": "evil.example"}, 403),
        ):
            assert asked(url, headers, "POST", "/mcp")[0] == status, headers


def test_a_host_that_stays_does_not_keep_the_server(gateway: str, tmp_path: Path) -> None:
    async def use(server: subprocess.Popen[str]) -> None:
        assert server.stdout
        url = server.stdout.readline().strip().removeprefix("listening on ")
        async with over_http(url, TOKEN) as client:
            assert (await client.list_tools()).tools
            server.terminate()
            assert await asyncio.to_thread(server.wait, 10) == 0

    arguments = [BLOCKRUN, "mcp", "--http", "--port", "0"]
    env = environment(gateway, tmp_path)
    with subprocess.Popen(arguments, env=env, stdout=subprocess.PIPE, text=True) as server:
        try:
            asyncio.run(use(server))
        finally:
            server.kill()
