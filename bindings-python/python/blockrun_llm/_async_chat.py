"""Chat: the methods of `AsyncLLMClient` that take messages."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

from ._arguments import chat_arguments, content_of
from ._base import AsyncOnPayment, BaseClient, Messages
from ._money import Quote
from ._streams import AsyncChatStream
from ._types import ChatResponse
from ._waiting import Waiting, finish

if TYPE_CHECKING:
    from ._native import Call

_T = TypeVar("_T")


class AsyncChatMethods(BaseClient[AsyncOnPayment]):
    """Chat in asyncio."""

    __slots__ = ()

    @overload
    async def chat(
        self,
        prompt: str,
        *,
        model: str | None = None,
        system: str | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        n: int | None = None,
        stop: str | Sequence[str] | None = None,
        response_format: Mapping[str, Any] | None = None,
        search: bool | None = None,
        search_parameters: Mapping[str, Any] | None = None,
        reasoning_effort: str | None = None,
        fallback_models: Sequence[str] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        **extra: Any,
    ) -> str: ...

    @overload
    async def chat(
        self,
        model: str,
        prompt: str,
        *,
        system: str | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        n: int | None = None,
        stop: str | Sequence[str] | None = None,
        response_format: Mapping[str, Any] | None = None,
        search: bool | None = None,
        search_parameters: Mapping[str, Any] | None = None,
        reasoning_effort: str | None = None,
        fallback_models: Sequence[str] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        **extra: Any,
    ) -> str: ...

    async def chat(self, *args: Any, **kwargs: Any) -> str:
        """Asks a model and returns the text of its answer; all as `LLMClient.chat`."""
        return await self._finish(self._native.chat(chat_arguments("chat", "prompt", args, kwargs)))

    @overload
    async def chat_completion(
        self,
        messages: Messages,
        *,
        model: str | None = None,
        system: str | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        n: int | None = None,
        stop: str | Sequence[str] | None = None,
        tools: Sequence[Mapping[str, Any]] | None = None,
        tool_choice: str | Mapping[str, Any] | None = None,
        response_format: Mapping[str, Any] | None = None,
        search: bool | None = None,
        search_parameters: Mapping[str, Any] | None = None,
        reasoning_effort: str | None = None,
        fallback_models: Sequence[str] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        **extra: Any,
    ) -> ChatResponse: ...

    @overload
    async def chat_completion(
        self,
        model: str,
        messages: Messages,
        *,
        system: str | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        n: int | None = None,
        stop: str | Sequence[str] | None = None,
        tools: Sequence[Mapping[str, Any]] | None = None,
        tool_choice: str | Mapping[str, Any] | None = None,
        response_format: Mapping[str, Any] | None = None,
        search: bool | None = None,
        search_parameters: Mapping[str, Any] | None = None,
        reasoning_effort: str | None = None,
        fallback_models: Sequence[str] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        **extra: Any,
    ) -> ChatResponse: ...

    async def chat_completion(self, *args: Any, **kwargs: Any) -> ChatResponse:
        """Makes a chat completion; all as `LLMClient.chat_completion`."""
        arguments = chat_arguments("chat_completion", "messages", args, kwargs)
        return ChatResponse(*await self._finish(self._native.chat_completion(arguments)))

    @overload
    def chat_completion_stream(
        self,
        messages: Messages,
        *,
        model: str | None = None,
        system: str | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        n: int | None = None,
        stop: str | Sequence[str] | None = None,
        tools: Sequence[Mapping[str, Any]] | None = None,
        tool_choice: str | Mapping[str, Any] | None = None,
        response_format: Mapping[str, Any] | None = None,
        search: bool | None = None,
        search_parameters: Mapping[str, Any] | None = None,
        reasoning_effort: str | None = None,
        fallback_models: Sequence[str] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        **extra: Any,
    ) -> AsyncChatStream: ...

    @overload
    def chat_completion_stream(
        self,
        model: str,
        messages: Messages,
        *,
        system: str | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        n: int | None = None,
        stop: str | Sequence[str] | None = None,
        tools: Sequence[Mapping[str, Any]] | None = None,
        tool_choice: str | Mapping[str, Any] | None = None,
        response_format: Mapping[str, Any] | None = None,
        search: bool | None = None,
        search_parameters: Mapping[str, Any] | None = None,
        reasoning_effort: str | None = None,
        fallback_models: Sequence[str] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        **extra: Any,
    ) -> AsyncChatStream: ...

    def chat_completion_stream(self, *args: Any, **kwargs: Any) -> AsyncChatStream:
        """A chat completion in chunks; takes what `chat_completion` takes.

        Nothing is sent before the stream is first read; see `AsyncChatStream`.

        Raises:
            ValueError: A value that cannot be right.
            TypeError: An argument of a wrong type.
        """
        arguments = chat_arguments("chat_completion_stream", "messages", args, kwargs)
        return AsyncChatStream(self._native.chat_completion_stream(arguments), self._start)

    @overload
    async def quote(self, prompt: str, *, model: str | None = None, **options: Any) -> Quote: ...

    @overload
    async def quote(self, model: str, prompt: str, **options: Any) -> Quote: ...

    @overload
    async def quote(
        self, messages: Messages, *, model: str | None = None, **options: Any
    ) -> Quote: ...

    @overload
    async def quote(self, model: str, messages: Messages, **options: Any) -> Quote: ...

    async def quote(self, *args: Any, **kwargs: Any) -> Quote:
        """What a call would cost now; all as `LLMClient.quote`."""
        arguments = chat_arguments("quote", content_of(args, kwargs), args, kwargs)
        return Quote.from_native(await self._finish(self._native.quote(arguments)))

    def _start(self, call: Call[_T]) -> Waiting[_T]:
        return Waiting(call, self._desk, self._native.warn)

    def _finish(self, call: Call[_T]) -> Coroutine[Any, Any, _T]:
        return finish(call, self._desk, self._native.warn)
