"""The calls of a client in the shape of OpenAI's package.

For code that was written for that package; what comes back are our own types, with what they cost.
Pages, raw responses and beta endpoints are not here: for all of it, give OpenAI's package a
transport that pays (`blockrun_llm.httpx2`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, overload

from ._chunks import ChatCompletionChunk
from ._images import ImageResponse
from ._json_object import JsonObject
from ._naming import as_imported
from ._streams import AsyncChatStream, ChatStream
from ._types import ChatResponse

if TYPE_CHECKING:
    from ._async_client import AsyncLLMClient
    from ._base import Messages
    from ._client import LLMClient

__all__ = ["AsyncOpenAI", "ChatCompletionChunk", "ModelList", "OpenAI"]


class ModelList(JsonObject):
    """The models that a server offers."""

    __slots__ = ()

    @property
    def data(self) -> tuple[JsonObject, ...]:
        """The models, each with its ``id``."""
        return self._objects("data", JsonObject)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.data)


class OpenAI:
    """``chat.completions.create``, ``images.generate`` and ``models.list`` of a client."""

    def __init__(self, client: LLMClient) -> None:
        self.chat = _Chat(client)
        self.images = _Images(client)
        self.models = _Models(client)


class _Chat:
    def __init__(self, client: LLMClient) -> None:
        self.completions = _Completions(client)


class _Completions:
    def __init__(self, client: LLMClient) -> None:
        self._client = client

    @overload
    def create(
        self,
        *,
        messages: Messages,
        model: str | None = None,
        stream: Literal[False] | None = None,
        **params: Any,
    ) -> ChatResponse: ...

    @overload
    def create(
        self, *, messages: Messages, model: str | None = None, stream: Literal[True], **params: Any
    ) -> ChatStream: ...

    def create(
        self,
        *,
        messages: Messages,
        model: str | None = None,
        stream: bool | None = None,
        **params: Any,
    ) -> ChatResponse | ChatStream:
        """A chat completion, or a stream of its chunks; takes what `chat_completion` takes."""
        params = _known(params)
        if stream:
            return self._client.chat_completion_stream(messages, model=model, **params)
        return self._client.chat_completion(messages, model=model, **params)


class _Images:
    def __init__(self, client: LLMClient) -> None:
        self._client = client

    def generate(self, *, prompt: str, **params: Any) -> ImageResponse:
        """Images from a text; takes what `image` takes."""
        return self._client.image(prompt, **_known(params))


class _Models:
    def __init__(self, client: LLMClient) -> None:
        self._client = client

    def list(self) -> ModelList:
        """The models that the server offers."""
        return ModelList({"object": "list", "data": self._client.list_models()})


class AsyncOpenAI:
    """The same of an `AsyncLLMClient`, to be awaited."""

    def __init__(self, client: AsyncLLMClient) -> None:
        self.chat = _AsyncChat(client)
        self.images = _AsyncImages(client)
        self.models = _AsyncModels(client)


class _AsyncChat:
    def __init__(self, client: AsyncLLMClient) -> None:
        self.completions = _AsyncCompletions(client)


class _AsyncCompletions:
    def __init__(self, client: AsyncLLMClient) -> None:
        self._client = client

    @overload
    async def create(
        self,
        *,
        messages: Messages,
        model: str | None = None,
        stream: Literal[False] | None = None,
        **params: Any,
    ) -> ChatResponse: ...

    @overload
    async def create(
        self, *, messages: Messages, model: str | None = None, stream: Literal[True], **params: Any
    ) -> AsyncChatStream: ...

    async def create(
        self,
        *,
        messages: Messages,
        model: str | None = None,
        stream: bool | None = None,
        **params: Any,
    ) -> ChatResponse | AsyncChatStream:
        """A chat completion, or a stream of its chunks; takes what `chat_completion` takes."""
        params = _known(params)
        if stream:
            return self._client.chat_completion_stream(messages, model=model, **params)
        return await self._client.chat_completion(messages, model=model, **params)


class _AsyncImages:
    def __init__(self, client: AsyncLLMClient) -> None:
        self._client = client

    async def generate(self, *, prompt: str, **params: Any) -> ImageResponse:
        """Images from a text; takes what `image` takes."""
        return await self._client.image(prompt, **_known(params))


class _AsyncModels:
    def __init__(self, client: AsyncLLMClient) -> None:
        self._client = client

    async def list(self) -> ModelList:
        """The models that the server offers."""
        return ModelList({"object": "list", "data": await self._client.list_models()})


def _known(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a call, without the options of OpenAI's transport."""
    further: dict[str, Any] = params.get("extra_body") or {}
    fields = {**params, **further}
    fields.pop("extra_body", None)
    for name in ("extra_headers", "extra_query"):
        if fields.pop(name, None):
            raise ValueError(f"{name}: what is sent beside the body is the client's; leave it out")
    return fields


as_imported(__name__)
