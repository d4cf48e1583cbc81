"""Answers of ours as LangChain's messages, with what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from langchain_core.exceptions import OutputParserException
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    InvalidToolCall,
    ToolCall,
)
from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails, UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.messages.utils import convert_to_openai_messages
from langchain_core.output_parsers.openai_tools import make_invalid_tool_call, parse_tool_calls
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from blockrun_llm import ChatCompletionChunk, ChatResponse, ChatUsage


def to_openai(messages: Sequence[BaseMessage]) -> list[dict[str, Any]]:
    """Messages as they are sent."""
    return convert_to_openai_messages(list(messages))


def to_result(response: ChatResponse) -> ChatResult:
    """A whole answer. Its token counts and cost are those of all its choices together."""
    facts = {"id": response.id, **_facts(response)}
    generations: list[ChatGeneration] = []
    for choice in response.choices:
        calls, invalid = _tool_calls(choice.message.model_dump().get("tool_calls") or [])
        told = {"finish_reason": choice.finish_reason}
        message = AIMessage(
            content=choice.message.content or "",
            additional_kwargs=_reasoning(choice.message),
            tool_calls=calls,
            invalid_tool_calls=invalid,
            usage_metadata=to_usage(response.usage),
            response_metadata={**told, **facts},
        )
        generations.append(ChatGeneration(message=message, generation_info=told))
    return ChatResult(generations=generations, llm_output=facts)


def to_chunk(chunk: ChatCompletionChunk) -> ChatGenerationChunk:
    """A piece of an answer; the one that ends it tells what the answer cost."""
    choice = chunk.choices[0] if chunk.choices else None
    delta = choice.delta if choice else None
    finish_reason = choice.finish_reason if choice else None
    told = {"finish_reason": finish_reason} if finish_reason else {}
    message = AIMessageChunk(
        content=(delta.content if delta else None) or "",
        id=chunk.id or None,
        additional_kwargs=_reasoning(delta) if delta else {},
        tool_call_chunks=[
            tool_call_chunk(
                name=call.function.name if call.function else None,
                args=call.function.arguments if call.function else None,
                id=call.id,
                index=call.index,
            )
            for call in (delta.tool_calls if delta else None) or ()
        ],
        usage_metadata=to_usage(chunk.usage),
        response_metadata={**told, **_facts(chunk)} if finish_reason else {},
    )
    return ChatGenerationChunk(message=message, generation_info=told or None)


def to_usage(usage: ChatUsage | None) -> UsageMetadata | None:
    """Token counts."""
    if usage is None:
        return None
    counts = UsageMetadata(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        total_tokens=usage.total_tokens,
    )
    cached = (usage.prompt_tokens_details or {}).get("cached_tokens", usage.cache_read_input_tokens)
    if cached is not None:
        counts["input_token_details"] = InputTokenDetails(cache_read=cached)
    if usage.reasoning_tokens is not None:
        counts["output_token_details"] = OutputTokenDetails(reasoning=usage.reasoning_tokens)
    return counts


def _facts(answer: ChatResponse | ChatCompletionChunk) -> dict[str, Any]:
    facts = {
        "model_provider": "blockrun",
        "model_name": answer.model,
        "cost_usd": answer.cost_usd,
        "cost_micro": answer.cost_micro,
        "settlement": answer.settlement,
        "citations": answer.citations,
    }
    if answer.fallback:
        facts["fallback"] = {
            "model": answer.fallback.model,
            "settlement_skipped": answer.fallback.settlement_skipped,
        }
    return {name: value for name, value in facts.items() if value is not None}


def _reasoning(said: Any) -> dict[str, Any]:
    return {"reasoning_content": said.reasoning_content} if said.reasoning_content else {}


def _tool_calls(said: list[dict[str, Any]]) -> tuple[list[ToolCall], list[InvalidToolCall]]:
    calls: list[ToolCall] = []
    invalid: list[InvalidToolCall] = []
    for call in said:
        try:
            calls += [cast("ToolCall", one) for one in parse_tool_calls([call])]
        except OutputParserException as error:  # noqa: PERF203 -- each is judged alone
            invalid.append(make_invalid_tool_call(call, str(error)))
    return calls, invalid
