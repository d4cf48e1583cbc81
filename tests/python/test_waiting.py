"""A waiting call: interrupted by Ctrl-C, beside other threads, across a fork."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support import ANSWER, CHALLENGE, KEY, answering, free, run

from blockrun_llm import LLMClient

INTERRUPTED = """
    import json, os, signal, sys, threading, time
    from blockrun_llm import LLMClient

    key, url = sys.argv[1:]
    delays, states = [], []
    # A busy machine delays some of them: the quickest tells.
    while len(delays) < 5 or (min(delays) >= 0.1 and len(delays) < 50):
        number = len(delays)
        client = LLMClient(key, url, timeout=60)

        def interrupt():
            global sent
            # When the payment is on its way.
            while not any(one.state == "signed" for one in client.payments()):
                time.sleep(0.01)
            sent = time.monotonic()
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt).start()
        try:
            # The same words again would take the interrupted payment up.
            client.chat(f"Hello {number}!")
        except KeyboardInterrupt:
            delays.append(time.monotonic() - sent)
            states.append(client.payments()[0].state)
    print(json.dumps([delays, states]))
"""


def test_ctrl_c_interrupts_a_paid_call_and_its_payment_stays_counted() -> None:
    ended = threading.Event()

    def answer(headers: Mapping[str, str]) -> tuple[int, Any]:
        if "x-payment" not in headers:
            return 402, CHALLENGE
        ended.wait(60)
        return 200, ANSWER

    with answering(answer) as server:
        delays, states = run(INTERRUPTED, KEY, server.url)
        ended.set()
    assert min(delays) < 0.1
    assert max(delays) < 30, "interrupted well before the answer"
    assert states == ["unknown"] * len(delays)


def test_calls_of_threads_wait_at_the_same_time() -> None:
    together = threading.Barrier(4)

    def answer(_: Mapping[str, str]) -> tuple[int, Any]:
        # Nobody is answered until all four are asking.
        together.wait(30)
        return 200, ANSWER

    with (
        answering(answer) as server,
        LLMClient(KEY, server.url) as client,
        ThreadPoolExecutor(4) as threads,
    ):
        assert list(threads.map(client.chat, ["Hello!"] * 4)) == ["ok"] * 4


def test_a_client_is_shared_by_many_threads(gateway: str) -> None:
    with LLMClient(KEY, gateway) as client, ThreadPoolExecutor(8) as threads:
        assert all(threads.map(client.chat, ["Hello!"] * 40))
        spending = client.get_spending()
        assert (spending["calls"], spending["reserved_micro"]) == (40, 0)
        assert spending["total_micro"] == sum(one.amount_micro for one in client.payments())


FORKED = """
    import gc, json, os, signal, sys
    from blockrun_llm import LLMClient

    key, url = sys.argv[1:]
    client = LLMClient(key, url)
    assert client.chat("Hello!") == "ok"
    read, write = os.pipe()
    if os.fork() == 0:
        signal.alarm(30)  # instead of hanging for ever
        try:
            client.chat("Hello!")
        except RuntimeError as error:
            told = str(error)
        new = LLMClient(key, url)
        answer = new.chat("Hello!")
        del client
        gc.collect()
        os.write(write, json.dumps([told, answer]).encode())
        os._exit(0)
    _, status = os.wait()
    print(json.dumps([status, json.loads(os.read(read, 1000)), client.chat("Hello!")]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no fork")
def test_a_client_refuses_to_work_after_a_fork() -> None:
    with answering(free) as server:
        status, (told, in_the_child), in_the_parent = run(FORKED, KEY, server.url)
    assert status == 0
    assert "made before the process forked" in told
    assert (in_the_child, in_the_parent) == ("ok", "ok")


def test_the_key_is_never_shown() -> None:
    script = """
        import json, pickle, sys
        from blockrun_llm import LLMClient, BlockrunError, offline

        key, url = sys.argv[1:]
        shown = []
        with LLMClient(key, url) as client:
            shown += [repr(client), str(client), repr(client.payments()), dir(client)]
            for call in (client.chat, pickle.dumps, vars):
                try:
                    call("Hi" if call == client.chat else client)
                except Exception as error:
                    shown += [repr(error), str(error), repr(error.__dict__)]
        for bad in (key[:-1], key + "0", key[:-1] + "g", "0x" + key, key.replace("0x", "x")):
            for make in (LLMClient, lambda key: offline.sign_authorization(key, "base", {})):
                try:
                    make(bad)
                except ValueError as error:
                    shown += [repr(error), str(error)]
        print(json.dumps([str(one) for one in shown]))
    """
    with answering(lambda _: (402, CHALLENGE)) as server:
        shown = run(script, KEY, server.url)
    assert len(shown) > 15
    assert not [one for one in shown if KEY[4:40].lower() in one.lower()]
    assert shown[0].startswith("LLMClient(address='0xf39F")
