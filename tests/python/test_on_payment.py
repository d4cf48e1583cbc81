"""``on_payment``: the application agrees to each payment, or nothing is signed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support import ANSWER, CHALLENGE, KEY, Server, answering, run

from blockrun_llm import APITimeoutError, LLMClient, PaymentError, PaymentRequest, SpendLimitError


def paywall(headers: Mapping[str, str]) -> tuple[int, Any]:
    return (200, ANSWER) if "x-payment" in headers else (402, CHALLENGE)


@pytest.fixture
def server() -> Iterator[Server]:
    with answering(paywall) as server:
        yield server


def paid(server: Server) -> int:
    return sum("x-payment" in headers for headers, _ in server.requests)


@pytest.mark.parametrize("answer", [True, None])
def test_it_is_asked_and_agrees(server: Server, answer: bool | None) -> None:
    asked: list[PaymentRequest] = []
    threads: list[int] = []

    def agree(payment: PaymentRequest) -> bool | None:
        asked.append(payment)
        threads.append(threading.get_ident())
        return answer

    with LLMClient(KEY, server.url, on_payment=agree) as client:
        assert client.chat("m", "Hello!") == "ok"
        client.quote("Hello!")
    payee = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C"
    assert asked == [PaymentRequest(1000, "eip155:84532", payee, "m")]
    assert asked[0].amount_usd == 0.001
    assert threads == [threading.get_ident()], "the thread that made the call"
    with pytest.raises(AttributeError, match="frozen"):
        asked[0].amount_micro = 0  # type: ignore[misc]


def refuse_all(server: Server, on_payment: Any) -> PaymentError:
    with LLMClient(KEY, server.url, on_payment=on_payment) as client:
        with pytest.raises(PaymentError, match="nothing was sent") as caught:
            client.chat("Hello!")
        assert type(caught.value) is PaymentError
        assert (caught.value.code, caught.value.payment.state) == ("PAYMENT", "not_charged")
        assert client.get_spending()["reserved_micro"] == 0
    assert paid(server) == 0
    return caught.value


def test_it_refuses(server: Server) -> None:
    error = refuse_all(server, lambda _: False)
    assert "on_payment refused" in str(error)
    assert error.__cause__ is None


def test_what_it_raises_is_the_cause(server: Server) -> None:
    raised = LookupError("no such account")

    def fail(_: PaymentRequest) -> bool:
        raise raised

    error = refuse_all(server, fail)
    assert error.__cause__ is raised
    assert "no such account" in str(error)


@pytest.mark.parametrize("answer", [1, "yes", [True]])
def test_an_answer_that_is_none_is_a_refusal(server: Server, answer: object) -> None:
    error = refuse_all(server, lambda _: answer)
    assert isinstance(error.__cause__, TypeError)
    assert str(error.__cause__).startswith("on_payment: expected True, False or None, got ")


def test_limits_come_first(server: Server) -> None:
    asked: list[PaymentRequest] = []
    with (
        LLMClient(KEY, server.url, max_cost_per_call="0.0005", on_payment=asked.append) as client,
        pytest.raises(SpendLimitError),
    ):
        client.chat("Hello!")
    assert asked == []


def test_it_may_use_the_client(server: Server) -> None:
    seen: list[int] = []

    def watch(_: PaymentRequest) -> None:
        seen.append(client.get_spending()["reserved_micro"])
        assert [one.state for one in client.payments()] == ["reserved"]
        assert client.quote("Hello!").amount_micro == 1000

    with LLMClient(KEY, server.url, on_payment=watch) as client:
        assert client.chat("Hello!") == "ok"
    assert seen == [1000]


def test_threads_are_asked_at_the_same_time(server: Server) -> None:
    together = threading.Barrier(8)

    def meet(_: PaymentRequest) -> None:
        # Nobody agrees until all are asked.
        together.wait(30)

    with LLMClient(KEY, server.url, on_payment=meet) as client, ThreadPoolExecutor(8) as threads:
        words = [f"Hello {number}!" for number in range(8)]
        assert list(threads.map(client.chat, words)) == ["ok"] * 8


def test_its_time_is_part_of_the_call_s(server: Server) -> None:
    def dawdle(_: PaymentRequest) -> None:
        time.sleep(1)

    with LLMClient(KEY, server.url, on_payment=dawdle, timeout=0.5) as client:
        with pytest.raises(APITimeoutError) as caught:
            client.chat("Hello!")
        assert caught.value.payment.state == "not_charged"
    assert paid(server) == 0


INTERRUPTED = """
    import json, os, signal, sys, threading, time
    from blockrun_llm import LLMClient

    key, url = sys.argv[1:]

    def wait(payment):
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        time.sleep(60)

    client = LLMClient(key, url, on_payment=wait)
    began = time.monotonic()
    try:
        client.chat("Hello!")
    except KeyboardInterrupt:
        took = time.monotonic() - began
    print(json.dumps([took, [one.state for one in client.payments()]]))
"""


def test_ctrl_c_interrupts_it_and_nothing_is_sent(server: Server) -> None:
    took, states = run(INTERRUPTED, KEY, server.url)
    assert took < 30
    assert states == ["released"]
    assert paid(server) == 0


def test_a_client_that_it_holds_is_collected(server: Server) -> None:
    script = """
        import gc, json, sys, weakref
        from blockrun_llm import LLMClient

        key, url = sys.argv[1:]

        def made():
            client = LLMClient(key, url, on_payment=lambda _: client.model == "")
            return weakref.ref(client)

        held = made()
        gc.collect()
        print(json.dumps(held() is None))
    """
    assert run(script, KEY, server.url) is True
