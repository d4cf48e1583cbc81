"""LlamaIndex's own entry points pay at the practice gateway: once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from llama_index.core import Document, SummaryIndex
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import (
    ChatMessage,
    DocumentBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
    ToolCallBlock,
)
from llama_index.core.callbacks import CallbackManager, TokenCountingHandler
from llama_index.core.tools import FunctionTool
from pydantic import BaseModel
from relay import Dark, Losing
from support import KEY

from blockrun_llm import APIError, LLMClient, SpendLimitError
from llama_index.llms.blockrun import BlockRun
from llama_index.llms.blockrun.utils import to_openai
from once import bought, one_transfer
from readme import run_programs_of

HELLO = [ChatMessage(role=MessageRole.USER, content="Hello!")]
COUNT = [ChatMessage(role=MessageRole.USER, content="Count to 5")]
COUNTED = "[practice] 1 2 3 4 5"


def llm(url: str, **options: Any) -> BlockRun:
    return BlockRun(private_key=KEY, api_url=url, **options)


def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"{city}: fine"


TOOL = FunctionTool.from_defaults(get_weather)


async def test_every_way_to_ask(gateway: str) -> None:
    model = llm(gateway, temperature=0.5, max_tokens=100)
    with bought(gateway, 8):
        assert model.chat(COUNT).message.content == COUNTED
        assert (await model.achat(COUNT)).message.content == COUNTED
        assert model.complete("Count to 5").text == COUNTED
        assert (await model.acomplete("Count to 5")).text == COUNTED
        grown = list(model.stream_chat(COUNT))
        grown += [piece async for piece in await model.astream_chat(COUNT)]
        texts = list(model.stream_complete("Count to 5"))
        texts += [piece async for piece in await model.astream_complete("Count to 5")]
    assert "".join(piece.delta or "" for piece in grown) == COUNTED * 2
    assert (grown[-1].message.content, texts[-1].text) == (COUNTED, COUNTED)
    assert grown[-1].additional_kwargs["total_tokens"] > 5
    assert grown[-1].additional_kwargs["cost_micro"] == 1000


def test_an_answer_says_what_it_cost(gateway: str) -> None:
    said = llm(gateway).chat(HELLO)
    assert (said.additional_kwargs["cost_micro"], said.additional_kwargs["cost_usd"]) == (
        1000,
        0.001,
    )
    assert said.additional_kwargs["settlement"]["success"]
    assert isinstance(said.raw, dict)
    assert said.raw["choices"]


def test_llamaindex_counts_tokens(gateway: str) -> None:
    counter = TokenCountingHandler()
    llm(gateway, callback_manager=CallbackManager([counter])).chat(HELLO)
    assert counter.total_llm_token_count > 0


async def test_tools(gateway: str) -> None:
    model = llm(gateway)
    asked = model.chat_with_tools([TOOL], "Please call get_weather")
    [call] = model.get_tool_calls_from_response(asked)
    assert (call.tool_name, call.tool_kwargs) == ("get_weather", {"city": "practice"})
    streamed = list(model.stream_chat_with_tools([TOOL], "Please call get_weather"))[-1]
    assert model.get_tool_calls_from_response(streamed)[0].tool_kwargs == {"city": "practice"}
    assert model.predict_and_call([TOOL], "get_weather").response == "practice: fine"
    forced = await model.achat_with_tools([TOOL], "Hello!", tool_required=True)
    assert model.get_tool_calls_from_response(forced)
    named = model.chat_with_tools([TOOL], "Hello!", tool_choice="get_weather")
    assert model.get_tool_calls_from_response(named)
    with pytest.raises(ValueError, match="calls no tool"):
        model.get_tool_calls_from_response(model.chat(HELLO))


async def test_an_agent_and_an_index(gateway: str) -> None:
    with bought(gateway, 2):
        agent = FunctionAgent(tools=[get_weather], llm=llm(gateway))
        said = await agent.run("Please call get_weather")
    assert "practice: fine" in str(said)
    index = SummaryIndex.from_documents([Document(text="The tide is at 2.1 m.")])
    with bought(gateway, 1):
        assert "2.1" in str(index.as_query_engine(llm=llm(gateway)).query("How high?"))


def test_answers_in_a_form(gateway: str) -> None:
    class Place(BaseModel):
        """A place."""

        city: str

    typed = llm(gateway).as_structured_llm(Place)
    assert typed.complete("Where to?").raw == Place(city="practice")


def test_messages_are_sent_in_openai_s_form() -> None:
    call = ToolCallBlock(tool_call_id="1", tool_name="f", tool_kwargs={"a": 1})
    function = {"name": "f", "arguments": '{"a": 1}'}
    picture = ImageBlock(url="https://example.com/a.png", detail="low")
    answer = ChatMessage("fine", role=MessageRole.TOOL, additional_kwargs={"tool_call_id": "1"})
    assert to_openai(
        [
            ChatMessage(role=MessageRole.CHATBOT, blocks=[call]),
            answer,
            ChatMessage(role=MessageRole.USER, blocks=[TextBlock(text="What?"), picture]),
        ]
    ) == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "1", "type": "function", "function": function}],
        },
        {"role": "tool", "content": "fine", "tool_call_id": "1"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What?"},
                {
                    "type": "image_url",
                    "image_url": {"url": "https://example.com/a.png", "detail": "low"},
                },
            ],
        },
    ]
    inline = to_openai(
        [ChatMessage(role=MessageRole.USER, blocks=[ImageBlock(image=b"\x89PNG\r\n\x1a\n")])]
    )
    assert inline[0]["content"][0]["image_url"]["url"].startswith("data:image/png;base64,")
    with pytest.raises(ValueError, match="'document' cannot be sent"):
        to_openai([ChatMessage(role=MessageRole.USER, blocks=[DocumentBlock(data=b"x")])])


async def test_default_retries_pay_once(gateway: str) -> None:
    """When all are lost the client's time is over first: what asks again is the LLM."""
    with one_transfer(gateway, Losing(1)) as url:
        assert llm(url).chat(HELLO).message.content
    with one_transfer(gateway, Dark(2.6)) as url:
        assert llm(url, timeout=2.0).chat(HELLO).message.content
    with one_transfer(gateway, Dark(2.6)) as url:
        assert list(llm(url, timeout=2.0).stream_chat(COUNT))[-1].message.content == COUNTED
    with one_transfer(gateway, Dark(2.6)) as url:
        assert (await llm(url, timeout=2.0).achat(HELLO)).message.content
    with one_transfer(gateway, Dark(2.6)) as url:
        grown = [piece async for piece in await llm(url, timeout=2.0).astream_chat(COUNT)]
    assert grown[-1].message.content == COUNTED


