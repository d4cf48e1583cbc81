"""Rows of calls, as every driver is told them: a line of JSON in, a line of JSON out."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

MODEL = "openai/gpt-4o-mini"
CHUNKS = 200


class Row(NamedTuple):
    """Calls to be made."""

    call: str
    """``chat``, or ``stream``: the answer comes in 200 chunks."""
    prompt: int
    """Bytes of the prompt."""
    trips: int
    """Round trips that each call takes."""
    in_flight: int
    calls: int
    """Most calls."""
    seconds: float
    """No call begins later."""


def messages(row: Row) -> list[dict[str, str]]:
    """What is asked."""
    return [{"role": "user", "content": "x" * row.prompt}]


def serve(caller: Callable[[Row], Callable[[], None]]) -> None:
    """Plays rows one after the other, each call by itself."""
    for line in sys.stdin:
        row = Row(**json.loads(line))
        call = caller(row)
        latencies: list[float] = []
        begun = time.perf_counter()
        while len(latencies) < row.calls and (start := time.perf_counter()) < begun + row.seconds:
            call()
            latencies.append(time.perf_counter() - start)
        _report(time.perf_counter() - begun, latencies)


async def serve_async(caller: Callable[[Row], Callable[[], Awaitable[None]]]) -> None:
    """Plays rows one after the other, as many calls at once as they say."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        row = Row(**json.loads(line))
        call = caller(row)
        latencies: list[float] = []
        left = iter(range(row.calls))
        begun = time.perf_counter()

        async def repeat() -> None:
            start = time.perf_counter()
            while start < begun + row.seconds and next(left, None) is not None:  # noqa: B023
                await call()  # noqa: B023
                end = time.perf_counter()
                latencies.append(end - start)  # noqa: B023
                start = end

        await asyncio.gather(*(repeat() for _ in range(row.in_flight)))
        _report(time.perf_counter() - begun, latencies)


def _report(seconds: float, latencies: list[float]) -> None:
    """Prints what was measured; a call that failed has ended the driver."""
    measured = {"seconds": seconds, "latencies_us": [round(1e6 * one, 1) for one in latencies]}
    print(json.dumps(measured), flush=True)


def check(answered: object) -> None:
    """Ends the driver when there is no answer."""
    if not answered:
        raise SystemExit("the answer is empty")


def check_chunks(chunks: int) -> None:
    """Ends the driver when a stream is not whole."""
    if chunks != CHUNKS:
        raise SystemExit(f"{chunks} chunks")
