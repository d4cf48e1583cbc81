"""An answer reads like an object and loses nothing."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from support import ANSWER

from blockrun_llm import ChatChoice, ChatMessage, ChatResponse, ChatUsage, JsonObject

SETTLEMENT = {"success": True, "transaction": "0x1"}
RECEIPT = json.dumps({"receipt": {"amount": 1234, "transaction": "0x1", "settlement": SETTLEMENT}})
COST = {
    "cost_usd": 0.001234,
    "cost_micro": 1234,
    "settlement": {"success": True, "transaction": "0x1"},
    "payment_scheme": "exact",
}


@pytest.fixture
def answer() -> ChatResponse:
    return ChatResponse(json.dumps(ANSWER), RECEIPT)


def test_known_fields_are_attributes(answer: ChatResponse) -> None:
    assert (answer.id, answer.object, answer.created) == ("chatcmpl-1", "chat.completion", 1)
    [choice] = answer.choices
    assert (choice.index, choice.finish_reason) == (0, "stop")
    assert (choice.message.role, choice.message.content) == ("assistant", "ok")
    assert choice.message.tool_calls is None
    assert answer.usage is not None
    assert answer.usage.prompt_tokens + answer.usage.completion_tokens == answer.usage.total_tokens
    assert {name: getattr(answer, name) for name in COST} == COST


def test_unknown_fields_are_kept(answer: ChatResponse) -> None:
    assert answer.service_tier == "default"
    assert answer.choices[0].message.refusal is None
    assert answer.usage is not None
    assert answer.usage.details == {"a": 1}
    assert "service_tier" in dir(answer)
    assert not hasattr(answer, "nothing_of_the_kind")
    assert answer.model_dump() == {**ANSWER, **COST}
    assert json.loads(answer.model_dump_json()) == answer.model_dump()
    assert json.loads(answer.raw) == ANSWER


def test_tool_calls_are_objects() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    message = ChatMessage({"role": "assistant", "content": None, "tool_calls": [call]})
    assert message.tool_calls is not None
    assert (message.tool_calls[0].id, message.tool_calls[0].type) == ("c1", "function")
    assert message.tool_calls[0].function.name == "f"
    assert json.loads(message.tool_calls[0].function.arguments) == {"a": 1}
    assert message.model_dump()["tool_calls"] == [call]


@pytest.mark.parametrize(
    "body", ["", "<html>", "[]", "5", "{}", '{"choices": {}}', '{"choices": [5], "usage": 5}']
)
def test_a_surprising_answer_is_handed_over(body: str) -> None:
    answer = ChatResponse(body, RECEIPT)
    assert (answer.raw, answer.cost_micro, answer.id) == (body, 1234, "")
    assert [choice.message.content for choice in answer.choices] in ([], [None])
    assert answer.usage in (None, ChatUsage({}))
    assert repr(answer).startswith("ChatResponse(")


def test_what_was_not_asked_for_money_cost_nothing() -> None:
    answer = ChatResponse(json.dumps(ANSWER))
    assert (answer.cost_usd, answer.cost_micro) == (0.0, 0)
    assert (answer.settlement, answer.payment_scheme) == (None, None)


def test_values_are_equal_by_content_and_frozen(answer: ChatResponse) -> None:
    same = ChatResponse(json.dumps(ANSWER, indent=1), RECEIPT)
    assert answer == same
    assert answer != ChatResponse(json.dumps(ANSWER))
    assert answer.choices == same.choices
    assert answer.choices[0] != answer.choices[0].message
    with pytest.raises(AttributeError, match="frozen"):
        answer.model = "other"  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(AttributeError, match="frozen"):
        del answer.choices[0].index
    with pytest.raises(TypeError, match="unhashable"):
        hash(answer)
    answer.model_dump()["usage"].clear()
    assert answer.usage


@pytest.mark.parametrize("read_before", [False, True])
def test_values_can_be_copied_and_pickled(answer: ChatResponse, read_before: bool) -> None:
    if read_before:
        assert answer.id
    values: list[JsonObject] = [answer, answer.choices[0], answer.choices[0].message]
    for value in values:
        for again in (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)):
            assert (type(again), again) == (type(value), value)


def test_repr_is_one_readable_line() -> None:
    body = json.dumps({"model": "m", "choices": [{"message": {"content": "word\n" * 100}}]})
    shown = repr(ChatResponse(body, RECEIPT))
    assert shown.startswith("ChatResponse(model='m', content='word\\nword")
    assert shown.endswith("…, finish_reason=None, cost_usd=0.001234)")
    assert len(shown) < 160
    assert "\n" not in shown
    assert repr(ChatChoice({"index": 1})) == "ChatChoice(index=1)"
