"""Modules under the paths by which users of earlier packages import them."""

from __future__ import annotations

import base64
import importlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from support import ADDRESS, KEY

import blockrun_llm
from blockrun_llm import apikey, validation, x402


@pytest.mark.parametrize(
    "name", ["apikey", "client", "types", "validation", "wallet", "x402", "offline"]
)
def test_what_they_promise_is_there(name: str) -> None:
    module = importlib.import_module(f"blockrun_llm.{name}")
    for public in module.__all__:
        value = getattr(module, public)
        assert getattr(blockrun_llm, public, value) is value


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (validation.validate_private_key, [KEY], [KEY[2:], KEY[:-1], "0x" + "0" * 64, 5, None]),
        (validation.validate_eth_address, [ADDRESS, ADDRESS.lower()], [ADDRESS[:-1], ADDRESS[2:]]),
        (validation.validate_model, ["openai/gpt-4o", "new/model"], ["", " ", None, 5]),
        (validation.validate_max_tokens, [None, 1, 1_000_000], [0, -1, 1_000_001, True, "5", 1.5]),
        (validation.validate_temperature, [None, 0, 2, 1.5], [-0.1, 2.1, float("nan"), True, "1"]),
        (validation.validate_top_p, [None, 0, 1, 0.5], [-0.1, 1.1, float("nan"), False]),
        (
            validation.validate_api_url,
            ["https://a.example/api", "http://localhost:1", "http://[::1]:1"],
            [
                "http://a.example",
                "ftp://localhost",
                "http://localhost:80@evil.example",
                "a.example",
            ],
        ),
    ],
)
def test_checks(check: Callable[[Any], None], good: list[Any], bad: list[Any]) -> None:
    for value in good:
        check(value)
    for value in bad:
        with pytest.raises(ValueError, match=r"\w") as caught:
            check(value)
        assert KEY[2:] not in str(caught.value)


def test_api_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    assert apikey.is_api_key(" brk_a ")
    assert not apikey.is_api_key(KEY)
    assert not apikey.is_api_key(None)
    assert apikey.resolve_api_key() is None
    monkeypatch.setenv(apikey.ENV_API_KEY, "brk_env")
    assert apikey.resolve_api_key() == "brk_env"
    assert apikey.resolve_api_key(" brk_given ") == "brk_given"
    assert apikey.resolve_api_key(KEY) is None
    monkeypatch.setenv(apikey.ENV_API_KEY, "sk-other")
    with pytest.raises(ValueError, match="Invalid BLOCKRUN_API_KEY"):
        apikey.resolve_api_key()


def test_a_402_by_hand() -> None:
    option = {"scheme": "exact", "network": "eip155:8453", "amount": "1000", "payTo": ADDRESS}
    other = {"scheme": "upto", "amount": "5"}
    required = {"x402Version": 2, "accepts": [other, option], "resource": {"url": "u"}}
    header = base64.b64encode(json.dumps(required).encode()).decode()
    assert x402.parse_payment_required(header) == required
    assert x402.parse_payment_required(header.rstrip("=")) == required
    details = x402.extract_payment_details(required)
    assert (details["amount"], details["recipient"]) == ("1000", ADDRESS)
    assert (details["maxTimeoutSeconds"], details["resource"]) == (300, {"url": "u"})
    for bad in ("", "%%%", base64.b64encode(b"[]").decode()):
        with pytest.raises(ValueError, match="invalid format"):
            x402.parse_payment_required(bad)
    no_amount = {**option, "amount": ""}
    accepts: list[Any]
    for accepts in ([], [other], [no_amount]):
        with pytest.raises(ValueError, match="payment"):
            x402.extract_payment_details({"accepts": accepts})
