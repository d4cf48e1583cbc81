"""Images, any endpoint, balances, signers, API keys: the calls beside chat."""

from __future__ import annotations

import asyncio
import pickle
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from eth_account import Account
from relay import balance, ledger
from support import ADDRESS, ANSWER, CHALLENGE, KEY, answering, free

import blockrun_llm
from blockrun_llm import (
    APIConnectionError,
    APIError,
    AsyncLLMClient,
    ImageResponse,
    LLMClient,
    PaymentError,
    list_image_models,
    list_models,
)

API_KEY = "brk_test_0123456789"
PNG = b"\x89PNG\r\n\x1a\n"


def test_images_are_made_and_paid_for(gateway: str) -> None:
    with LLMClient(KEY, gateway) as client:
        made = client.image(
            "A lighthouse", model="openai/dall-e-3", n=2, response_format="b64_json"
        )
        assert [image.bytes()[:8] for image in made.data] == [PNG, PNG]
        assert made.cost_micro == client.payments()[0].amount_micro
        linked = client.image("A lighthouse", model="openai/dall-e-3", response_format="url")
        assert linked.data[0].url
        with pytest.raises(ValueError, match="not inline"):
            linked.data[0].bytes()
        assert pickle.loads(pickle.dumps(made)) == made
        assert isinstance(
            client.openai.images.generate(prompt="A boat", model="flux"), ImageResponse
        )
        assert {"openai/dall-e-3"} <= {model["id"] for model in client.list_image_models()}
        with pytest.raises(ValueError, match="n: "):
            client.image("A boat", n=11)

    async def use() -> None:
        async with AsyncLLMClient(KEY, gateway) as client:
            again = await client.image(
                "A lighthouse", model="openai/dall-e-3", n=2, response_format="b64_json"
            )
            assert again.data == made.data

    asyncio.run(use())


def test_any_endpoint_is_asked_and_paid_for(gateway: str) -> None:
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello!"}]}
    with LLMClient(KEY, gateway) as client:
        answer = client.request("POST", "/v1/chat/completions", body)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["choices"][0]["message"]["content"] in answer.text
        assert answer.cost_micro == client.payments()[0].amount_micro
        assert answer.settlement
        assert pickle.loads(pickle.dumps(answer)) == answer
        with client.stream("POST", "/v1/chat/completions", {**body, "stream": True}) as events:
            assert events.status_code == 200
            chunks = [event.json() for event in events]
        assert chunks[0]["object"] == "chat.completion.chunk"
        assert events.cost_micro == answer.cost_micro
        assert client.request("GET", "/v1/models").json()["data"]
        # What does not stream is one event.
        [whole] = client.stream("GET", "/v1/models")
        assert whole.json()["data"]
        with pytest.raises(APIError) as caught:
            client.request("GET", "/v1/nothing-of-the-kind")
        assert caught.value.status_code == 404
        for path in ("v1/models", "/v1/../secret", "/v1/models?a=1", "//evil.example"):
            with pytest.raises(ValueError, match="path"):
                client.request("GET", path)
        assert {one.state for one in client.payments()} == {"settled"}

    async def use() -> None:
        async with AsyncLLMClient(KEY, gateway) as client:
            assert (await client.request("POST", "/v1/chat/completions", body)).cost_micro
            stream = await client.stream("POST", "/v1/chat/completions", {**body, "stream": True})
            assert [event.json() async for event in stream] != []

    asyncio.run(use())


def test_an_answer_that_takes_its_time_is_asked_for() -> None:
    replies: Any = iter(
        [
            (402, CHALLENGE),
            (202, {"id": "job-1", "status": "queued", "poll_url": "/api/v1/jobs/job-1"}),
            (202, {"id": "job-1", "status": "in_progress"}),
            (200, {"status": "completed", "data": [{"url": "https://a.example/x"}]}),
        ]
    )
    with answering(lambda _: next(replies)) as server, LLMClient(KEY, server.url) as client:
        made = client.poll("POST", "/v1/videos/generations", {"prompt": "A boat"}, interval=0.01)
        assert made.json()["status"] == "completed"
        assert made.cost_micro == 1000
    payments = [headers.get("x-payment") for headers, _ in server.requests]
    assert payments[0] is None
    assert len(set(payments[1:])) == 1, "the same payment opens the answer"
    assert server.paths[2:] == ["/api/v1/jobs/job-1"] * 2


def test_a_query_is_encoded() -> None:
    with answering(free) as server, LLMClient(KEY, server.url) as client:
        client.request("GET", "/v1/x", params={"q": "a&b", "many": ["1", 2], "no": None})
        with pytest.raises(TypeError, match="params"):
            client.request("GET", "/v1/x", params={"q": {}})
    assert server.paths == ["/api/v1/x?q=a%26b&many=1&many=2"]


def test_the_balance_is_read_from_the_chain_or_is_an_error(gateway: str) -> None:
    with LLMClient(KEY, gateway, rpc_url=ledger(gateway)) as client:
        micro = client.get_balance_micro()
        assert micro == balance(gateway)
        assert client.get_balance() == micro / 1_000_000
    with LLMClient(KEY, gateway, rpc_url="http://127.0.0.1:9/") as client:
        with pytest.raises(APIConnectionError):
            client.get_balance()
        with pytest.raises(ValueError, match="network"):
            client.get_balance("eip155:1")


