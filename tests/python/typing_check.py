"""What type checkers make of the public API: checked, never run."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from typing_extensions import assert_type

from blockrun_llm import (
    APIError,
    BlockrunError,
    ChatChoice,
    ChatMessage,
    ChatResponse,
    LLMClient,
    PaymentRecord,
    PaymentRequest,
    PaymentState,
    Quote,
    Reconciliation,
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
        assert_type(client.payment_mode, Literal["wallet"])
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


def answers(answer: ChatResponse) -> None:
    assert_type(answer.choices, tuple[ChatChoice, ...])
    assert_type(answer.choices[0].message, ChatMessage)
    assert_type(answer.choices[0].message.content, str | None)
    assert_type(answer.choices[0].message.tool_calls, tuple[ToolCall, ...] | None)
    assert_type(answer.choices[0].finish_reason, str | None)
    assert_type(answer.created, int)
    assert_type(answer.cost_usd, float)
    assert_type(answer.cost_micro, int)
    assert_type(answer.settlement, dict[str, Any] | None)
    assert_type(answer.model_dump(), dict[str, Any])


def errors(error: BlockrunError, limit: SpendLimitError, api: APIError) -> None:
    assert_type(error.payment, PaymentState)
    assert_type(error.code, str)
    assert_type(limit.quoted_micro, int)
    assert_type(limit.quoted_usd, float)
    assert_type(api.retry_after_seconds, float | None)
