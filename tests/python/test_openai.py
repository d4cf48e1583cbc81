"""OpenAI's own package, with its default retries, pays through a transport of ours: once."""

from __future__ import annotations

import asyncio

import httpx
import httpx2
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam
from relay import Losing, Relay, balance
from support import KEY, NOBODY, serving

import blockrun_llm.httpx
import blockrun_llm.httpx2
from blockrun_llm import AsyncLLMClient, ChatStream, LLMClient

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Hello!"}]


def package(client: LLMClient) -> openai.OpenAI:
    transport = blockrun_llm.httpx2.BlockrunTransport(client)
    return openai.OpenAI(
        base_url=client.base_url,
        api_key="blockrun",
        http_client=httpx2.Client(transport=transport),
    )


def async_package(client: AsyncLLMClient) -> openai.AsyncOpenAI:
    transport = blockrun_llm.httpx2.AsyncBlockrunTransport(client)
    return openai.AsyncOpenAI(
        base_url=client.base_url,
        api_key="blockrun",
        http_client=httpx2.AsyncClient(transport=transport),
    )


def test_it_pays_for_chats_and_streams(gateway: str) -> None:
    with LLMClient(KEY, gateway) as client, package(client) as ai:
        answer = ai.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
        assert answer.choices[0].message.content
        with ai.chat.completions.create(model="gpt-4o-mini", messages=HELLO, stream=True) as stream:
            text = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
        assert text == answer.choices[0].message.content
        assert ai.models.list().data
        with pytest.raises(openai.BadRequestError):
            ai.chat.completions.create(model="gpt-4o-mini", messages=[])
        assert [one.state for one in client.payments()] == ["settled"] * 2


def test_it_pays_in_asyncio(gateway: str) -> None:
    async def use() -> None:
        async with AsyncLLMClient(KEY, gateway) as client, async_package(client) as ai:
            answer = await ai.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
            stream = await ai.chat.completions.create(
                model="gpt-4o-mini", messages=HELLO, stream=True
            )
            texts = [chunk.choices[0].delta.content or "" async for chunk in stream]
            assert "".join(texts) == answer.choices[0].message.content
            assert [one.state for one in await client.payments()] == ["settled"] * 2

    asyncio.run(use())


def test_httpx_itself(gateway: str) -> None:
    with (
        LLMClient(KEY, gateway) as client,
        httpx.Client(
            transport=blockrun_llm.httpx.BlockrunTransport(client), base_url=client.base_url
        ) as web,
    ):
        body = {"model": "gpt-4o-mini", "messages": HELLO}
        assert web.post("/chat/completions", json=body).json()["choices"]
        with web.stream("POST", "/chat/completions", json={**body, "stream": True}) as stream:
            assert list(stream.iter_lines())[-2:] == ["data: [DONE]", ""]
        with pytest.raises(ValueError, match="this client pays at"):
            web.get("http://127.0.0.1:9/api/v1/models")
        with pytest.raises(ValueError, match="this client pays at"):
            web.get(f"{client.api_url}-elsewhere/v1/models")

    async def use() -> None:
        async with AsyncLLMClient(KEY, gateway) as client:
            transport = blockrun_llm.httpx.AsyncBlockrunTransport(client)
            async with httpx.AsyncClient(transport=transport, base_url=client.base_url) as web:
                assert (await web.get("/models")).json()["data"]

    asyncio.run(use())


@pytest.mark.parametrize("stream", [False, True])
def test_a_lost_answer_is_paid_once(gateway: str, stream: bool) -> None:
    before = balance(gateway)
    with (
        serving(Relay(gateway, Losing(1))) as relay,
        LLMClient(KEY, relay.url) as client,
        package(client) as ai,
    ):
        answer = ai.chat.completions.create(model="gpt-4o-mini", messages=HELLO, stream=stream)
        if isinstance(answer, openai.Stream):
            assert "".join(chunk.choices[0].delta.content or "" for chunk in answer)
        else:
            assert answer.choices[0].message.content
        [record] = client.payments()
        assert (len(relay.paid), len(set(relay.paid))) == (2, 1)
    assert before - balance(gateway) == record.amount_micro


