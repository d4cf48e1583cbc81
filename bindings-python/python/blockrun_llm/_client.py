"""The client."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import TracebackType
from typing import Any, Literal, TypeVar, overload

from . import _native
from ._arguments import chat_arguments, client_options, content_of
from ._money import PaymentRecord, Quote, Spending, spending_from_native
from ._types import ChatResponse

Dollars = int | float | str | Decimal
"""Dollars, taken exactly: ``0.1`` is 100,000 micro-USDC. More than 6 decimals is an error."""

Messages = Sequence[Any]
"""Messages in OpenAI's form: dicts, or messages of earlier answers. Sent as they are."""

_Client = TypeVar("_Client", bound="LLMClient")


class LLMClient:
    """Client of an OpenAI-compatible endpoint that answers 402 with a price.

    A call that the server asks money for is paid in USDC, exactly once, within the limits of the
    client ($1 a call unless set otherwise)::

        from blockrun_llm import LLMClient

        client = LLMClient(private_key="0x…")
        print(client.chat("Hello!"))

    What is not given comes from the environment, then from the defaults. Nothing is read when the
    package is imported, and a blank variable counts as unset.

    Safe to share between threads: a call releases the GIL while it waits, and Ctrl-C interrupts it.
    A client made before a fork refuses to work in the child; make a new one there. Use it as a
    context manager, or call `close`, to let go of its connections and of the key.

    Args:
        private_key: Key of the paying wallet, 64 hex digits with or without ``0x``; never printed.
            Else ``BLOCKRUN_WALLET_KEY``, then ``BASE_CHAIN_WALLET_KEY``.
        api_url: Base address of the endpoint. Else ``BLOCKRUN_API_URL``, then
            ``https://blockrun.ai/api``. https, or http to this machine.
        timeout: Total seconds of a call, all repetitions included. Else ``BLOCKRUN_CHAT_TIMEOUT``,
            then 600.
        search_timeout: Not available in this version; anything but None or 300 is a ``ValueError``.
        transaction_log: Not available in this version; anything but None or False is a
            ``ValueError``. `payments` shows what was paid.
        max_cost_per_call: Most that one call may cost, in dollars, inclusive. Else
            ``BLOCKRUN_MAX_COST_PER_CALL``, then 1.
        max_session_cost: Most that this client may spend in its life, in dollars, inclusive. Else
            ``BLOCKRUN_MAX_SESSION_COST``, then no limit.
        payment_scheme: ``"exact"``, the only one of this version.
        model: Model of calls that name none. Default ``openai/gpt-4o-mini``.
        ca_file: PEM file with the only certificates to trust. Default: the system's, or those that
            ``SSL_CERT_FILE`` names.

    Raises:
        ValueError: A value, or an environment variable, that cannot be used.
        TypeError: An argument of a wrong type.
    """

    __slots__ = ("__weakref__", "_native")

    def __init__(
        self,
        private_key: str | None = None,
        api_url: str | None = None,
        timeout: float | None = None,
        search_timeout: float | None = None,
        transaction_log: bool | str | os.PathLike[str] | None = None,
        max_cost_per_call: Dollars | None = None,
        max_session_cost: Dollars | None = None,
        payment_scheme: str | None = None,
        *,
        model: str | None = None,
        ca_file: str | os.PathLike[str] | None = None,
    ) -> None:
        options = client_options(
            unavailable={
                "search_timeout": (search_timeout, (None, 300)),
                "transaction_log": (transaction_log, (None, False)),
                "payment_scheme": (payment_scheme, (None, "exact")),
            },
            private_key=private_key,
            api_url=api_url,
            timeout=timeout,
            max_cost_per_call=max_cost_per_call,
            max_session_cost=max_session_cost,
            model=model,
            ca_file=ca_file,
        )
        self._native = _native.Client(options)

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
            timeout: Total seconds of this call. Default: the client's.
            extra: Further fields of the body; None is left out. ``search``, ``fallback_models``
                and ``idempotency_key`` are not available in this version: a ``ValueError``.

        Returns:
            The text of the first answer; empty when it has none.

        Raises:
            ValueError: A value that cannot be right. Nothing was sent.
            TypeError: An argument of a wrong type. Nothing was sent.
            PaymentError: The call could not be paid; see its subclasses and ``payment``.
            APIError: The server answered with an error, was not reached, or took too long.
        """
        return self._native.chat(chat_arguments("chat", "prompt", args, kwargs))

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
        timeout: float | None = None,
        **extra: Any,
    ) -> ChatResponse: ...

    def chat_completion(self, *args: Any, **kwargs: Any) -> ChatResponse:
        """Makes a chat completion and returns the whole answer, with what it cost.

        ``chat_completion(messages)`` and ``chat_completion(model, messages)`` both work, and so do
        keywords alone.

        Args:
            model: As for `chat`, and so are the options that are not listed here.
            messages: Messages in OpenAI's form, sent as they are. A message of an earlier answer
                may stand among them.
            tools: Tools in OpenAI's form.
            tool_choice: Which tool to call.
            extra: As for `chat`.

        Raises:
            ValueError: As `chat`, and so are the others.
        """
        arguments = chat_arguments("chat_completion", "messages", args, kwargs)
        return ChatResponse(*self._native.chat_completion(arguments))

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
            ValueError: As `chat`, and so are the others.
        """
        arguments = chat_arguments("quote", content_of(args, kwargs), args, kwargs)
        return Quote.from_native(self._native.quote(arguments))

    def list_models(self) -> list[dict[str, Any]]:
        """The models that the server offers, with their prices as it publishes them.

        Raises:
            APIError: The server answered with an error, was not reached, or took too long.
        """
        models: list[dict[str, Any]] = json.loads(self._native.list_models())
        return models

    def get_wallet_address(self) -> str:
        """The account that pays."""
        return self._native.address

    def get_spending(self) -> Spending:
        """Sums over everything that this client paid."""
        return spending_from_native(self._native.spending())

    def payments(self) -> list[PaymentRecord]:
        """What this client paid, oldest first: the last 1,000 payments and those under way."""
        return PaymentRecord.list_from_native(self._native.payments())

    @property
    def api_url(self) -> str:
        """Base address of the endpoint, without a slash at its end."""
        return self._native.api_url

    @property
    def timeout(self) -> float:
        """Total seconds of a call that names none."""
        return self._native.timeout

    @property
    def model(self) -> str:
        """Model of calls that name none."""
        return self._native.model

    @property
    def payment_mode(self) -> Literal["wallet"]:
        """How calls are paid."""
        return "wallet"

    def close(self) -> None:
        """Lets go of the key and of the connections, the latter when the last call has ended.

        Any further call is a ``RuntimeError``.
        """
        self._native.close()

    def __enter__(self: _Client) -> _Client:  # noqa: PYI019 (Self needs Python 3.11)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"LLMClient(address={self.get_wallet_address()!r}, api_url={self.api_url!r})"
