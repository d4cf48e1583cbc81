"""Bad arguments are found, and named, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from support import ADDRESS, KEY, Server, answering, free

from blockrun_llm import LLMClient

HI = [{"role": "user", "content": "Hi"}]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with answering(free) as server:
        yield server


def make(**options: Any) -> LLMClient:
    options.setdefault("private_key", KEY)
    return LLMClient(**options)


@pytest.mark.parametrize(
    ("options", "kind", "text"),
    [
        ({"private_key": None}, ValueError, "No credential configured"),
        ({"private_key": 5}, TypeError, "private_key: expected a str, got int"),
        ({"private_key": KEY[:-1]}, ValueError, "must be 66 characters"),
        (
            {"private_key": "brk_"},
            ValueError,
            "Invalid API key: expected a key starting with 'brk_'",
        ),
        ({"signer": "me"}, ValueError, "signer: give either a signer or a private_key"),
        ({"private_key": None, "signer": "me"}, TypeError, "signer: expected an object"),
        ({"api_url": b"https://a.example"}, TypeError, "api_url: expected a str, got bytes"),
        ({"api_url": "http://a.example"}, ValueError, "api_url"),
        ({"api_url": "http://localhost:80@evil.example"}, ValueError, "api_url"),
        ({"timeout": "5"}, TypeError, "timeout: expected a float, got str"),
        ({"timeout": True}, TypeError, "timeout: expected a float, got bool"),
        ({"timeout": 0}, ValueError, "timeout"),
        ({"timeout": float("nan")}, ValueError, "timeout"),
        ({"max_cost_per_call": "0.0000001"}, ValueError, "max_cost_per_call: .* 6 decimals"),
        ({"max_cost_per_call": Decimal("NaN")}, ValueError, "max_cost_per_call"),
        ({"max_cost_per_call": -1}, ValueError, "max_cost_per_call"),
        ({"max_cost_per_call": 0}, ValueError, "max_cost_per_call"),
        ({"max_session_cost": True}, TypeError, "max_session_cost: expected dollars"),
        ({"max_session_cost": [1]}, TypeError, "max_session_cost: expected dollars"),
        ({"search_timeout": 10.0}, ValueError, "search_timeout: 10.0 is not available"),
        ({"transaction_log": True}, ValueError, "transaction_log: True is not available"),
        ({"payment_scheme": "auto"}, ValueError, "payment_scheme: 'auto' is not available"),
        ({"model": " "}, ValueError, "model"),
        ({"max_cost_per_hour": 0}, ValueError, "max_cost_per_hour"),
        ({"max_cost_per_day": True}, TypeError, "max_cost_per_day: expected dollars"),
        ({"on_payment": "yes"}, TypeError, "on_payment: expected a callable, got str"),
        ({"prepay": "always"}, ValueError, 'prepay: "always" is not one of "auto", "off"'),
        ({"payees": []}, ValueError, "payees: is empty, so nobody could be paid"),
        ({"payees": ["0x12"]}, ValueError, 'payees: "0x12" is no address'),
        ({"payees": 5}, TypeError, "payees: expected a str or a list of str, got int"),
        ({"on_unresolved": "retry"}, ValueError, 'on_unresolved: "retry" is not one of "resume", '),
        ({"on_unresolved": 5}, TypeError, "on_unresolved: expected a str, got int"),
        ({"durability": "disk"}, ValueError, 'durability: "disk" is not one of "process", "power"'),
        ({"rpc_url": "http://a.example"}, ValueError, "rpc_url"),
        ({"home": 5}, TypeError, "home: expected a str or os.PathLike, got int"),
        ({"ca_file": 5}, TypeError, "ca_file"),
        ({"ca_file": "missing.pem"}, ValueError, "ca_file: missing.pem"),
    ],
)
def test_a_bad_option_is_named(options: dict[str, Any], kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        make(**options)


def test_options_by_position_are_those_of_the_published_package() -> None:
    client = LLMClient(KEY, "https://a.example/api/", 60.0, 300.0, False, 0.5, 2.0, "exact")
    assert (client.api_url, client.timeout) == ("https://a.example/api", 60.0)
    assert (client.model, client.payment_mode) == ("openai/gpt-4o-mini", "wallet")
    assert client.get_wallet_address() == ADDRESS


def test_the_environment_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE_CHAIN_WALLET_KEY", "0x" + "42" * 32)
    assert LLMClient().get_wallet_address() != ADDRESS
    monkeypatch.setenv("BLOCKRUN_WALLET_KEY", KEY[2:])
    monkeypatch.setenv("BLOCKRUN_API_URL", "https://b.example")
    monkeypatch.setenv("BLOCKRUN_CHAT_TIMEOUT", "7.5")
    client = LLMClient()
    assert client.get_wallet_address() == ADDRESS
    assert (client.api_url, client.timeout) == ("https://b.example", 7.5)
    monkeypatch.setenv("BLOCKRUN_MAX_COST_PER_CALL", "a dollar")
    with pytest.raises(ValueError, match="BLOCKRUN_MAX_COST_PER_CALL"):
        LLMClient()


@pytest.mark.parametrize(
    "dollars", [1, 0.1, "0.1", Decimal("0.1"), Decimal("1E-6"), Decimal("1E+2")]
)
def test_dollars_come_in_every_exact_form(dollars: object) -> None:
    make(max_cost_per_call=dollars, max_session_cost=dollars).close()


@pytest.mark.parametrize(
    ("options", "kind", "text"),
    [
        ({"max_tokens": True}, TypeError, "max_tokens: expected an int, got bool"),
        ({"max_tokens": "5"}, TypeError, "max_tokens: expected an int, got str"),
        ({"max_tokens": 5.0}, TypeError, "max_tokens: expected an int, got float"),
        ({"max_tokens": 0}, ValueError, "max_tokens: 0 is too small"),
        ({"max_tokens": -1}, ValueError, "max_tokens: -1 is out of range"),
        ({"max_tokens": 2**64}, ValueError, "max_tokens: 18446744073709551616 is out of range"),
        ({"max_tokens": 1_000_001}, ValueError, "max_tokens: 1000001 is implausibly large"),
        ({"temperature": "1"}, TypeError, "temperature: expected a float, got str"),
        ({"temperature": False}, TypeError, "temperature: expected a float, got bool"),
        ({"temperature": 2.1}, ValueError, "temperature"),
        ({"temperature": float("nan")}, ValueError, "temperature"),
        ({"temperature": 10**400}, ValueError, "temperature: 10+ is out of range"),
        ({"top_p": -0.1}, ValueError, "top_p"),
        ({"n": 0}, ValueError, "n: 0 is too small"),
        ({"stop": 5}, TypeError, "stop: expected a str or a list of str, got int"),
        ({"stop": ["a", 5]}, TypeError, r"stop\[1\]: expected a str, got int"),
        ({"stop": ["a"] * 5}, ValueError, "stop"),
        ({"model": 5}, TypeError, "model: expected a str, got int"),
        ({"model": ""}, ValueError, "Model must be a non-empty string"),
        ({"system": 5}, TypeError, "system: expected a str, got int"),
        ({"timeout": "5"}, TypeError, "timeout"),
        ({"tools": {1, 2}}, TypeError, "tools: a value of type set is not JSON"),
        ({"response_format": {"a": float("inf")}}, ValueError, "response_format"),
        ({"seed": b"1"}, TypeError, "seed: a value of type bytes is not JSON"),
        ({"stream": True}, ValueError, "stream"),
        ({"search": "on"}, TypeError, "search: expected a bool, got str"),
        ({"fallback_models": ["m", ""]}, ValueError, "fallback_models"),
        ({"idempotency_key": 5}, TypeError, "idempotency_key: expected a str, got int"),
    ],
)
def test_a_bad_argument_is_named_and_nothing_is_sent(
    server: Server, options: dict[str, Any], kind: type[Exception], text: str
) -> None:
    server.requests.clear()
    with make(api_url=server.url) as client:
        for call in (client.chat_completion, client.quote):
            with pytest.raises(kind, match=text):
                call(HI, **options)
        with pytest.raises(kind, match=text):
            client.chat("Hi", **options)
    assert server.requests == []


@pytest.mark.parametrize("key", ["", " ", "k" * 256])
def test_a_key_is_a_short_name(server: Server, key: str) -> None:
    server.requests.clear()
    with make(api_url=server.url) as client, pytest.raises(ValueError, match="idempotency_key"):
        client.chat("Hi", idempotency_key=key)
    assert server.requests == []


@pytest.mark.parametrize(
    ("method", "args", "kwargs", "kind", "text"),
    [
        ("chat", (), {}, TypeError, r"chat\(\) needs a prompt"),
        ("chat", (None,), {}, TypeError, r"chat\(\) needs a prompt"),
        ("chat", (5,), {}, TypeError, "prompt: expected a str, got int"),
        ("chat", ("\ud800",), {}, ValueError, "prompt: is not valid Unicode"),
        ("chat", ("m", "p", 5), {}, TypeError, "at most 2 positional arguments, got 3"),
        ("chat", ("m", "p"), {"model": "x"}, TypeError, "unexpected 'model'"),
        ("chat", ("m", "p"), {"prompt": "x"}, TypeError, "unexpected 'prompt'"),
        ("chat", ("p",), {"messages": HI}, TypeError, "unexpected 'messages'"),
        ("chat_completion", (), {}, TypeError, "needs messages"),
        ("chat_completion", ("Hi",), {}, TypeError, "messages: expected a list .* got str"),
        ("chat_completion", ("m", {}), {}, TypeError, "messages: expected a list .* got dict"),
        ("chat_completion", ([],), {}, ValueError, "messages: is empty"),
        ("chat_completion", (["Hi"],), {}, ValueError, r"messages\[0\]"),
        ("chat_completion", ([{"role": {1}}],), {}, TypeError, "messages: .* set is not JSON"),
        ("chat_completion", (HI,), {"prompt": "p"}, TypeError, "unexpected 'prompt'"),
        ("quote", (), {}, TypeError, r"quote\(\) needs a prompt"),
    ],
)
def test_what_is_asked_has_to_be_clear(
    server: Server,
    method: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    kind: type[Exception],
    text: str,
) -> None:
    server.requests.clear()
    with make(api_url=server.url) as client, pytest.raises(kind, match=text):
        getattr(client, method)(*args, **kwargs)
    assert server.requests == []


@pytest.mark.parametrize(
    ("args", "kwargs", "model"),
    [
        (("p",), {}, "openai/gpt-4o-mini"),
        (("p",), {"model": "m"}, "m"),
        (("m", "p"), {}, "m"),
        (("m",), {"prompt": "p"}, "m"),
        ((), {"prompt": "p"}, "openai/gpt-4o-mini"),
        ((), {"prompt": "p", "model": "m"}, "m"),
        (("p",), {"model": None, "temperature": None, "seed": None, "search": None}, None),
    ],
)
def test_every_form_of_chat_asks_the_same(
    server: Server, args: tuple[str, ...], kwargs: dict[str, Any], model: str | None
) -> None:
    server.requests.clear()
    messages = [{"role": "user", "content": "p"}]
    with make(api_url=server.url) as client:
        assert client.chat(*args, **kwargs) == "ok"
    [(headers, body)] = server.requests
    asked = model or "openai/gpt-4o-mini"
    assert body == {"model": asked, "messages": messages, "max_tokens": 1024}
    assert headers["user-agent"].startswith("blockrun-python/")


@pytest.mark.parametrize(
    ("asked", "kind", "text"),
    [
        ({"scope": "wallet"}, ValueError, 'scope: "wallet" is not one of "client", "home"'),
        ({"state": "paid"}, ValueError, 'state: "paid" is not one of "reserved", '),
        ({"since": 1.5}, TypeError, "since: expected an int, got float"),
        ({"model": 5}, TypeError, "model: expected a str, got int"),
        ({"origin": "a.example"}, ValueError, "origin: .* is not a URL"),
        ({"limit": True}, TypeError, "limit: expected an int, got bool"),
        ({"limit": -1}, ValueError, "limit: -1 is out of range"),
    ],
)
def test_a_bad_filter_is_named(asked: dict[str, Any], kind: type[Exception], text: str) -> None:
    with make() as client, pytest.raises(kind, match=text):
        client.payments(**asked)


def test_every_option_arrives(server: Server) -> None:
    server.requests.clear()
    with make(api_url=server.url, model="mine") as client:
        answer = client.chat_completion(HI)
        messages = [
            *HI,
            answer.choices[0].message,
            {"role": "user", "content": "é\u2028🦀", "x": 1},
        ]
        client.chat_completion(
            messages,
            system="Be brief.",
            max_tokens=5,
            temperature=1,
            top_p=0.5,
            n=2,
            stop=("a", "b"),
            tools=[{"type": "function", "function": {"name": "f"}}],
            tool_choice="auto",
            response_format={"type": "json_object"},
            seed=7,
            logit_bias={"1": 0.5},
            timeout=5.5,
        )
    body = server.requests[1][1]
    assert body.pop("messages") == [
        {"role": "system", "content": "Be brief."},
        *HI,
        {"role": "assistant", "content": "ok", "refusal": None},
        {"role": "user", "content": "é\u2028🦀", "x": 1},
    ]
    assert body == {
        "model": "mine",
        "max_tokens": 5,
        "temperature": 1.0,
        "top_p": 0.5,
        "n": 2,
        "stop": ["a", "b"],
        "tools": [{"type": "function", "function": {"name": "f"}}],
        "tool_choice": "auto",
        "response_format": {"type": "json_object"},
        "seed": 7,
        "logit_bias": {"1": 0.5},
    }