def test_answers_that_stay_lost_are_no_reason_to_pay_again(gateway: str) -> None:
    before, losing = balance(gateway), Losing(1000)
    with (
        serving(Relay(gateway, losing)) as relay,
        LLMClient(KEY, relay.url, timeout=6) as client,
        package(client) as ai,
    ):
        with pytest.raises(openai.APIStatusError) as caught:
            ai.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
        assert caught.value.response.headers["x-should-retry"] == "false"
        assert caught.value.response.json()["error"]["payment"]["state"] == "unknown"
        losing.left = 0
        # What an application, or a framework around it, does then.
        assert ai.chat.completions.create(model="gpt-4o-mini", messages=HELLO).choices
        [record] = client.payments()
        assert len(set(relay.paid)) == 1
    assert before - balance(gateway) == record.amount_micro


def test_in_asyncio_a_lost_answer_is_paid_once(gateway: str) -> None:
    async def use(url: str) -> int:
        async with AsyncLLMClient(KEY, url) as client, async_package(client) as ai:
            answer = await ai.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
            assert answer.choices
            [record] = await client.payments()
            return record.amount_micro

    before = balance(gateway)
    with serving(Relay(gateway, Losing(1))) as relay:
        amount = asyncio.run(use(relay.url))
        assert (len(relay.paid), len(set(relay.paid))) == (2, 1)
    assert before - balance(gateway) == amount


def test_what_the_host_calls_a_retry_takes_the_call_up(gateway: str) -> None:
    """A proxy or a pool between the host and us may lose an answer that we have given."""
    before = balance(gateway)
    with LLMClient(KEY, gateway) as client:
        transport = blockrun_llm.httpx2.BlockrunTransport(client)
        lost: list[httpx2.Response] = []

        def lose_first(request: httpx2.Request) -> httpx2.Response:
            answer = transport.handle_request(request)
            if not lost:
                lost.append(answer)
                raise httpx2.ReadError("lost", request=request)
            return answer

        with openai.OpenAI(
            base_url=client.base_url,
            api_key="blockrun",
            http_client=httpx2.Client(transport=httpx2.MockTransport(lose_first)),
        ) as ai:
            answer = ai.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
        assert answer.to_dict() == lost[0].json()
        [record] = client.payments()
    assert before - balance(gateway) == record.amount_micro


def test_a_dead_address_is_a_connection_error_of_the_package() -> None:
    with LLMClient(KEY, NOBODY) as client, package(client) as ai:
        with pytest.raises(openai.APIConnectionError) as caught:
            ai.with_options(max_retries=0).models.list()
        assert isinstance(caught.value.__cause__, httpx2.ConnectError)


def test_our_own_surface_of_the_same_shape(gateway: str) -> None:
    with LLMClient(KEY, gateway) as client:
        create = client.openai.chat.completions.create
        answer = create(model="gpt-4o-mini", messages=HELLO, extra_body={"seed": 7}, n=1)
        stream = create(model="gpt-4o-mini", messages=HELLO, stream=True)
        assert isinstance(stream, ChatStream)
        assert "".join(chunk.text for chunk in stream) == answer.text
        assert answer.cost_micro == stream.cost_micro
        models = client.openai.models.list()
        assert [model.id for model in models] == [one["id"] for one in client.list_models()]
        with pytest.raises(ValueError, match="extra_headers"):
            create(model="gpt-4o-mini", messages=HELLO, extra_headers={"a": "b"})

    async def use() -> None:
        async with AsyncLLMClient(KEY, gateway) as client:
            completions = client.openai.chat.completions
            answer = await completions.create(model="gpt-4o-mini", messages=HELLO)
            stream = await completions.create(model="gpt-4o-mini", messages=HELLO, stream=True)
            assert "".join([chunk.text async for chunk in stream]) == answer.text
            assert (await client.openai.models.list()).data

    asyncio.run(use())
