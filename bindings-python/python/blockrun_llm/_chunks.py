"""Chat completions: pieces of a streamed answer, and the answer put together again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import _native
from ._json import dump
from ._json_object import Field, JsonObject, text_of
from ._naming import as_imported
from ._paid import PaidObject
from ._types import ChatResponse, ChatUsage


class ChatChunkToolFunction(JsonObject):
    """A piece of the function that a model wants to be called."""

    __slots__ = ()

    name = Field[str | None](None)
    """Its name, in the first piece."""
    arguments = Field[str | None](None)
    """The next piece of its arguments' JSON text."""


class ChatChunkToolCall(JsonObject):
    """A piece of a call that a model wants to be made."""

    __slots__ = ()

    index = Field[int | None](None)
    """Which call it belongs to."""
    id = Field[str | None](None)
    """Names the call, in its first piece."""
    type = Field[str | None](None)
    """``function``."""

    @property
    def function(self) -> ChatChunkToolFunction | None:
        """What to call."""
        if not self._fields.get("function"):
            return None
        return self._object("function", ChatChunkToolFunction)


class ChatChunkDelta(JsonObject):
    """What a chunk adds to a message."""

    __slots__ = ()

    role = Field[str | None](None)
    """``assistant``, in the first chunk."""
    content = Field[str | None](None)
    """The next piece of the text."""
    reasoning_content = Field[str | None](None)
    """The next piece of what the model thinks."""
    thinking = Field[Any](None)
    """The same in another form of some models."""

    @property
    def tool_calls(self) -> tuple[ChatChunkToolCall, ...] | None:
        """Pieces of the calls that the model wants to be made."""
        return self._objects("tool_calls", ChatChunkToolCall) or None


class ChatChunkChoice(JsonObject):
    """One answer's part of a chunk."""

    __slots__ = ()

    index = Field(0)
    """Which answer."""

    @property
    def delta(self) -> ChatChunkDelta:
        """What is added to its message."""
        return self._object("delta", ChatChunkDelta)

    finish_reason = Field[str | None](None)
    """Why it ended, in its last chunk."""


class ChatCompletionChunk(PaidObject):
    """One chunk of a streamed chat completion, with what the whole call cost."""

    __slots__ = ()

    id = Field("")
    """Id of the completion, the same in all its chunks."""
    object = Field("chat.completion.chunk")
    """``chat.completion.chunk``."""
    created = Field(0)
    """Unix time."""
    model = Field("")
    """The model that answers."""
    citations = Field[list[str] | None](None)
    """Addresses of what a search found."""

    @property
    def choices(self) -> tuple[ChatChunkChoice, ...]:
        """The parts of the answers that came with this chunk."""
        return self._objects("choices", ChatChunkChoice)

    @property
    def usage(self) -> ChatUsage | None:
        """Token counts, in the chunk that has them."""
        return self._object("usage", ChatUsage) if self._fields.get("usage") else None

    @property
    def text(self) -> str:
        """What this chunk adds to the text of the first answer; empty when it adds none."""
        for choice in self.choices:
            if choice.index == 0:
                return text_of(choice.delta.content)
        return ""

    def _shown(self) -> Mapping[str, Any]:
        finish_reason = self.choices[0].finish_reason if self.choices else None
        return {"model": self.model, "text": self.text, "finish_reason": finish_reason}


def accumulate_chunks(chunks: Iterable[ChatCompletionChunk | Mapping[str, Any]]) -> ChatResponse:
    """Puts chunks together: the answer that the same call would have had without a stream.

    Texts are joined and tool calls merged by their index. ``ChatStream.response()`` does the same
    for a stream of ours; this is for chunks that were kept, in whatever form.

    Returns:
        The whole answer. What it cost is that of the last chunk that knows it.
    """
    about: str | None = None
    texts: list[str] = []
    for chunk in chunks:
        if isinstance(chunk, ChatCompletionChunk):
            about = chunk._about or about
            texts.append(chunk.raw)
        else:
            texts.append(dump("chunks", dict(chunk)))
    return ChatResponse(_native.accumulate(texts), about)


as_imported(__name__)
