"""Streams: paid for once, read once, ended early without a trace."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from support import CHALLENGE, KEY, run, serving

from blockrun_llm import (
    AsyncLLMClient,
    ChatCompletionChunk,
    ChatStream,
    LLMClient,
    StreamBroken,
    StreamConsumed,
    accumulate_chunks,
)

HELLO = [{"role": "user", "content": "Hello!"}]


def count_to(number: int) -> list[dict[str, Any]]:
    """What the practice model answers with so many words."""
    return [{"role": "user", "content": f"Count to {number}"}]


def text_of(stream: ChatStream) -> str:
    return "".join(chunk.text for chunk in stream)


def test_a_stream_says_the_same_as_a_whole_answer(gateway: str) -> None:
    with LLMClient(KEY, gateway) as client:
        whole = client.chat_completion("openai/gpt-4o", count_to(20))
        stream = client.chat_completion_stream("openai/gpt-4o", count_to(20))
        assert (stream.status_code, stream.cost_micro, dict(stream.headers)) == (None, None, {})
        assert client.get_spending()["calls"] == 1, "nothing is sent before it is read"
        chunks = list(stream)
        assert len(chunks) > 10
        assert "".join(chunk.text for chunk in chunks) == whole.text == stream.response().text
        assert (stream.status_code, stream.cost_micro) == (200, whole.cost_micro)
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.settlement
        assert stream.settlement["transaction"]
        assert {chunk.cost_usd for chunk in chunks} == {whole.cost_usd}
        assert stream.response().cost_micro == whole.cost_micro
        assert stream.response().choices[0].finish_reason == "stop"
        assert stream.fallback is None
        assert client.get_spending()["calls"] == 2


def test_it_is_read_once_and_never_paid_twice(gateway: str) -> None:
    with LLMClient(KEY, gateway) as client:
        stream = client.chat_completion_stream(HELLO)
        first = next(stream)
        rest = list(stream)
        assert first not in rest
        with pytest.raises(StreamConsumed, match="read before") as caught:
            iter(stream)
        assert caught.value.payment.state == "charged"
        assert caught.value.payment.amount_micro == stream.cost_micro
        assert client.get_spending()["calls"] == 1


@pytest.mark.parametrize("way", ["break", "close", "with", "garbage"])
def test_a_stream_that_is_left_is_settled(gateway: str, way: str) -> None:
    with LLMClient(KEY, gateway) as client:
        stream = client.chat_completion_stream(count_to(5000))
        if way == "break":
            for chunk in stream:
                if chunk.text:
                    break
            assert stream.response().text
        elif way == "with":
            with stream:
                next(stream)
        else:
            next(stream)
            if way == "close":
                stream.close()
                stream.close()
                assert list(stream) == []
            del stream
            gc.collect()
        assert eventually(lambda: [one.state for one in client.payments()] == ["settled"])
        # The same words again are another call.
        with client.chat_completion_stream(count_to(5000)) as again:
            next(again)
        assert client.get_spending()["calls"] == 2


def eventually(holds: Callable[[], bool]) -> bool:
    ends = time.monotonic() + 60
    while not (held := holds()) and time.monotonic() < ends:
        time.sleep(0.01)
    return held


def test_in_asyncio(gateway: str) -> None:
    async def use() -> None:
        async with AsyncLLMClient(KEY, gateway) as client:
            stream = client.chat_completion_stream("openai/gpt-4o", count_to(20))
            chunks = [chunk async for chunk in stream]
            whole = await client.chat_completion("openai/gpt-4o", count_to(20))
            assert "".join(chunk.text for chunk in chunks) == whole.text == stream.response().text
            assert stream.cost_micro == whole.cost_micro
            with pytest.raises(StreamConsumed):
                aiter(stream)
            async for _ in client.chat_completion_stream(count_to(5000)):
                break
            async with client.chat_completion_stream(count_to(5000)) as left:
                await anext(left)
            ends = time.monotonic() + 60
            states = set[str]()
            while states != {"settled"} and time.monotonic() < ends:
                states = {one.state for one in await client.payments()}
            assert states == {"settled"}

    asyncio.run(use())


def test_many_streams_at_once(gateway: str) -> None:
    async def use() -> None:
        async def one(client: AsyncLLMClient, number: int) -> str:
            stream = client.chat_completion_stream(count_to(10 + number))
            return "".join([chunk.text async for chunk in stream])

        async with AsyncLLMClient(KEY, gateway) as client:
            texts = await asyncio.gather(*(one(client, number) for number in range(50)))
            assert len(set(texts)) == 50
            assert (await client.get_spending())["calls"] == 50

    asyncio.run(use())


class Dripping(ThreadingHTTPServer):
    """Streams what the test hands it, event by event."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Drip)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/api"
        self.paid: list[str] = []
        self.events: list[str | threading.Event] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone is what some tests are about."""


class _Drip(BaseHTTPRequestHandler):
    server: Dripping  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        payment = self.headers.get("x-payment")
        self.send_response(200 if payment else 402)
        self.send_header("content-type", "text/event-stream" if payment else "application/json")
        self.end_headers()
        if not payment:
            self.wfile.write(json.dumps(CHALLENGE).encode())
            return
        self.server.paid.append(payment)
        for event in self.server.events:
            if isinstance(event, threading.Event):
                event.wait(60)
            else:
                self.wfile.write(event.encode())

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *args: object, **_: object) -> None:
        """Says nothing."""


def event(text: str | None = None, **fields: Any) -> str:
    delta = {} if text is None else {"content": text}
    chunk = {"id": "c", "choices": [{"index": 0, "delta": delta, **fields}], "new": {"a": 1}}
    return f"data: {json.dumps(chunk)}\n\n"


END = [event(finish_reason="stop"), "data: [DONE]\n\n"]


@pytest.fixture
def dripping() -> Iterator[Dripping]:
    with serving(Dripping()) as server:
        yield server


def test_a_task_that_is_cancelled_while_it_waits_loses_no_chunk(dripping: Dripping) -> None:
    later = threading.Event()
    dripping.events = [event("a"), later, event("b"), event("c"), *END]

    async def use() -> None:
        async with AsyncLLMClient(KEY, dripping.url) as client:
            stream = client.chat_completion_stream(HELLO)
            assert (await anext(stream)).text == "a"
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(anext(stream), 0.05)
            later.set()
            # It comes while nobody waits for it.
            await asyncio.sleep(0.2)
            assert [chunk.text async for chunk in stream] == ["b", "c", ""]

    asyncio.run(use())
    assert len(dripping.paid) == 1


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="has no timers")
def test_a_signal_interrupts_a_stream_that_waits_and_no_chunk_is_lost(dripping: Dripping) -> None:
    class Interrupted(Exception):
        pass

    def interrupt(*_: object) -> None:
        raise Interrupted

    later = threading.Event()
    dripping.events = [event("a"), later, event("b"), *END]
    with LLMClient(KEY, dripping.url) as client:
        stream = client.chat_completion_stream(HELLO)
        assert next(stream).text == "a"
        previous = signal.signal(signal.SIGALRM, interrupt)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(Interrupted):
                next(stream)
        finally:
            signal.signal(signal.SIGALRM, previous)
        later.set()
        assert text_of(stream) == "b"
    assert len(dripping.paid) == 1


def test_a_broken_stream_says_what_came_and_what_was_paid(dripping: Dripping) -> None:
    dripping.events = [event("Hel"), event("lo")]
    with LLMClient(KEY, dripping.url) as client:
        stream = client.chat_completion_stream(HELLO)
        texts: list[str] = []
        with pytest.raises(StreamBroken) as caught:
            texts.extend(chunk.text for chunk in stream)
        error = pickle.loads(pickle.dumps(caught.value))
        assert error.payment.state == "charged"
        assert (error.payment.amount_micro, error.key) == (1000, client.payments()[0].key)
        assert error.response["choices"][0]["message"]["content"] == "Hello"
        assert stream.response().text == "Hello"


def test_what_failed_before_its_head_may_be_read_again(dripping: Dripping) -> None:
    dripping.events = [event("Hello"), *END]
    asked: list[int] = []

    def agree(_: Any) -> bool:
        asked.append(1)
        return len(asked) > 1

    with LLMClient(KEY, dripping.url, on_payment=agree) as client:
        stream = client.chat_completion_stream(HELLO)
        with pytest.raises(Exception, match="on_payment refused"):
            list(stream)
        assert text_of(stream) == "Hello"
    assert len(dripping.paid) == 1


def test_chunks_are_values_that_lose_nothing() -> None:
    raw = event("Hi").removeprefix("data: ").strip()
    about = json.dumps({"receipt": {"amount": 7, "settlement": None}})
    chunk = ChatCompletionChunk(raw, about)
    assert (chunk.text, chunk.cost_micro, chunk.new) == ("Hi", 7, {"a": 1})
    assert chunk.choices[0].delta.tool_calls is None
    assert pickle.loads(pickle.dumps(chunk)) == chunk
    assert dict(chunk) == chunk.model_dump()
    assert "cost_usd" in chunk.model_dump()
    assert "settlement" not in chunk.model_dump(exclude_none=True)
    assert "Hi" in repr(chunk)


def test_tool_calls_are_put_together() -> None:
    def part(index: int, **fields: Any) -> dict[str, Any]:
        calls = [{"index": index, **fields}]
        return {"choices": [{"index": 0, "delta": {"tool_calls": calls}}]}

    chunks: list[Any] = [
        part(0, id="a", type="function", function={"name": "f", "arguments": '{"x"'}),
        part(1, id="b", type="function", function={"name": "g", "arguments": ""}),
        part(0, function={"arguments": ": 1}"}),
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
    ]
    for given in (chunks, [ChatCompletionChunk(json.dumps(chunk)) for chunk in chunks]):
        whole = accumulate_chunks(given)
        calls = whole.choices[0].message.tool_calls
        assert calls
        assert [(call.id, call.function.name, call.function.arguments) for call in calls] == [
            ("a", "f", '{"x": 1}'),
            ("b", "g", ""),
        ]
        assert whole.choices[0].finish_reason == "tool_calls"


FORKED = """
    import json, os, signal, sys
    from blockrun_llm import LLMClient

    key, url = sys.argv[1:]
    client = LLMClient(key, url)
    stream = client.chat_completion_stream([{"role": "user", "content": "Count to 200"}])
    first = next(stream).text
    read, write = os.pipe()
    if os.fork() == 0:
        signal.alarm(30)  # instead of hanging for ever
        try:
            next(stream)
        except RuntimeError as error:
            told = str(error)
        stream.close()
        del stream, client
        os.write(write, json.dumps(told).encode())
        os._exit(0)
    _, status = os.wait()
    rest = "".join(chunk.text for chunk in stream)
    print(json.dumps([status, json.loads(os.read(read, 1000)), rest.endswith("200")]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="has no fork")
def test_a_child_leaves_its_parent_s_stream_alone(gateway: str) -> None:
    status, told, whole = run(FORKED, KEY, gateway)
    assert status == 0
    assert "made before the process forked" in told
    assert whole
