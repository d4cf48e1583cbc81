"""`AsyncLLMClient`: the same calls, dropped with their task, without a thread for each."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support import ANSWER, CHALLENGE, KEY, NOBODY, answering, free, run

from blockrun_llm import (
    APIConnectionError,
    AsyncLLMClient,
    LLMClient,
    PaymentError,
    PaymentRequest,
    SpendLimitError,
    async_testnet_client,
)


def paywall(headers: Mapping[str, str]) -> tuple[int, Any]:
    return (200, ANSWER) if "x-payment" in headers else (402, CHALLENGE)


def test_the_same_calls_to_be_awaited(gateway: str) -> None:
    async def use() -> None:
        async with AsyncLLMClient(KEY, gateway) as client:
            assert await client.chat("Hello!")
            answer = await client.chat_completion([{"role": "user", "content": "Hello!"}])
            assert answer.cost_micro
            assert (await client.quote("Hello!")).amount_micro == answer.cost_micro
            spending = await client.get_spending()
            [first, second] = await client.payments()
            assert spending["total_micro"] == first.amount_micro + second.amount_micro
            assert second.key
            assert (await client.recover(second.key)).choices == answer.choices
            assert await client.list_models()
            assert (await client.reconcile()).open == 0
        with pytest.raises(RuntimeError, match="closed"):
            await client.chat("Hello!")

    asyncio.run(use())


def test_one_client_for_threads_and_tasks(gateway: str) -> None:
    asked: list[int] = []

    def agree(payment: PaymentRequest) -> None:
        asked.append(payment.amount_micro)

    with LLMClient(KEY, gateway, max_session_cost="0.002", on_payment=agree) as client:
        client.chat("Hello!")
        asyncio.run(client.aio.chat("Hello!"))
        with pytest.raises(SpendLimitError) as caught:
            asyncio.run(client.aio.chat("Hello!"))
        assert caught.value.scope == "session"
        assert [one.amount_micro for one in client.payments()] == asked == [1000, 1000]
    with pytest.raises(RuntimeError, match="closed"):
        asyncio.run(client.aio.chat("Hello!"))


def test_errors_are_raised_where_it_is_awaited() -> None:
    async def use() -> None:
        async with AsyncLLMClient(KEY, NOBODY) as client:
            with pytest.raises(APIConnectionError):
                await client.chat("Hello!")
            with pytest.raises(ValueError, match="temperature"):
                await client.chat("Hello!", temperature=3)
            options: dict[str, Any] = {"max_tokens": "5"}
            with pytest.raises(TypeError, match="max_tokens"):
                await client.chat("Hello!", **options)

    asyncio.run(use())


def test_without_asyncio_it_says_so() -> None:
    client = AsyncLLMClient(KEY, NOBODY)
    coroutine = client.chat("Hello!")
    with pytest.raises(RuntimeError, match="trio"):
        coroutine.send(None)


@pytest.mark.parametrize("at", ["before", "after"])
def test_a_cancelled_task_drops_its_call(at: str) -> None:
    asked, ended = threading.Event(), threading.Event()

    def answer(headers: Mapping[str, str]) -> tuple[int, Any]:
        paid = "x-payment" in headers
        if paid == (at == "after"):
            asked.set()
            ended.wait(60)
        return (200, ANSWER) if paid else (402, CHALLENGE)

    async def use(url: str) -> None:
        async with AsyncLLMClient(KEY, url) as client:
            task = asyncio.create_task(client.chat("Hello!"))
            await asyncio.to_thread(asked.wait, 30)
            task.cancel()
            started = time.monotonic()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert time.monotonic() - started < 10
            spending = await client.get_spending()
            states = [one.state for one in await client.payments()]
            # What was not paid is free again; what was sent stays counted, for whoever asks again.
            sent = at == "after"
            assert states == ["unknown"] * sent
            assert spending["reserved_micro"] == 1000 * sent
            ended.set()
            assert await client.chat("Hello!") == "ok"
            assert len(await client.payments()) == 1, "the same payment, taken up"

    with answering(answer) as server:
        asyncio.run(use(server.url))


def test_a_timeout_of_asyncio_drops_the_call() -> None:
    ended = threading.Event()

    def answer(_: Mapping[str, str]) -> tuple[int, Any]:
        ended.wait(60)
        return 200, ANSWER

    async def use(url: str) -> None:
        async with AsyncLLMClient(KEY, url) as client:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.chat("Hello!"), 0.1)
            ended.set()
            assert await client.chat("Hello!") == "ok"

    with answering(answer) as server:
        asyncio.run(use(server.url))


IN_FLIGHT = """
    import asyncio, json, os, sys
    from blockrun_llm import AsyncLLMClient

    key, url = sys.argv[1:]

    async def use():
        async with AsyncLLMClient(key, url) as client:
            calls = asyncio.gather(*(client.chat(f"Hello {number}!") for number in range(500)))
            threads = 0
            while not calls.done():
                threads = max(threads, len(os.listdir("/proc/self/task")))
                await asyncio.sleep(0.01)
            return [sorted(set(await calls)), threads]

    print(json.dumps(asyncio.run(use())))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_500_calls_wait_together_without_a_thread_each() -> None:
    together = threading.Barrier(100)

    def answer(_: Mapping[str, str]) -> tuple[int, Any]:
        # Nobody is answered until a hundred are asking.
        together.wait(60)
        return 200, ANSWER

    with answering(answer) as server:
        answers, threads = run(IN_FLIGHT, KEY, server.url)
    assert answers == ["ok"]
    assert threads < 12


