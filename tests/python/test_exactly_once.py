"""A call is paid once: under its key, after a retry, after a crash, within a budget of many."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from relay import Relay, balance, ledger, payment
from support import (
    ANSWER,
    CHALLENGE,
    KEY,
    answering,
    printed,
    python,
    run,
    serving,
)

from blockrun_llm import (
    APIError,
    APITimeoutError,
    IdempotencyConflict,
    JournalError,
    LLMClient,
    PaymentOutcomeUnknown,
    Reconciliation,
)

KEYED = """
    import json, sys
    from blockrun_llm import LLMClient

    key, url, name = sys.argv[1:]
    with LLMClient(key, url) as client:
        messages = [{"role": "user", "content": "Hello!"}]
        answer = client.chat_completion(messages, idempotency_key=name)
        print(json.dumps([answer.id, answer.cost_micro, client.journal]))
"""


def test_a_key_pays_once_in_all_processes(gateway: str) -> None:
    before = balance(gateway)
    racing = [python(KEYED, KEY, gateway, "order-1") for _ in range(2)]
    answers = [printed(running) for running in racing]
    answers.append(run(KEYED, KEY, gateway, "order-1"))
    assert answers[0] == answers[1] == answers[2]
    _, cost, journal = answers[0]
    assert (balance(gateway), journal) == (before - cost, "file")
    with LLMClient(KEY, gateway) as client:
        assert client.payments() == []
        [record] = client.payments(scope="home")
        assert (record.state, record.amount_micro, record.key) == ("settled", cost, None)


def test_a_key_of_another_call_is_a_conflict(gateway: str) -> None:
    with LLMClient(KEY, gateway) as client:
        assert client.chat("Hello!", idempotency_key="order-2")
        before = balance(gateway)
        with pytest.raises(IdempotencyConflict, match="order-2") as caught:
            client.chat("Goodbye!", idempotency_key="order-2")
        assert (caught.value.key, caught.value.payment.state) == ("order-2", "not_charged")
        assert balance(gateway) == before
        assert len(client.payments()) == 1


def test_a_lost_answer_is_asked_for_again_with_the_same_payment() -> None:
    paid: list[str] = []

    def answer(headers: Mapping[str, str]) -> tuple[int, Any]:
        if (sent := payment(headers)) is None:
            return 402, CHALLENGE
        paid.append(sent)
        if len(paid) == 1:
            raise ConnectionAbortedError
        return 200, ANSWER

    with answering(answer) as server, LLMClient(KEY, server.url) as client:
        assert client.chat("Hello!") == "ok"
        assert [one.state for one in client.payments()] == ["settled"]
    assert len(paid) == 2
    assert len(set(paid)) == 1


@pytest.mark.parametrize("policy", [None, "resume", "refuse", "new"])
def test_a_plain_retry_takes_up_what_is_unresolved(policy: Any) -> None:
    paid: list[str] = []
    answers = threading.Event()

    def answer(headers: Mapping[str, str]) -> tuple[int, Any]:
        if (sent := payment(headers)) is None:
            return 402, CHALLENGE
        paid.append(sent)
        if not answers.wait(30):
            raise TimeoutError
        return 200, ANSWER

    with (
        answering(answer) as server,
        LLMClient(KEY, server.url, on_unresolved=policy) as client,
    ):
        with pytest.raises(APITimeoutError) as caught:
            client.chat("Hello!", timeout=5)
        assert (caught.value.payment.state, caught.value.key) == (
            "unknown",
            caught.value.payment.key,
        )
        answers.set()
        if policy == "refuse":
            with pytest.raises(PaymentOutcomeUnknown) as refused:
                client.chat("Hello!")
            assert refused.value.key == caught.value.key
            assert client.chat("Hello!", idempotency_key=refused.value.key) == "ok"
        else:
            assert client.chat("Hello!") == "ok"
        states = [one.state for one in client.payments()]
    distinct = 2 if policy == "new" else 1
    assert (len(set(paid)), len(states)) == (distinct, distinct)
    assert states[-1] == "settled"


ASKING = """
    import json, sys
    from blockrun_llm import LLMClient

    key, url = sys.argv[1:]
    with LLMClient(key, url) as client:
        answer = client.chat_completion([{"role": "user", "content": "Hello!"}])
        print(json.dumps([answer.choices[0].message.content, answer.cost_micro]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")
def test_a_killed_process_is_resumed_by_the_next(gateway: str) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def hold(headers: Mapping[str, str]) -> None:
        if payment(headers):
            arrived.set()
            go_on.wait(60)

    before = balance(gateway)
    with serving(Relay(gateway, hold)) as relay:
        killed = python(ASKING, KEY, relay.url)
        # Settled at the gateway, and the answer on its way.
        assert arrived.wait(60)
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        assert killed.returncode == -signal.SIGKILL
        go_on.set()
        with LLMClient(KEY, relay.url) as client:
            assert [one.state for one in client.payments(scope="home")] == ["signed"]
        text, cost = run(ASKING, KEY, relay.url)
        with LLMClient(KEY, relay.url) as client:
            assert [one.state for one in client.payments(scope="home")] == ["settled"]
    assert text
    assert balance(gateway) == before - cost
    assert len(relay.paid) >= 2
    assert len(set(relay.paid)) == 1


FORKING = """
    import json, os, sys
    from blockrun_llm import LLMClient

    key, url = sys.argv[1:]
    client = LLMClient(key, url)
    client.chat("First!")
    child = os.fork()
    if child == 0:
        LLMClient(key, url).chat("Hello!")
        os._exit(1)
    print(child, flush=True)
    os.waitpid(child, 0)
    print(json.dumps(client.chat("Hello!")))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no fork")
def test_a_killed_child_is_resumed_by_its_parent() -> None:
    paid: list[str] = []
    arrived, ended = threading.Event(), threading.Event()

    def answer(headers: Mapping[str, str]) -> tuple[int, Any]:
        if (sent := payment(headers)) is None:
            return 402, CHALLENGE
        paid.append(sent)
        if len(paid) == 2:
            arrived.set()
            ended.wait(60)
        return 200, ANSWER

    with answering(answer) as server:
        running = python(FORKING, KEY, server.url)
        assert running.stdout is not None
        child = int(running.stdout.readline())
        assert arrived.wait(60)
        os.kill(child, signal.SIGKILL)
        assert printed(running) == "ok"
        ended.set()
    first, *same = paid
    assert same == [same[0]] * 2
    assert same[0] != first


SPENDING = """
    import json, sys
    from blockrun_llm import LLMClient, SpendLimitError

    key, url, budget, name = sys.argv[1:]
    paid, scopes = 0, []
    with LLMClient(key, url, max_cost_per_day=budget) as client:
        for number in range(4):
            try:
                client.chat(f"Hello {name} {number}!")
                paid += 1
            except SpendLimitError as error:
                assert error.payment.state == "not_charged"
                assert error.reserved_micro + error.quoted_micro > error.limit_micro
                scopes.append(error.scope)
    print(json.dumps([paid, scopes]))
"""


def test_processes_keep_one_budget(gateway: str) -> None:
    with LLMClient(KEY, gateway) as client:
        price = client.quote("Hello 0 0!")
    before = balance(gateway)
    budget = f"{5 * price.amount_usd:.6f}"
    racing = [python(SPENDING, KEY, gateway, budget, str(number)) for number in range(4)]
    ended = [printed(running) for running in racing]
    assert sum(paid for paid, _ in ended) == 5
    assert [scope for _, scopes in ended for scope in scopes] == ["day"] * 11
    assert balance(gateway) == before - 5 * price.amount_micro


def test_an_answer_is_fetched_again(gateway: str) -> None:
    hello = [{"role": "user", "content": "Hello!"}]
    with LLMClient(KEY, gateway) as client:
        answer = client.chat_completion(hello, idempotency_key="order-3")
        before = balance(gateway)
        for name in ("order-3", client.payments()[0].payment_id):
            again = client.recover(name)
            assert (again.raw, again.cost_micro) == (answer.raw, answer.cost_micro)
        assert balance(gateway) == before
        with pytest.raises(ValueError, match="not in the journal"):
            client.recover("order-4")
        with pytest.raises(TypeError, match="key: expected a str, got int"):
            client.recover(4)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_the_chain_tells_what_became_of_a_payment(gateway: str) -> None:
    go_on = threading.Event()

    def hold(headers: Mapping[str, str]) -> None:
        if payment(headers):
            go_on.wait(30)

    with (
        serving(Relay(gateway, hold)) as relay,
        LLMClient(KEY, relay.url, rpc_url=ledger(gateway)) as client,
    ):
        assert client.reconcile() == Reconciliation(open=0, paid=0, freed=0, unknown=0)
        with pytest.raises(APITimeoutError):
            client.chat("Hello!", timeout=5)
        go_on.set()
        [record] = client.payments(state="unknown")
        assert client.get_spending()["reserved_micro"] == record.amount_micro
        assert client.reconcile() == Reconciliation(open=1, paid=1, freed=0, unknown=0)
        [record] = client.payments()
        assert record.state == "settled"
        assert record.transaction is not None
        assert client.get_spending()["total_micro"] == record.amount_micro


def test_payments_are_filtered(gateway: str) -> None:
    with LLMClient(KEY, gateway) as one, LLMClient(KEY, gateway) as other:
        assert (one.journal, other.journal) == (None, None), "opened when it is needed"
        assert one.chat("Hello!")
        assert one.chat("openai/gpt-4o", "Hello!")
        assert one.journal == "file"
        first, second = one.payments()
        assert other.payments() == []
        assert other.payments(scope="home") == [first, second]
        assert one.payments(model="openai/gpt-4o") == [second]
        assert one.payments(limit=1) == [second]
        assert one.payments(limit=0) == []
        assert one.payments(since=second.created_at + 3600) == []
        assert one.payments(state="settled", origin=gateway) == [first, second]
        assert one.payments(origin="https://a.example") == []


@pytest.fixture
def unusable(tmp_path: Path) -> Path:
    """A wallet home in which nothing can be written, not even by root."""
    (tmp_path / "file").write_text("")
    return tmp_path / "file" / "home"


def test_without_a_journal_no_budget_can_be_kept(gateway: str, unusable: Path) -> None:
    before = balance(gateway)
    for budget in ("max_cost_per_hour", "max_cost_per_day"):
        options: dict[str, Any] = {budget: 1}
        with LLMClient(KEY, gateway, home=unusable, **options) as client:
            with pytest.raises(JournalError, match="Nothing was signed") as caught:
                client.chat("Hello!")
            assert caught.value.payment.state == "not_charged"
    assert balance(gateway) == before


def test_without_a_journal_and_budgets_there_is_one_warning(gateway: str, unusable: Path) -> None:
    with LLMClient(KEY, gateway, home=str(unusable)) as client:
        with pytest.warns(RuntimeWarning, match="in memory only: .* cannot be used") as caught:
            assert client.chat("Hello!")
        assert [warning.filename for warning in caught] == [__file__]
        assert client.chat("Hello!")
        assert client.journal == "memory"
        assert len(client.payments()) == 2


def test_a_warning_that_is_an_error_does_not_cost_the_answer(gateway: str, unusable: Path) -> None:
    script = """
        import json, sys
        from blockrun_llm import LLMClient

        key, url, home = sys.argv[1:]
        print(json.dumps(LLMClient(key, url, home=home).chat("Hello!")))
    """
    running = python(script, KEY, gateway, str(unusable), options=("-W", "error"))
    out, err = running.communicate(timeout=60)
    assert json.loads(out)
    assert "in memory only" in err


def test_a_journal_that_is_damaged_is_not_written_over(gateway: str, tmp_path: Path) -> None:
    journal = tmp_path / "journal.sqlite"
    journal.write_bytes(b"not a database" * 100)
    with (
        LLMClient(KEY, gateway, home=tmp_path, max_cost_per_day=1, durability="power") as client,
        pytest.raises(JournalError, match="cannot be used"),
    ):
        client.chat("Hello!")
    assert journal.read_bytes() == b"not a database" * 100
    assert issubclass(JournalError, Exception)
    assert not issubclass(JournalError, APIError)
