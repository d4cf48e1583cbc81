"""The client."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ._arguments import further_fields
from ._endpoints import EndpointMethods
from ._images import ImageResponse
from ._json_object import read_list
from ._money import (
    PaymentRecord,
    Reconciliation,
    RecordState,
    Spending,
    dollars,
    spending_from_native,
)
from ._naming import as_imported
from ._types import ChatResponse
from ._wallet import WalletStatus

if TYPE_CHECKING:
    from ._async_client import AsyncLLMClient
    from ._openai import OpenAI

_Client = TypeVar("_Client", bound="LLMClient")


class LLMClient(EndpointMethods):
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
            Or an API key, ``brk_…``: its account is billed, nothing is signed, and a call is sent
            once. Else ``BLOCKRUN_API_KEY``, ``BLOCKRUN_WALLET_KEY``, ``BASE_CHAIN_WALLET_KEY``,
            then the wallet in ``home`` (`WalletHome`).
        api_url: Base address of the endpoint, https, or http to this machine. Else
            ``BLOCKRUN_API_URL``, then ``https://blockrun.ai/api``. With an API key
            ``BLOCKRUN_API_KEY_URL``, ``BLOCKRUN_API_BASE_URL``, then ``https://api.blockrun.ai``.
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
        payees: Who may be paid: addresses, or ``"pin"`` for whoever was paid first at each server
            by any program of this wallet home. Default: anybody the server names.
        on_payment: Asked before each payment is signed, when all limits allow it. True or None
            agrees; False refuses: a `PaymentError`, and so is whatever it raises, with that as
            ``__cause__``. Nothing is sent then. It runs in the thread that made the call, and its
            time is part of the call's.
        on_unresolved: What a call without a key does that was made before, word for word, and whose
            payment is unresolved. ``"resume"`` (the default) takes that one up: a plain retry does
            not pay twice; ``"refuse"`` raises `PaymentOutcomeUnknown`; ``"new"`` buys again.
        prepay: Whether a call whose exact price is known beforehand pays in its first request:
            ``"auto"`` saves a round trip; with ``"off"`` every call asks for the price first. Else
            ``BLOCKRUN_PREPAY``, then ``"auto"``.
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
        signer: Signs instead of a private key that is given: an account of ``eth_account``, or any
            object with ``address`` and ``sign_typed_data``. It is asked in the thread that made the
            call, once all limits and ``on_payment`` have agreed; what it raises ends the call.

    Raises:
        ValueError: A value, or an environment variable, that cannot be used.
        TypeError: An argument of a wrong type.
    """

    __slots__ = ()

    def image(
        self,
        prompt: str,
        *,
        model: str | None = None,
        size: str | None = None,
        n: int | None = None,
        quality: str | None = None,
        response_format: Literal["url", "b64_json"] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        **extra: Any,
    ) -> ImageResponse:
        """Makes images from a text.

        Args:
            prompt: What to draw.
            model: Model; default ``google/nano-banana``. `list_image_models` names them.
            size: Width and height in pixels, or a word that the model knows. Default
                ``1024x1024``.
            n: Number of images, 1 to 10. Default 1. The price is per image.
            quality: Quality that the model knows: ``standard``, ``hd``, ``low``, ``high``.
            response_format: As addresses or inline; default: the server's choice.
            idempotency_key: As for `chat`, and so are the others.
            timeout: Total seconds of this call. Default: the client's.
            extra: Further fields of the body; None is left out.

        Raises:
            ValueError: As `chat`, and so are the others.
        """
        arguments = {
            "prompt": prompt,
            "model": model,
            "size": size,
            "n": n,
            "quality": quality,
            "response_format": response_format,
            "idempotency_key": idempotency_key,
            "timeout": timeout,
            "extra": further_fields(extra),
        }
        return ImageResponse(*self._wait(self._native.image(arguments)))

    def list_models(self) -> list[dict[str, Any]]:
        """The models that the server offers, with their prices as it publishes them.

        Raises:
            APIError: The server answered with an error, was not reached, or took too long.
        """
        return read_list(self._wait(self._native.list_models()))

    def list_image_models(self) -> list[dict[str, Any]]:
        """Those of them that make images.

        Raises:
            APIError: As `list_models`.
        """
        return read_list(self._wait(self._native.list_image_models()))

    def get_balance(self, network: str | None = None) -> float:
        """What the wallet holds, in dollars; `get_balance_micro` is exact.

        Args:
            network: CAIP-2 identifier. Default: Base, or Base Sepolia where `is_testnet`.

        Raises:
            ValueError: Nobody can be asked about this network, or an API key is used.
            APIError: No endpoint of the chain answered: never a 0 that was not read.
        """
        return dollars(self.get_balance_micro(network))

    def get_balance_micro(self, network: str | None = None) -> int:
        """What the wallet holds, in micro-USDC; all as `get_balance`."""
        return self._wait(self._native.balance({"network": network}))

    def status(self) -> WalletStatus:
        """The wallet's address and what it holds; all as `get_balance`."""
        return WalletStatus.from_native(self._wait(self._native.status()))

    def get_spending(self) -> Spending:
        """Sums over everything that this client paid."""
        return spending_from_native(self._wait(self._native.spending()))

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
        return PaymentRecord.list_from_native(self._wait(self._native.payments(asked)))

    def reconcile(self) -> Reconciliation:
        """Asks the chain what became of payments whose answer was lost, and records what is proven.

        Asks about the whole wallet home, at most 256 payments. A chain that does not answer is no
        error: its payments stay as they are.

        Raises:
            JournalError: The journal cannot be used.
        """
        return Reconciliation.from_native(self._wait(self._native.reconcile()))

    def recover(self, key: str) -> ChatResponse:
        """Fetches the answer of a paid chat call again. Pays nothing: its cost is that of then.

        Works as long as the server keeps the answer: an hour past the expiry of the payment.

        Args:
            key: The idempotency key of the call, or its public ``payment_id``.

        Raises:
            ValueError: The journal of this wallet home does not know the call.
            APIError: The server has no answer for it any more, was not reached, or took too long.
        """
        return ChatResponse(*self._wait(self._native.recover({"key": key})))

    @property
    def aio(self) -> AsyncLLMClient:
        """The same client for asyncio: with this one's key, limits, connections and records.

        What one of them spends counts in the limits of both, and `close` closes both.
        """
        from ._async_client import AsyncLLMClient

        twin = AsyncLLMClient.__new__(AsyncLLMClient)
        twin._desk, twin._native = self._desk, self._native
        return twin

    @property
    def openai(self) -> OpenAI:
        """The same calls in the shape of OpenAI's package: ``openai.chat.completions.create``."""
        from ._openai import OpenAI

        return OpenAI(self)

    def __enter__(self: _Client) -> _Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


as_imported(__name__)
