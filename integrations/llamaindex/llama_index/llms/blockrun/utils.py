"""Messages of LlamaIndex as they are sent, and answers of ours as LlamaIndex has them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from llama_index.core.base.llms.types import (
    ChatMessage,
    ContentBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)
from llama_index.core.base.llms.types import ChatResponse as HostResponse

from blockrun_llm import ChatCompletionChunk, ChatResponse

_ROLES = {MessageRole.CHATBOT: "assistant", MessageRole.MODEL: "assistant"}


def to_openai(messages: Sequence[ChatMessage]) -> list[dict[str, Any]]:
    """Messages in OpenAI's form.

    Raises:
        ValueError: A block that is none of text, image and tool call. Thinking is left out.
    """
    return [_message(message) for message in messages]


def _message(message: ChatMessage) -> dict[str, Any]:
    role = _ROLES.get(message.role, message.role.value)
    calls = [_call(block) for block in message.blocks if isinstance(block, ToolCallBlock)]
    parts = [
        _part(block)
        for block in message.blocks
        if not isinstance(block, (ToolCallBlock, ThinkingBlock))
    ]
    said: dict[str, Any] = {"role": role, "content": _content(parts)}
    if calls or "tool_calls" in message.additional_kwargs:
        said["tool_calls"] = calls or message.additional_kwargs["tool_calls"]
        said["content"] = said["content"] or None
    if role == "tool":
        said["tool_call_id"] = message.additional_kwargs.get("tool_call_id")
    return said


def _content(parts: list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    if all(part["type"] == "text" for part in parts):
        return "\n".join(part["text"] for part in parts)
    return parts


def _part(block: ContentBlock) -> dict[str, Any]:
    if isinstance(block, TextBlock):
        return {"type": "text", "text": block.text}
    if isinstance(block, ImageBlock):
        picture = {"url": str(block.url) if block.url else block.inline_url()}
        if block.detail:
            picture["detail"] = block.detail
        return {"type": "image_url", "image_url": picture}
    raise ValueError(f"messages: a block of type {block.block_type!r} cannot be sent")


def _call(block: ToolCallBlock) -> dict[str, Any]:
    given = block.tool_kwargs
    arguments = given if isinstance(given, str) else json.dumps(given)
    function = {"name": block.tool_name, "arguments": arguments}
    return {"id": block.tool_call_id, "type": "function", "function": function}


def to_response(answer: ChatResponse) -> HostResponse:
    """A whole answer, of which the first choice counts."""
    if not answer.choices:
        return Answer().response(answer, None)
    said = answer.choices[0].message
    whole = Answer(said.content or "", said.reasoning_content or "")
    for position, call in enumerate(said.tool_calls or ()):
        whole.calls[position] = [call.id, call.function.name, call.function.arguments]
    return whole.response(answer, None)


@dataclass
class Answer:
    """An answer as far as it has come."""

    text: str = ""
    thinking: str = ""
    calls: dict[int, list[str]] = field(default_factory=dict)
    """By their position: id, name and arguments."""

    def add(self, chunk: ChatCompletionChunk) -> HostResponse:
        """Takes a piece, and tells the answer up to here."""
        for choice in chunk.choices[:1]:
            self.text += choice.delta.content or ""
            self.thinking += choice.delta.reasoning_content or ""
            for piece in choice.delta.tool_calls or ():
                call = self.calls.setdefault(piece.index or 0, ["", "", ""])
                call[0] = piece.id or call[0]
                if piece.function:
                    call[1] = piece.function.name or call[1]
                    call[2] += piece.function.arguments or ""
        return self.response(chunk, chunk.text)

    def response(
        self, answer: ChatResponse | ChatCompletionChunk, delta: str | None
    ) -> HostResponse:
        """The answer, with what it cost."""
        blocks: list[ContentBlock] = []
        if self.thinking:
            blocks.append(ThinkingBlock(content=self.thinking))
        if self.text or not self.calls:
            blocks.append(TextBlock(text=self.text))
        blocks += [
            ToolCallBlock(tool_call_id=key, tool_name=name, tool_kwargs=arguments)
            for key, name, arguments in self.calls.values()
        ]
        return HostResponse(
            message=ChatMessage(role=MessageRole.ASSISTANT, blocks=blocks),
            raw=answer.model_dump(),
            delta=delta,
            additional_kwargs=_facts(answer),
        )


def _facts(answer: ChatResponse | ChatCompletionChunk) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "cost_usd": answer.cost_usd,
        "cost_micro": answer.cost_micro,
        "settlement": answer.settlement,
    }
    if usage := answer.usage:
        facts["prompt_tokens"] = usage.prompt_tokens
        facts["completion_tokens"] = usage.completion_tokens
        facts["total_tokens"] = usage.total_tokens
    return {name: value for name, value in facts.items() if value is not None}
