"""Buyers in Python, each as its documentation uses it: ``python buyer.py CONTENDER``.

``BUYER_URL`` is the base address of the stand-in and ``BUYER_KEY`` the paying key. One environment
has our package, another one the published one of the same name, a third the official ones.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from rows import MODEL, Row, check, check_chunks, messages, serve, serve_async

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

KEY = os.environ["BUYER_KEY"]
URL = os.environ["BUYER_URL"]
ASKING = f"{URL}/v1/chat/completions"
FREE = ASKING.replace("/api/", "/free/")


def options(row: Row) -> dict[str, Any]:
    """What our client is told beside the address: only whether it may pay at once."""
    ours = os.environ.get("BUYER_PREPAY")
    return {"prepay": "auto" if row.trips == 1 else "off"} if ours else {}


def blockrun() -> None:
    """`blockrun_llm`, ours or the published one: both have this interface."""
    from blockrun_llm import LLMClient

    clients: dict[int, LLMClient] = {}

    def caller(row: Row) -> Callable[[], None]:
        if row.trips not in clients:
            clients[row.trips] = LLMClient(private_key=KEY, api_url=URL, **options(row))
        client, prompt, asked = clients[row.trips], "x" * row.prompt, messages(row)

        def stream() -> None:
            check_chunks(sum(1 for _ in client.chat_completion_stream(MODEL, asked)))

        def chat() -> None:
            check(client.chat(MODEL, prompt))

        return stream if row.call == "stream" else chat

    serve(caller)


def blockrun_async() -> None:
    """The same, asynchronous."""
    from blockrun_llm import AsyncLLMClient

    clients: dict[int, AsyncLLMClient] = {}

    def caller(row: Row) -> Callable[[], Awaitable[None]]:
        if row.trips not in clients:
            clients[row.trips] = AsyncLLMClient(private_key=KEY, api_url=URL, **options(row))
        client, prompt, asked = clients[row.trips], "x" * row.prompt, messages(row)

        async def stream() -> None:
            chunks = client.chat_completion_stream(MODEL, asked)
            check_chunks(len([None async for _ in chunks]))

        async def chat() -> None:
            check(await client.chat(MODEL, prompt))

        return stream if row.call == "stream" else chat

    asyncio.run(serve_async(caller))


def body(row: Row) -> dict[str, Any]:
    """A request, for clients that know HTTP alone."""
    asked: dict[str, Any] = {"model": MODEL, "messages": messages(row), "max_tokens": 1024}
    return {**asked, "stream": True} if row.call == "stream" else asked


def text(answer: Any) -> str:
    return str(answer["choices"][0]["message"]["content"])


def chunks_in(lines: Iterator[str | bytes]) -> int:
    """How many events of a stream have a chunk; each is read."""
    events = (line.removeprefix(b"data: ") for line in map(_bytes, lines) if line)
    return sum(bool(json.loads(event)["choices"]) for event in events if event != b"[DONE]")


def _bytes(line: str | bytes) -> bytes:
    return line.encode() if isinstance(line, str) else line


def x402_requests() -> None:
    """The official client on requests."""
    import requests
    from eth_account import Account
    from x402 import x402ClientSync
    from x402.http.clients import wrapRequestsWithPayment
    from x402.mechanisms.evm import EthAccountSigner
    from x402.mechanisms.evm.exact.register import register_exact_evm_client

    client = x402ClientSync()
    register_exact_evm_client(client, EthAccountSigner(Account.from_key(KEY)))
    session = wrapRequestsWithPayment(requests.Session(), client)

    def caller(row: Row) -> Callable[[], None]:
        asked, streamed = body(row), row.call == "stream"

        def call() -> None:
            with session.post(ASKING, json=asked, stream=streamed) as response:
                response.raise_for_status()
                if streamed:
                    check_chunks(chunks_in(response.iter_lines()))
                else:
                    check(text(response.json()))

        return call

    serve(caller)


def x402_httpx() -> None:
    """The official client on httpx."""
    from eth_account import Account
    from x402 import x402Client
    from x402.http.clients import x402HttpxClient
    from x402.mechanisms.evm import EthAccountSigner
    from x402.mechanisms.evm.exact.register import register_exact_evm_client

    client = x402Client()
    register_exact_evm_client(client, EthAccountSigner(Account.from_key(KEY)))

    async def buy() -> None:
        async with x402HttpxClient(client, timeout=600) as http:
            await serve_async(lambda row: _asking(http, [(ASKING, 200)], row))

    asyncio.run(buy())


def httpx_alone() -> None:
    """httpx, which pays nothing."""
    import httpx

    client = httpx.Client(timeout=600)

    def caller(row: Row) -> Callable[[], None]:
        asked = body(row)

        def call() -> None:
            if row.trips == 2:
                check(client.post(ASKING, json=asked).status_code == 402)
            if row.call != "stream":
                return check(text(client.post(FREE, json=asked).json()))
            with client.stream("POST", FREE, json=asked) as response:
                return check_chunks(chunks_in(response.iter_lines()))

        return call

    serve(caller)


def httpx_async() -> None:
    """The same, asynchronous."""
    import httpx

    async def ask() -> None:
        async with httpx.AsyncClient(timeout=600) as http:
            steps = {1: [(FREE, 200)], 2: [(ASKING, 402), (FREE, 200)]}
            await serve_async(lambda row: _asking(http, steps[row.trips], row))

    asyncio.run(ask())


def _asking(http: Any, steps: list[tuple[str, int]], row: Row) -> Callable[[], Awaitable[None]]:
    """Posts to each address in turn; the last one answers."""
    asked, (last, _) = body(row), steps[-1]

    async def call() -> None:
        for url, status in steps[:-1]:
            check((await http.post(url, json=asked)).status_code == status)
        if row.call != "stream":
            return check(text((await http.post(last, json=asked)).json()))
        async with http.stream("POST", last, json=asked) as response:
            return check_chunks(chunks_in(iter([line async for line in response.aiter_lines()])))

    return call


CONTENDERS = {
    "nothing": lambda: serve(lambda _: lambda: None),
    "blockrun": blockrun,
    "blockrun-async": blockrun_async,
    "x402-requests": x402_requests,
    "x402-httpx": x402_httpx,
    "httpx": httpx_alone,
    "httpx-async": httpx_async,
}

if __name__ == "__main__":
    CONTENDERS[sys.argv[1]]()