def test_an_account_of_eth_account_signs(gateway: str) -> None:
    account: Any = Account.from_key(KEY)
    with LLMClient(api_url=gateway, signer=account) as client:
        assert client.get_wallet_address() == ADDRESS
        assert client.chat("Hello!")
        assert [one.state for one in client.payments()] == ["settled"]

    async def use() -> None:
        async with AsyncLLMClient(api_url=gateway, signer=account) as client:
            assert await client.chat("Hello!")

    asyncio.run(use())


class Signer:
    """Signs as eth_account does and gives it in a form, or gives what is no signature."""

    address = ADDRESS

    def __init__(self, signature: Any) -> None:
        self.signature = signature
        self.threads: list[int] = []

    def sign_typed_data(self, **data: Any) -> Any:
        self.threads.append(threading.get_ident())
        if isinstance(self.signature, Exception):
            raise self.signature
        if callable(self.signature):
            return self.signature(Account.from_key(KEY).sign_typed_data(**data).signature)
        return self.signature


def paywall(headers: Mapping[str, str]) -> tuple[int, Any]:
    return (200, ANSWER) if "x-payment" in headers else (402, CHALLENGE)


def as_hex(signature: bytes) -> str:
    return "0x" + bytes(signature).hex()


@pytest.mark.parametrize("form", [bytes, as_hex])
def test_a_signer_gives_bytes_or_hex(form: Any) -> None:
    signer = Signer(form)
    with answering(paywall) as server, LLMClient(api_url=server.url, signer=signer) as client:
        assert client.chat("Hello!") == "ok"
    assert signer.threads == [threading.get_ident()], "the thread that made the call"


@pytest.mark.parametrize(
    ("signature", "said"),
    [
        (b"\1" * 64, "a signature has 65 bytes, the signer's has 64"),
        (5, "expected a signature, got int"),
        ("0xzz", "signer failed: ValueError"),
        (b"\1" * 65, "or of another message"),
        (LookupError("locked"), "signer failed: LookupError: locked"),
    ],
)
def test_without_a_signature_nothing_is_sent(signature: Any, said: str) -> None:
    with answering(paywall) as server:
        signer = Signer(signature)
        with LLMClient(api_url=server.url, signer=signer) as client:
            with pytest.raises(PaymentError, match=said) as caught:
                client.chat("Hello!")
            assert client.get_spending()["reserved_micro"] == 0
        assert caught.value.payment.state == "not_charged"
        assert all("x-payment" not in headers for headers, _ in server.requests)
    if isinstance(signature, Exception):
        assert caught.value.__cause__ is signature


def test_a_signer_that_blocks_does_not_block_the_loop() -> None:
    asked, go_on = threading.Event(), threading.Event()

    class Slow(Signer):
        def sign_typed_data(self, **data: Any) -> Any:
            asked.set()
            go_on.wait(60)
            return super().sign_typed_data(**data)

    class Coroutine(Signer):
        async def sign_typed_data(self, **data: Any) -> Any:
            await asyncio.sleep(0)
            return super().sign_typed_data(**data)

    async def use(url: str) -> None:
        async with AsyncLLMClient(api_url=url, signer=Slow(bytes)) as client:
            call = asyncio.create_task(client.chat("Hello!"))
            while not asked.is_set():
                await asyncio.sleep(0.01)
            go_on.set()
            assert await call == "ok"
        async with AsyncLLMClient(api_url=url, signer=Coroutine(bytes)) as client:
            assert await client.chat("Hello, again!") == "ok"

    with answering(paywall) as server:
        asyncio.run(use(server.url))


def test_an_api_key_is_billed_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(free) as server:
        with LLMClient(API_KEY, server.url) as client:
            assert (client.payment_mode, client.get_wallet_address()) == ("apikey", "")
            assert API_KEY not in repr(client)
            answer = client.chat_completion([{"role": "user", "content": "Hello!"}])
            # The account is billed, and nobody says how much.
            assert (answer.cost_usd, answer.cost_micro, answer.payment_scheme) == (None, None, None)
            assert answer.model_dump()["cost_usd"] is None
            assert client.request("POST", "/v1/x", {}).cost_usd is None
            for wallet_only in (client.get_balance, client.get_spending, client.payments):
                with pytest.raises(ValueError, match="wallet-only"):
                    wallet_only()
        assert server.requests[0][0]["authorization"] == f"Bearer {API_KEY}"
        monkeypatch.setenv("BLOCKRUN_API_KEY", API_KEY)
        with LLMClient(api_url=server.url) as client:
            assert client.payment_mode == blockrun_llm.PAYMENT_MODE_API_KEY
        with LLMClient(KEY, server.url) as client:
            assert client.payment_mode == blockrun_llm.PAYMENT_MODE_WALLET


def test_lists_need_no_wallet(gateway: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {model["id"] for model in list_image_models(gateway)} < {
        model["id"] for model in list_models(gateway)
    }
    models = {"data": [{"id": "m"}]}
    with answering(lambda _: (200, models)) as server:
        monkeypatch.setenv("BLOCKRUN_API_KEY", API_KEY)
        monkeypatch.setenv("BLOCKRUN_API_KEY_URL", server.url)
        assert list_models() == models["data"]
        assert server.requests[0][0]["authorization"] == f"Bearer {API_KEY}"
