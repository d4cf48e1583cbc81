"""LiteLLM's own entry points pay at the practice gateway: once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import litellm
import pytest
from litellm import Router
from litellm.integrations.custom_logger import CustomLogger
from relay import Dark, Losing
from support import KEY, NOBODY, answering

import blockrun_litellm
import blockrun_llm
from blockrun_llm import LLMClient, PaymentRequest
from once import bought, one_transfer
from readme import run_programs_of

MODEL = "blockrun/openai/gpt-4o-mini"
HELLO = [{"role": "user", "content": "Hello!"}]
COUNT = [{"role": "user", "content": "Count to 5"}]
COUNTED = "[practice] 1 2 3 4 5"


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("BLOCKRUN_WALLET_KEY", KEY)
    monkeypatch.setattr(litellm, "custom_provider_map", [])
    blockrun_litellm.register()
    yield
    blockrun_litellm.register()


def text(chunk: Any) -> str:
    return (chunk.choices[0].delta.content or "") if chunk.choices else ""


async def test_every_way_to_ask(gateway: str) -> None:
    asked: dict[str, Any] = {"model": MODEL, "messages": COUNT, "api_base": gateway}
    with bought(gateway, 4):
        one = litellm.completion(**asked)
        two = await litellm.acompletion(**asked)
        texts = "".join(map(text, litellm.completion(**asked, stream=True)))
        stream = await litellm.acompletion(**asked, stream=True)
        texts += "".join([text(chunk) async for chunk in stream])
    assert one.choices[0].message.content == two.choices[0].message.content == COUNTED
    assert texts == COUNTED * 2
    assert one.usage.total_tokens > 5


class Costs(CustomLogger):  # type: ignore[misc]
    """What LiteLLM reports of finished calls."""

    def __init__(self) -> None:
        super().__init__()
        self.costs: list[float] = []

    async def async_log_success_event(self, kwargs: Any, **_: Any) -> None:
        self.costs.append(kwargs["response_cost"])


async def test_litellm_knows_what_it_cost(gateway: str, monkeypatch: pytest.MonkeyPatch) -> None:
    costs = Costs()
    monkeypatch.setattr(litellm, "callbacks", [costs])
    asked: dict[str, Any] = {"model": MODEL, "messages": COUNT, "api_base": gateway}
    answer = await litellm.acompletion(**asked)
    assert answer._hidden_params["response_cost"] == 0.001
    assert answer._hidden_params["blockrun"]["cost_micro"] == 1000
    assert answer._hidden_params["blockrun"]["settlement"]["success"]
    stream = await litellm.acompletion(**asked, stream=True)
    chunks = [chunk async for chunk in stream]
    whole: Any = litellm.stream_chunk_builder(chunks)
    assert whole.choices[0].message.content == COUNTED
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage.completion_tokens >= 5
    for _ in range(1200):
        if len(costs.costs) == 2:
            break
        await asyncio.sleep(0.05)
    assert costs.costs == [0.001, 0.001]


def test_tools_and_forms(gateway: str) -> None:
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}}
    function = {"name": "get_weather", "parameters": parameters}
    asked: dict[str, Any] = {"model": MODEL, "api_base": gateway, "max_tokens": 200}
    tools = [{"type": "function", "function": function}]
    said = [{"role": "user", "content": "get_weather"}]
    answer = litellm.completion(**asked, messages=said, tools=tools, tool_choice="auto")
    message = answer.choices[0].message
    assert message.tool_calls[0].function.arguments == '{"city":"practice"}'
    said += [message, {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "fine"}]
    assert (
        "fine" in litellm.completion(**asked, messages=said, tools=tools).choices[0].message.content
    )
    chunks = list(litellm.completion(**asked, messages=said[:1], tools=tools, stream=True))
    whole: Any = litellm.stream_chunk_builder(chunks)
    assert whole.choices[0].message.tool_calls[0].function.name == "get_weather"
    form = {"type": "json_schema", "json_schema": {"name": "place", "schema": parameters}}
    typed = litellm.completion(**asked, messages=HELLO, response_format=form)
    assert typed.choices[0].message.content == '{"city":"practice"}'


def test_pictures(gateway: str) -> None:
    drawn = litellm.image_generation(
        "A boat",
        model="blockrun/openai/dall-e-3",
        api_base=gateway,
        extra_body={"response_format": "b64_json"},
    )
    assert drawn.data[0].b64_json
    assert drawn._hidden_params["blockrun"]["cost_micro"] == 40_000


@pytest.mark.parametrize("stream", [False, True])
def test_a_lost_answer_is_paid_once(gateway: str, stream: bool) -> None:
    with one_transfer(gateway, Losing(1)) as url:
        answer = litellm.completion(MODEL, COUNT, api_base=url, stream=stream)
        if stream:
            assert "".join(map(text, answer)) == COUNTED


async def test_default_retries_of_the_router_pay_once(gateway: str) -> None:
    """All answers are lost until the client's time is over: the router asks again."""
    with one_transfer(gateway, Dark(2.6)) as url:
        assert router(url).completion("mini", HELLO).choices[0].message.content
    with one_transfer(gateway, Dark(2.6)) as url:
        assert (await router(url).acompletion("mini", HELLO)).choices[0].message.content


