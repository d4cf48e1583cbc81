"""The client."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import TracebackType
from typing import Any, Literal, TypeVar, overload

from . import _native
from ._arguments import chat_arguments, client_options, content_of
from ._money import (
    PaymentRecord,
    PaymentRequest,
    Quote,
    Reconciliation,
    RecordState,
    Spending,
    spending_from_native,
)
from ._types import ChatResponse

Dollars = int | float | str | Decimal
"""Dollars, taken exactly: ``0.1`` is 100,000 micro-USDC. More than 6 decimals is an error."""

Messages = Sequence[Any]
"""Messages in OpenAI's form: dicts, or messages of earlier answers. Sent as they are."""

OnPayment = Callable[[PaymentRequest], bool | None]
"""Agrees to a payment with True or None, refuses it with False."""

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
        max_cost_per_hour: Most that all programs of this wallet home may spend in 3,600 seconds, in
            dollars, inclusive. Else ``BLOCKRUN_MAX_COST_PER_HOUR``, then no limit.
        max_cost_per_day: The same in 86,400 seconds. Else ``BLOCKRUN_MAX_COST_PER_DAY``, then no
            limit.
        on_payment: Asked before each payment is signed, when all limits allow it. True or None
            agrees; False refuses: a `PaymentError`, and so is whatever it raises, with that as
            ``__cause__``. Nothing is sent then. It runs in the thread that made the call, and its
            time is part of the call's.
        on_unresolved: What a call without a key does that was made before, word for word, and whose
            payment is unresolved. ``"resume"`` (the default) takes that one up: a plain retry does
            not pay twice; ``"refuse"`` raises `PaymentOutcomeUnknown`; ``"new"`` buys again.
        rpc_url: JSON-RPC endpoints of the chain, separated by commas, or ``"off"``. They are asked
            for proof when a budget would refuse and by `reconcile`. Else ``BLOCKRUN_RPC_URL``, then
            public ones; none for a server on this machine.
        home: Folder of the wallet home, where payments are recorded for all its programs. Else
            ``BLOCKRUN_HOME``, then ``~/.blockrun``. When it cannot be used, a limit by hour or day
            is a `JournalError` and nothing is paid; otherwise the records are kept in memory and
            there is one ``RuntimeWarning``.
        durability: What the record of a payment survives: ``"process"`` (the default), the death of
            the process; ``"power"``, the loss of power too, at about ten times the cost of a write.
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
        max_cost_per_hour: Dollars | None = None,
        max_cost_per_day: Dollars | None = None,
        on_payment: OnPayment | None = None,
        on_unresolved: Literal["resume", "refuse", "new"] | None = None,
        rpc_url: str | None = None,
        home: str | os.PathLike[str] | None = None,
        durability: Literal["process", "power"] | None = None,
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
            max_cost_per_hour=max_cost_per_hour,
            max_cost_per_day=max_cost_per_day,
            on_payment=on_payment,
            on_unresolved=on_unresolved,
            rpc_url=rpc_url,
            home=home,
            durability=durability,
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
            idempotency_key: Names this call, in at most 255 bytes. The same key is paid at most
                once, in any process of the wallet home; a call with it that was paid before gets
                its answer again, and another call with it is an `IdempotencyConflict`. Put no
                personal data into it: a key that can be guessed can be confirmed from the public
                nonce. Default: made up.
            timeout: Total seconds of this call. Default: the client's.
            extra: Further fields of the body; None is left out. ``search`` and ``fallback_models``
                are not available in this version: a ``ValueError``.

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

    def payments(
        self,
        *,
        scope: Literal["client", "home"] = "client",
        state: RecordState | None = None,
        since: int | None = None,
        model: str | None = None,
        origin: str | None = None,
        limit: int | None = None,
    ) -> list[PaymentRecord]:
        """What was paid, or tried to be, oldest first.

        Args:
            scope: Payments of this ``"client"``, or of all programs of the wallet ``"home"``.
            state: Only those that stand so.
            since: Only those that were begun at or after this Unix time.
            model: Only those for this model.
            origin: Only those to the server of this URL.
            limit: At most so many, the newest ones. Default 1,000.

        Raises:
            JournalError: The journal cannot be read.
        """
        asked = {
            "scope": scope,
            "state": state,
            "since": since,
            "model": model,
            "origin": origin,
            "limit": limit,
        }
        return PaymentRecord.list_from_native(self._native.payments(asked))

    def reconcile(self) -> Reconciliation:
        """Asks the chain what became of payments whose answer was lost, and records what is proven.

        Asks about the whole wallet home, at most 256 payments. A chain that does not answer is no
        error: its payments stay as they are.

        Raises:
            JournalError: The journal cannot be used.
        """
        return Reconciliation.from_native(self._native.reconcile())

    def recover(self, key: str) -> ChatResponse:
        """Fetches the answer of a paid chat call again. Pays nothing, so its ``cost_micro`` is 0.

        Works as long as the server keeps the answer: an hour past the expiry of the payment.

        Args:
            key: The idempotency key of the call, or its public ``payment_id``.

        Raises:
            ValueError: The journal of this wallet home does not know the call.
            APIError: The server has no answer for it any more, was not reached, or took too long.
        """
        return ChatResponse(*self._native.recover({"key": key}))

    @property
    def journal(self) -> Literal["file", "memory"] | None:
        """Where payments are recorded; None before the first use.

        ``"memory"``, which ends with the process, only when the wallet home cannot be used.
        """
        return self._native.journal

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
