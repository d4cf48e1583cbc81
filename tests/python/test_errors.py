"""One class for each kind of error, and what each says."""

from __future__ import annotations

import builtins
import json
import pickle
from typing import Any

import pytest
from support import ANSWER, CHALLENGE, KEY, NOBODY, ROOT, answering

import blockrun_llm
from blockrun_llm import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    BlockrunError,
    LLMClient,
    PaymentError,
    PaymentRefused,
    SpendLimitError,
)


def named(name: str) -> type[BaseException]:
    found: type[BaseException] = getattr(blockrun_llm, name, None) or getattr(builtins, name)
    return found


def test_the_error_table() -> None:
    rows: list[dict[str, Any]] = json.loads((ROOT / "tests/vectors/errors.json").read_text())
    ours = {row["python"] for row in rows} & set(blockrun_llm.__all__)
    for row in rows:
        kind = named(row["python"])
        parents = tuple(named(parent) for parent in row["python_parents"])
        assert issubclass(kind, parents)
        assert all(issubclass(kind, parent) for parent in parents), row
        if issubclass(kind, BlockrunError):
            assert kind.code == row["code"]
        else:
            assert kind is ValueError
    print(f"errors.json: ran {len(rows)} of {len(rows)}")  # noqa: T201
    exported = {
        name
        for name in blockrun_llm.__all__
        if isinstance(kind := getattr(blockrun_llm, name), type) and issubclass(kind, BlockrunError)
    }
    assert exported - ours == {"BlockrunError"}


def test_constructors_are_those_of_the_published_package() -> None:
    api = APIError("no", 429, {"message": "slow down"}, "1.5")
    assert (api.status_code, api.response, api.retry_after) == (
        429,
        {"message": "slow down"},
        "1.5",
    )
    assert api.retry_after_seconds == 1.5
    assert APIError("no", 500, None, "Fri, 31 Dec 1999").retry_after_seconds is None
    payment = PaymentError("no", status_code=402, response={"a": 1})
    assert (str(payment), payment.status_code, payment.response) == ("no", 402, {"a": 1})
    limit = SpendLimitError("no", quoted_usd=0.3, limit_usd=0.1, scope="session")
    assert (limit.quoted_usd, limit.limit_usd, limit.scope) == (0.3, 0.1, "session")
    assert (limit.quoted_micro, limit.limit_micro, limit.reserved) == (300_000, 100_000, 0.0)


@pytest.mark.parametrize(
    "error",
    [
        APIError("no", 429, {"a": 1}, "1"),
        APITimeoutError("late", 0),
        APIConnectionError("gone", 0),
        PaymentError("no", status_code=402),
        PaymentRefused("no"),
        SpendLimitError("no", quoted_usd=0.3, limit_usd=0.1, scope="call"),
    ],
)
def test_errors_can_be_pickled(error: BlockrunError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.args) == (type(error), str(error), error.args)
    assert again.__dict__ == error.__dict__


def test_a_dead_address_is_a_connection_error() -> None:
    with LLMClient(KEY, NOBODY) as client, pytest.raises(ConnectionError) as caught:
        client.chat("Hi")
    error = caught.value
    assert isinstance(error, APIConnectionError)
    assert (error.code, error.status_code, error.key) == ("API_CONNECTION", 0, None)
    assert error.payment.state == "not_charged"
    assert error.errno is None
    assert pickle.loads(pickle.dumps(error)).payment == error.payment


def test_an_answer_with_an_error_is_told_whole() -> None:
    said = {"error": {"message": "slow down", "type": "rate_limit"}}
    with answering(lambda _: (429, said)) as server, LLMClient(KEY, server.url) as client:
        with pytest.raises(APIError, match="429: slow down") as caught:
            client.chat("Hi")
        server.answer = lambda _: (500, "<html>")
        with pytest.raises(APIError, match="500") as other:
            client.list_models()
    assert (caught.value.status_code, caught.value.response) == (429, said)
    assert caught.value.reason == "slow down"
    assert other.value.response == "<html>"


def test_an_error_after_sending_says_where_the_money_is() -> None:
    replies = iter([(402, CHALLENGE), (402, {"error": "insufficient_funds"})])
    with answering(lambda _: next(replies)) as server, LLMClient(KEY, server.url) as client:
        with pytest.raises(PaymentRefused) as caught:
            client.chat("Hi")
        [record] = client.payments()
        assert client.get_spending()["reserved_micro"] == 1000
    error = caught.value
    assert (error.payment.state, record.state) == ("refused", "refused")
    assert (error.payment.at_risk_micro, error.payment.at_risk_usd) == (1000, 0.001)
    assert error.payment.live_until == record.valid_before
    assert error.key == record.key
    again = pickle.loads(pickle.dumps(error))
    assert (again.payment, again.key, again.__dict__) == (error.payment, error.key, error.__dict__)


def test_a_deadline_after_sending_leaves_the_outcome_open() -> None:
    replies = iter([(402, CHALLENGE)])
    with (
        answering(lambda _: next(replies, (503, ANSWER))) as server,
        LLMClient(KEY, server.url, timeout=4.0) as client,
    ):
        with pytest.raises(APIError, match="503") as caught:
            client.chat("Hi")
        [record] = client.payments()
    assert (caught.value.payment.state, record.state) == ("unknown", "unknown")
    assert (caught.value.payment.nonce, caught.value.payment.key) == (record.nonce, record.key)
    assert "state='unknown'" in repr(caught.value.payment)
    assert "None" not in repr(caught.value.payment)