def router(url: str) -> Router:
    deployed = {"model": MODEL, "api_base": url, "timeout": 2.0}
    return Router(model_list=[{"model_name": "mini", "litellm_params": deployed}])


def test_retries_of_a_call_pay_once(gateway: str) -> None:
    with one_transfer(gateway, Dark(2.2)) as url:
        asked: dict[str, Any] = {"messages": HELLO, "api_base": url, "timeout": 2.0}
        assert litellm.completion(MODEL, **asked, num_retries=9).choices[0].message.content


@pytest.mark.parametrize("stream", [False, True])
def test_a_key_is_paid_once(gateway: str, stream: bool) -> None:
    asked: dict[str, Any] = {"api_base": gateway, "idempotency_key": f"order-{stream}"}
    with bought(gateway, 1):
        for _ in range(2):
            answer = litellm.completion(MODEL, HELLO, **asked, stream=stream)
            assert not stream or "".join(map(text, answer))


def test_errors_keep_what_they_know(gateway: str) -> None:
    with pytest.raises(litellm.BadRequestError) as wrong:
        litellm.completion("blockrun/no/model", HELLO, api_base=gateway)
    assert wrong.value.payment.state == "not_charged"
    assert isinstance(wrong.value.__cause__, blockrun_llm.APIError)
    with pytest.raises(litellm.APIConnectionError):
        litellm.completion(MODEL, HELLO, api_base=NOBODY)
    with pytest.raises(litellm.BadRequestError, match="private_key"):
        litellm.completion(MODEL, HELLO, api_base=gateway, api_key="0x12")
    blockrun_litellm.register(LLMClient(KEY, gateway, max_cost_per_call="0.0001"))
    with pytest.raises(litellm.APIError) as limit:
        litellm.completion(MODEL, HELLO, stream=True).__next__()
    assert (limit.value.status_code, limit.value.code) == (402, "SPEND_LIMIT")
    assert isinstance(limit.value.__cause__, blockrun_llm.SpendLimitError)


def test_a_payment_that_is_not_agreed_to_is_not_asked_for_again(gateway: str) -> None:
    asked: list[int] = []

    def refuse(payment: PaymentRequest) -> bool:
        asked.append(payment.amount_micro)
        return False

    blockrun_litellm.register(LLMClient(KEY, gateway, on_payment=refuse))
    deployed = {"model_name": "mini", "litellm_params": {"model": MODEL}}
    with pytest.raises(litellm.APIError):
        Router(model_list=[deployed]).completion("mini", HELLO)
    assert asked == [1000]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, litellm.AuthenticationError),
        (403, litellm.PermissionDeniedError),
        (404, litellm.NotFoundError),
        (422, litellm.UnprocessableEntityError),
        (429, litellm.RateLimitError),
        (500, litellm.InternalServerError),
        (418, litellm.APIError),
    ],
)
def test_kinds_by_status(status: int, kind: type[Exception]) -> None:
    refusing = answering(lambda _: (status, {"error": {"message": "no"}}))
    with refusing as server, pytest.raises(kind) as caught:
        litellm.completion(MODEL, HELLO, api_base=server.url)
    assert caught.value.status_code == status  # type: ignore[attr-defined]


def test_the_readme_and_the_examples(gateway: str, monkeypatch: pytest.MonkeyPatch) -> None:
    readme, routed = run_programs_of(Path(__file__).parents[1], gateway, monkeypatch)
    assert "$0.001" in readme
    assert "$0.002 of $0.01" in routed
