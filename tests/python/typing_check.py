"""What type checkers make of the public API: checked, never run."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from typing_extensions import assert_type

from blockrun_llm import (
    APIError,
    ApiResponse,
    AsyncChatStream,
    AsyncLLMClient,
    BlockrunError,
    ChatChoice,
    ChatChunkToolCall,
    ChatCompletionChunk,
    ChatMessage,
    ChatResponse,
    ChatStream,
    EventStream,
    ImageResponse,
    LLMClient,
    PaymentRecord,
    PaymentRequest,
    PaymentState,
    Quote,
    Reconciliation,
    ServerEvent,
    Spending,
    SpendLimitError,
    ToolCall,
)


def clients() -> None:
    LLMClient()
    LLMClient("0x", "https://a.example", 60, None, None, 0.5, "2.5", "exact")
    LLMClient(private_key="0x", max_cost_per_call=Decimal("0.1"), ca_file=Path("ca.pem"))
    LLMClient(timeout="60")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with LLMClient() as client:
        assert_type(client, LLMClient)
        assert_type(client.payment_mode, Literal["wallet", "apikey"])
        assert_type(client.journal, Literal["file", "memory"] | None)


def approval() -> None:
    def agree(payment: PaymentRequest) -> bool:
        assert_type(payment.amount_micro, int)
        assert_type(payment.amount_usd, float)
        assert_type(payment.model, str | None)
        return payment.amount_micro < 1000

    async def later(_: PaymentRequest) -> bool:
        return True

    LLMClient(on_payment=agree, max_cost_per_day=5, home=Path("home"), on_unresolved="refuse")
    LLMClient(on_payment=print)
    LLMClient(on_payment=later)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    LLMClient(durability="disk")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def calls(client: LLMClient) -> None:
    assert_type(client.chat("Hi"), str)
    assert_type(client.chat("Hi", model="m", temperature=1, seed=7), str)
    assert_type(client.chat("m", "Hi", system="s"), str)
    assert_type(client.chat(prompt="Hi", model="m"), str)
    messages = [{"role": "user", "content": "Hi"}]
    answer = client.chat_completion("m", messages, tools=[{}], stop=["a"])
    assert_type(answer, ChatResponse)
    assert_type(client.chat_completion(messages), ChatResponse)
    assert_type(client.chat_completion([*messages, answer.choices[0].message]), ChatResponse)
    assert_type(client.quote("Hi"), Quote)
    assert_type(client.quote("m", messages, max_tokens=5), Quote)
    assert_type(client.list_models(), list[dict[str, Any]])
    assert_type(client.payments(), list[PaymentRecord])
    assert_type(client.payments(scope="home", state="settled", limit=5), list[PaymentRecord])
    assert_type(client.reconcile(), Reconciliation)
    assert_type(client.recover("k"), ChatResponse)
    assert_type(client.chat("Hi", idempotency_key="k"), str)
    assert_type(client.get_spending(), Spending)
    client.chat()  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    client.chat("Hi", max_tokens="5")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]


def more_calls(client: LLMClient) -> None:
    messages = [{"role": "user", "content": "Hi"}]
    stream = client.chat_completion_stream("m", messages, search=True, fallback_models=["a"])
    assert_type(stream, ChatStream)
    for chunk in stream:
        assert_type(chunk, ChatCompletionChunk)
        assert_type(chunk.choices[0].delta.tool_calls, tuple[ChatChunkToolCall, ...] | None)
        assert_type(chunk.cost_usd, float | None)
    assert_type(stream.response(), ChatResponse)
    with client.stream("POST", "/v1/x", {"stream": True}) as events:
        assert_type(events, EventStream)
        assert_type(next(events), ServerEvent)
    assert_type(client.image("A boat", size="512x512", n=2, response_format="url"), ImageResponse)
    assert_type(client.image("A boat").data[0].url, str | None)
    assert_type(client.request("GET", "/v1/x", params={"limit": 5}), ApiResponse)
    assert_type(client.get_balance(), float)
    assert_type(client.get_balance_micro(), int)
    create = client.openai.chat.completions.create
    assert_type(create(model="m", messages=messages, seed=1), ChatResponse)
    assert_type(create(model="m", messages=messages, stream=False), ChatResponse)
    assert_type(create(model="m", messages=messages, stream=True), ChatStream)
    client.image(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def in_asyncio(client: AsyncLLMClient) -> None:
    async def later(_: PaymentRequest) -> bool:
        return True

    AsyncLLMClient(on_payment=later)
    messages = [{"role": "user", "content": "Hi"}]
    assert_type(await client.chat("m", "Hi"), str)
    assert_type(await client.chat_completion(messages), ChatResponse)
    assert_type(await client.quote("Hi"), Quote)
    assert_type(await client.get_spending(), Spending)
    assert_type(await client.get_balance(), float)
    assert_type(await client.payments(), list[PaymentRecord])
    async with client.chat_completion_stream("m", messages) as stream:
        assert_type(stream, AsyncChatStream)
        async for chunk in stream:
            assert_type(chunk, ChatCompletionChunk)
    assert_type(await anext(client.chat_completion_stream("m", messages)), ChatCompletionChunk)
    create = client.openai.chat.completions.create
    assert_type(await create(model="m", messages=messages), ChatResponse)
    assert_type(await create(model="m", messages=messages, stream=True), AsyncChatStream)
    async with client as same:
        assert_type(same, AsyncLLMClient)


def answers(answer: ChatResponse) -> None:
    assert_type(answer.choices, tuple[ChatChoice, ...])
    assert_type(answer.choices[0].message, ChatMessage)
    assert_type(answer.choices[0].message.content, str | None)
    assert_type(answer.choices[0].message.tool_calls, tuple[ToolCall, ...] | None)
    assert_type(answer.choices[0].finish_reason, str | None)
    assert_type(answer.created, int)
    assert_type(answer.cost_usd, float | None)
    assert_type(answer.cost_micro, int | None)
    assert_type(answer.settlement, dict[str, Any] | None)
    assert_type(answer.model_dump(), dict[str, Any])


def errors(error: BlockrunError, limit: SpendLimitError, api: APIError) -> None:
    assert_type(error.payment, PaymentState)
    assert_type(error.code, str)
    assert_type(limit.quoted_micro, int)
    assert_type(limit.quoted_usd, float)
    assert_type(api.retry_after_seconds, float | None)
