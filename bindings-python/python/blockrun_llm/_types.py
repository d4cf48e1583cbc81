"""Chat completions: whole answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._json_object import Field, JsonObject, mapping, text_of
from ._naming import as_imported
from ._paid import PaidObject


class ToolFunction(JsonObject):
    """The function that a model wants to be called."""

    __slots__ = ()

    name = Field("")
    """Its name."""
    arguments = Field("")
    """Its arguments as JSON text, exactly as the model wrote them."""


class ToolCall(JsonObject):
    """A call that a model wants to be made."""

    __slots__ = ()

    id = Field("")
    """Names the call in the message that answers it."""
    type = Field("function")
    """``function``."""

    @property
    def function(self) -> ToolFunction:
        """What to call."""
        return self._object("function", ToolFunction)


class ChatMessage(JsonObject):
    """The message of an answer. Can be put into the messages of the next call as it is."""

    __slots__ = ()

    role = Field("assistant")
    """``assistant``."""
    content = Field[str | None](None)
    """The text; None when there is none, as with a tool call."""
    reasoning_content = Field[str | None](None)
    """What the model thought before, where it tells."""
    thinking = Field[Any](None)
    """The same in another form of some models."""

    @property
    def tool_calls(self) -> tuple[ToolCall, ...] | None:
        """The calls that the model wants to be made."""
        return self._objects("tool_calls", ToolCall) or None


class ChatChoice(JsonObject):
    """One answer."""

    __slots__ = ()

    index = Field(0)
    """Its position."""

    @property
    def message(self) -> ChatMessage:
        """The message."""
        return self._object("message", ChatMessage)

    finish_reason = Field[str | None](None)
    """Why it ended: ``stop``, ``length``, ``tool_calls`` and others."""


class ChatUsage(JsonObject):
    """Token counts."""

    __slots__ = ()

    prompt_tokens = Field(0)
    """Tokens of the messages."""
    completion_tokens = Field(0)
    """Tokens of the answers."""
    total_tokens = Field(0)
    """Both."""
    prompt_tokens_details = Field[dict[str, Any] | None](None)
    """How the tokens of the messages are made up."""
    completion_tokens_details = Field[dict[str, Any] | None](None)
    """How the tokens of the answers are made up."""
    cache_read_input_tokens = Field[int | None](None)
    """Tokens that were read from a cache."""
    cache_creation_input_tokens = Field[int | None](None)
    """Tokens that were written to a cache."""
    num_sources_used = Field[int | None](None)
    """Sources of a search."""

    @property
    def reasoning_tokens(self) -> int | None:
        """Tokens of the thinking; None when not told."""
        details = mapping(self.completion_tokens_details)
        count = details.get("reasoning_tokens", self._fields.get("reasoning_tokens"))
        return count if type(count) is int and count >= 0 else None


class ChatResponse(PaidObject):
    """A chat completion, with what it cost."""

    __slots__ = ()

    id = Field("")
    """Id of the completion."""
    object = Field("chat.completion")
    """``chat.completion``."""
    created = Field(0)
    """Unix time."""
    model = Field("")
    """The model that answered."""
    citations = Field[list[str] | None](None)
    """Addresses of what a search found."""

    @property
    def choices(self) -> tuple[ChatChoice, ...]:
        """The answers."""
        return self._objects("choices", ChatChoice)

    @property
    def text(self) -> str:
        """The text of the first answer; empty when it has none, as with a tool call."""
        return text_of(self.choices[0].message.content) if self.choices else ""

    @property
    def usage(self) -> ChatUsage | None:
        """Token counts."""
        return self._object("usage", ChatUsage) if self._fields.get("usage") else None

    def _shown(self) -> Mapping[str, Any]:
        first = self.choices[0] if self.choices else ChatChoice({})
        return {
            "model": self.model,
            "content": first.message.content,
            "finish_reason": first.finish_reason,
            "cost_usd": self.cost_usd,
        }


as_imported(__name__)