def test_a_key_is_paid_once(gateway: str) -> None:
    with bought(gateway, 1):
        for _ in range(2):
            assert llm(gateway).complete("Hello!", idempotency_key="llama-1").text


async def test_limits_and_errors(gateway: str) -> None:
    model = llm(gateway, max_session_cost="0.002")
    model.complete("Hello!")
    await model.acomplete("Hello!")
    with pytest.raises(SpendLimitError) as limit:
        model.complete("Hello!")
    assert (limit.value.scope, limit.value.payment.state) == ("session", "not_charged")
    with pytest.raises(APIError) as caught:
        llm(gateway, model="no/model").complete("Hello!")
    assert caught.value.status_code == 400
    with pytest.raises(ValueError, match="api_url: give it to the client"):
        BlockRun(client=LLMClient(KEY, gateway), api_base=gateway)
    assert KEY not in f"{model!r} {model.to_dict()}"


def test_what_users_of_the_openai_llm_try_first(gateway: str) -> None:
    model = BlockRun("openai/gpt-4o", api_key=KEY, api_base=f"{gateway}/v1")
    assert model.client.api_url == gateway
    assert model.metadata.model_name == "openai/gpt-4o"
    assert model.complete("Hello!", max_tokens=5).text


def test_the_readme_and_the_examples(gateway: str, monkeypatch: pytest.MonkeyPatch) -> None:
    readme, agent = run_programs_of(Path(__file__).parents[1], gateway, monkeypatch)
    assert "$0.001" in readme
    assert "3 calls, $0.003" in agent
