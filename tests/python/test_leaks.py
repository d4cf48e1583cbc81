"""Thousands of calls leave nothing behind: memory and file descriptors stay where they were."""

from __future__ import annotations

import os
import sys

import pytest
from support import KEY, answering, free, printed, python

CALLS = int(os.environ.get("BLOCKRUN_SOAK", "5000"))
"""Calls of each kind together; `make soak` asks for more."""

MEASURED = """
    import asyncio, gc, json, os, secrets, sys, time
    from blockrun_llm import AsyncLLMClient, BlockrunError, LLMClient

    key, free, paid, calls = sys.argv[1:]
    hello = [{"role": "user", "content": "Hello!"}]

    def resident():
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024

    def refused(client):
        try:
            client.chat("Hello!", temperature=9)
        except ValueError:
            pass
        try:
            client.request("GET", "/v1/nothing-of-the-kind")
        except BlockrunError:
            pass

    async def cancelled(client):
        task = asyncio.ensure_future(client.chat("Hello!"))
        await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass

    async def round(free, paid, asynchronous):
        # Ten calls, of which two are paid.
        for _ in range(3):
            assert free.chat_completion(hello).choices
        next(free.chat_completion_stream(hello))
        refused(paid)
        await asyncio.gather(*(asynchronous.chat("Hello!") for _ in range(2)))
        async for _ in asynchronous.chat_completion_stream(hello):
            break
        await cancelled(asynchronous)
        assert paid.chat_completion(hello).cost_micro
        for _ in paid.chat_completion_stream(hello):
            break

    async def rounds(number):
        # A new wallet of the practice ledger has enough for thousands of calls.
        new = "0x" + secrets.token_hex(32)
        clients = LLMClient(key, free), LLMClient(new, paid), AsyncLLMClient(key, free)
        for _ in range(number):
            await round(*clients)
        for client in clients:
            client.close()

    def measure(number):
        asyncio.run(rounds(number))
        gc.collect()
        # Connections are closed by another thread.
        time.sleep(0.2)
        return resident(), len(os.listdir("/proc/self/fd"))

    measure(100)
    print(json.dumps([measure(int(calls) // 10 // 5) for _ in range(5)]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_calls_leave_nothing_behind(gateway: str) -> None:
    with answering(free) as server:
        running = python(MEASURED, KEY, server.url, gateway, str(CALLS))
        samples = printed(running, within=60 + CALLS / 20)
    resident = [sample[0] for sample in samples]
    descriptors = [sample[1] for sample in samples]
    print(f"{CALLS} calls: {resident} KiB, {descriptors} descriptors")  # noqa: T201
    # Half a kilobyte for each call would be a leak; less is what the allocator keeps.
    assert resident[-1] - resident[0] < max(CALLS // 2, 4096), resident
    assert max(descriptors) - min(descriptors) < 8, descriptors
