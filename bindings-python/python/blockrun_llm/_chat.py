"""Chat: the methods of `LLMClient` that take messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

from ._arguments import chat_arguments, content_of
from ._base import BaseClient, Messages, OnPayment
from ._money import Quote
from ._streams import ChatStream
from ._types import ChatResponse

if TYPE_CHECKING:
    from ._native import Call

_T = TypeVar("_T")


class ChatMethods(BaseClient[OnPayment]):
    """Chat."""

    __slots__ = ()

    @overload
    def chat(
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
    def chat(
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

    def chat(self, *args: Any, **kwargs: Any) -> str:
        """Asks a model and returns the text of its answer.

        ``chat(prompt)``, ``chat(prompt, model=…)`` and ``chat(model, prompt)`` all work, and so do
        keywords alone.

        Args:
            model: Model to ask. Default: the client's.
            prompt: What to ask.
            system: Text of a system message to put first.
            max_tokens: Most tokens of the answer, 1 to 1,000,000. Default 1,024. The price
                depends on it.
            temperature: 0 to 2.
            top_p: 0 to 1.
            n: Number of answers, 1 to 128. Default 1.
            stop: At most 4 texts that end the answer.
            response_format: JSON mode or schema, in OpenAI's form.
            search: True lets the model search, where it can.
            search_parameters: How to search, in the server's form.
            reasoning_effort: How long a reasoning model thinks: ``low``, ``medium``, ``high``.
            fallback_models: Models to ask in turn when one is not to be had; only as long as no
                payment was sent.
            idempotency_key: Names this call, in at most 255 bytes. The same key is paid at most
                once, in any process of the wallet home; a call with it that was paid before gets
                its answer again, and another call with it is an `IdempotencyConflict`. Put no
                personal data into it: a key that can be guessed can be confirmed from the public
                nonce. Default: made up.
            timeout: Total seconds of this call. Default: the client's.
            extra: Further fields of the body; None is left out.

        Returns:
            The text of the first answer; empty when it has none.

        Raises:
            ValueError: A value that cannot be right. Nothing was sent.
            TypeError: An argument of a wrong type. Nothing was sent.
            PaymentError: The call could not be paid; see its subclasses and ``payment``.
            APIError: The server answered with an error, was not reached, or took too long.
        """
        return self._wait(self._native.chat(chat_arguments("chat", "prompt", args, kwargs)))

    @overload
    def chat_completion(
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
    def chat_completion(
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

    def chat_completion(self, *args: Any, **kwargs: Any) -> ChatResponse:
        """Makes a chat completion and returns the whole answer, with what it cost.

        ``chat_completion(messages)`` and ``chat_completion(model, messages)`` both work, and so do
        keywords alone.

        Args:
            model: As for `chat`, and so are the options that are not listed here.
            messages: Messages in OpenAI's form, sent as they are: texts, and parts that are texts
                and images. A message of an earlier answer may stand among them.
            tools: Tools in OpenAI's form.
            tool_choice: Which tool to call.
            extra: As for `chat`.

        Raises:
            ValueError: As `chat`, and so are the others.
        """
        arguments = chat_arguments("chat_completion", "messages", args, kwargs)
        return ChatResponse(*self._wait(self._native.chat_completion(arguments)))

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
    ) -> ChatStream: ...

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
    ) -> ChatStream: ...

    def chat_completion_stream(self, *args: Any, **kwargs: Any) -> ChatStream:
        """A chat completion in chunks; takes what `chat_completion` takes.

        Nothing is sent before the stream is first read; see `ChatStream`.

        Raises:
            ValueError: A value that cannot be right.
            TypeError: An argument of a wrong type.
        """
        arguments = chat_arguments("chat_completion_stream", "messages", args, kwargs)
        return ChatStream(self._native.chat_completion_stream(arguments), self._wait)

    @overload
    def quote(self, prompt: str, *, model: str | None = None, **options: Any) -> Quote: ...

    @overload
    def quote(self, model: str, prompt: str, **options: Any) -> Quote: ...

    @overload
    def quote(self, messages: Messages, *, model: str | None = None, **options: Any) -> Quote: ...

    @overload
    def quote(self, model: str, messages: Messages, **options: Any) -> Quote: ...

    def quote(self, *args: Any, **kwargs: Any) -> Quote:
        """What a call would cost now; takes what `chat` and `chat_completion` take.

        Pays nothing and is not bound by limits. The server is asked without a payment, so a free
        model really answers.

        Raises:
            ValueError: As `chat`, and with an API key; the others as `chat`.
        """
        arguments = chat_arguments("quote", content_of(args, kwargs), args, kwargs)
        return Quote.from_native(self._wait(self._native.quote(arguments)))

    def _wait(self, call: Call[_T], level: int = 3) -> _T:
        try:
            return call.wait()
        finally:
            self._native.warn(level)