def test_a_client_is_shared_by_event_loops_and_threads() -> None:
    with answering(free) as server:
        client = AsyncLLMClient(KEY, server.url)

        async def use() -> list[str]:
            return await asyncio.gather(*(client.chat("Hello!") for _ in range(10)))

        def loop(_: int) -> list[str]:
            return asyncio.run(use())

        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(loop, range(8))) == [["ok"] * 10] * 8
        client.close()


def test_a_loop_that_closes_leaves_nothing_behind() -> None:
    asked, ended = threading.Event(), threading.Event()

    def answer(_: Mapping[str, str]) -> tuple[int, Any]:
        asked.set()
        ended.wait(60)
        return 200, ANSWER

    with answering(answer) as server:
        client = AsyncLLMClient(KEY, server.url)

        async def use() -> None:
            # A task that nobody waits for is cancelled when the loop ends.
            asyncio.create_task(client.chat("Hello!"))  # noqa: RUF006
            await asyncio.to_thread(asked.wait, 30)

        asyncio.run(use())
        ended.set()
        assert asyncio.run(client.chat("Hello!")) == "ok"
        client.close()


ENDING = """
    import asyncio, json, sys, threading, time
    from blockrun_llm import AsyncLLMClient

    key, url = sys.argv[1:]

    class Loop(asyncio.SelectorEventLoop):
        def call_soon_threadsafe(self, *arguments, **more):
            handle = super().call_soon_threadsafe(*arguments, **more)
            if threading.current_thread() is not threading.main_thread():
                time.sleep(0.5)  # The loop goes on, and the program ends.
            return handle

    class Slow:
        def __del__(self, sleep=time.sleep):
            sleep(1)  # As the interpreter is taken apart.

    sys.slow = Slow()
    print(json.dumps(Loop().run_until_complete(AsyncLLMClient(key, url).chat("Hello!"))))
"""


def test_a_program_may_end_while_its_answer_is_still_being_delivered() -> None:
    with answering(free) as server:
        assert run(ENDING, KEY, server.url) == "ok"


@pytest.mark.parametrize("answer", [True, False, None])
def test_on_payment_may_be_a_coroutine_of_the_same_task(answer: bool | None) -> None:
    async def use(url: str) -> None:
        asked: list[Any] = []

        async def agree(payment: PaymentRequest) -> bool | None:
            await asyncio.sleep(0)
            asked.extend([payment.amount_micro, asyncio.current_task()])
            return answer

        async with AsyncLLMClient(KEY, url, on_payment=agree) as client:
            if answer is False:
                with pytest.raises(PaymentError, match="on_payment refused the payment"):
                    await client.chat("Hello!")
            else:
                assert await client.chat("Hello!") == "ok"
        assert asked == [1000, asyncio.current_task()]

    with answering(paywall) as server:
        asyncio.run(use(server.url))


def test_a_cancelled_question_signs_nothing() -> None:
    async def use(url: str) -> None:
        async def think(_: PaymentRequest) -> bool:
            await asyncio.sleep(60)
            return True

        async with AsyncLLMClient(KEY, url, on_payment=think) as client:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.chat("Hello!"), 0.3)
            assert await client.payments(state="signed") == []
            assert (await client.get_spending())["reserved_micro"] == 0

    with answering(paywall) as server:
        asyncio.run(use(server.url))
        assert all("x-payment" not in headers for headers, _ in server.requests)


def test_a_client_of_the_test_network_is_made_in_both_ways() -> None:
    async def use() -> None:
        async with async_testnet_client(KEY) as client:
            assert client.is_testnet()
        again = await async_testnet_client(KEY)
        assert again.api_url == "https://testnet.blockrun.ai/api"
        await again.aclose()

    asyncio.run(use())


FORKED = """
    import asyncio, json, os, signal, sys
    from blockrun_llm import AsyncLLMClient

    key, url = sys.argv[1:]
    client = AsyncLLMClient(key, url)
    assert asyncio.run(client.chat("Hello!")) == "ok"
    read, write = os.pipe()
    if os.fork() == 0:
        signal.alarm(30)  # instead of hanging for ever
        try:
            asyncio.run(client.chat("Hello!"))
        except RuntimeError as error:
            told = str(error)
        answer = asyncio.run(AsyncLLMClient(key, url).chat("Hello!"))
        os.write(write, json.dumps([told, answer]).encode())
        os._exit(0)
    _, status = os.wait()
    again = asyncio.run(client.chat("Hello!"))
    print(json.dumps([status, json.loads(os.read(read, 1000)), again]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no fork")
def test_a_client_refuses_to_work_after_a_fork() -> None:
    with answering(free) as server:
        status, (told, in_the_child), in_the_parent = run(FORKED, KEY, server.url)
    assert status == 0
    assert "made before the process forked" in told
    assert (in_the_child, in_the_parent) == ("ok", "ok")


def test_an_error_holds_no_frames() -> None:
    class Marker:
        alive = 0

        def __init__(self) -> None:
            Marker.alive += 1

        def __del__(self) -> None:
            Marker.alive -= 1

    async def fail() -> None:
        marker = Marker()
        async with AsyncLLMClient(KEY, NOBODY) as client:
            with pytest.raises(APIConnectionError):
                await client.chat("Hello!")
        del marker

    gc.collect()
    gc.disable()
    try:
        asyncio.run(fail())
        assert Marker.alive == 0
    finally:
        gc.enable()
