"""Paid calls against the real gateway, over http and https."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support import ADDRESS, KEY, program, started

from blockrun_llm import APIConnectionError, APIError, LLMClient, SpendLimitError


def test_a_call_pays_for_itself(gateway: str) -> None:
    with LLMClient(KEY, gateway) as client:
        assert client.chat("Hello!")
        assert client.chat("openai/gpt-4o", "Hello!")
        answer = client.chat_completion("gpt-4o-mini", [{"role": "user", "content": "Hello!"}])
        assert answer.choices[0].message.content
        assert answer.cost_micro
        assert answer.cost_usd == answer.cost_micro / 1_000_000
        assert answer.payment_scheme == "exact"
        assert answer.settlement is not None
        assert answer.settlement["success"] is True

        payments = client.payments()
        assert [one.state for one in payments] == ["settled"] * 3
        assert payments[2].transaction == answer.settlement["transaction"]
        assert payments[2].amount_usd == answer.cost_usd
        assert (payments[2].model, payments[2].method) == ("gpt-4o-mini", "POST")
        assert payments[2].url == f"{gateway}/v1/chat/completions"
        total = sum(one.amount_micro for one in payments)
        assert client.get_spending() == {
            "total_usd": total / 1_000_000,
            "total_micro": total,
            "calls": 3,
            "reserved_usd": 0.0,
            "reserved_micro": 0,
            "presumed_usd": 0.0,
            "presumed_micro": 0,
        }
        with pytest.raises(AttributeError, match="frozen"):
            payments[0].key = ""  # type: ignore[misc]


def test_a_quote_is_the_price_and_pays_nothing(gateway: str) -> None:
    with LLMClient(KEY, gateway, max_cost_per_call="0.000001") as client:
        quote = client.quote("openai/gpt-4o", "Hello!", max_tokens=500)
        assert quote == client.quote(
            [{"role": "user", "content": "Hello!"}], model=quote.model, max_tokens=500
        )
        assert (quote.model, quote.network) == ("openai/gpt-4o", "eip155:84532")
        assert quote.amount_usd == quote.amount_micro / 1_000_000 > 0
        assert client.payments() == []
    with LLMClient(KEY, gateway, max_cost_per_call=quote.amount_usd) as client:
        messages = [{"role": "user", "content": "Hello!"}]
        answer = client.chat_completion(quote.model, messages, max_tokens=500)
        assert answer.cost_micro == quote.amount_micro
        assert client.payments()[0].payee == quote.payee


def test_models_are_listed(gateway: str) -> None:
    with LLMClient(KEY, gateway) as client:
        ids = [model["id"] for model in client.list_models()]
    assert "openai/gpt-4o-mini" in ids


def test_a_limit_refuses_before_anything_is_sent(gateway: str) -> None:
    with LLMClient(KEY, gateway, max_cost_per_call="0.0005") as client:
        with pytest.raises(SpendLimitError) as caught:
            client.chat("Hello!")
        assert client.payments() == []
    error = caught.value
    assert (error.scope, error.limit_usd, error.limit_micro) == ("call", 0.0005, 500)
    assert error.quoted_micro == round(error.quoted_usd * 1_000_000) >= 1000
    assert (error.payment.state, error.reserved) == ("not_charged", 0.0)


def test_an_unknown_model_is_an_api_error(gateway: str) -> None:
    with LLMClient(KEY, gateway) as client, pytest.raises(APIError) as caught:
        client.chat("openai/gpt-4o-minni", "Hello!")
    assert caught.value.status_code == 400
    assert caught.value.payment.state == "not_charged"
    assert "openai/gpt-4o-mini" in json.dumps(caught.value.response)


def test_a_closed_client_says_so(gateway: str) -> None:
    with LLMClient(KEY, gateway) as client:
        pass
    client.close()
    assert client.get_wallet_address() == ADDRESS
    for call in (client.list_models, client.payments, lambda: client.chat("Hi")):
        with pytest.raises(RuntimeError, match="closed"):
            call()


def test_a_proxy_never_sees_a_payment_on_this_machine(
    gateway: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with LLMClient(KEY, gateway) as client:
        assert client.chat("Hello!")


@pytest.fixture(scope="module")
def fronts(gateway: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Addresses of https listeners before the gateway, and the authority that most trust."""
    ca_file = tmp_path_factory.mktemp("tls") / "ca.pem"
    with started(program("tls-front"), urlsplit(gateway).netloc, ca_file) as line:
        urls = {name: f"{url}/api" for name, url in json.loads(line).items()}
        yield {"ca_file": str(ca_file), **urls}


@pytest.mark.parametrize("version", ["http1", "http2"])
def test_https_with_a_file_of_certificates(
    fronts: dict[str, str], version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for ca_file in (fronts["ca_file"], Path(fronts["ca_file"])):
        with LLMClient(KEY, fronts[version], ca_file=ca_file) as client:
            assert client.chat("Hello!")
    monkeypatch.setenv("SSL_CERT_FILE", fronts["ca_file"])
    with LLMClient(KEY, fronts[version]) as client:
        assert client.chat("Hello!")


@pytest.mark.parametrize("front", ["expired", "wrong_host", "unknown_authority"])
def test_a_bad_certificate_ends_before_anything_is_signed(
    fronts: dict[str, str], front: str
) -> None:
    with LLMClient(KEY, fronts[front], ca_file=fronts["ca_file"]) as client:
        with pytest.raises(APIConnectionError, match="certificate") as caught:
            client.chat("Hello!")
        assert caught.value.payment.state == "not_charged"
        assert client.payments() == []
