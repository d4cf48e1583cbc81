"""What the clients for threads and for tasks share: all that needs no waiting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

from . import _native
from ._arguments import client_options
from ._desk import Desk, Signer
from ._money import PaymentRequest
from ._wallet import Funding

if TYPE_CHECKING:
    import os

    from ._dollars import Dollars

Messages = Sequence[Any]
"""Messages in OpenAI's form: dicts, or messages of earlier answers. Sent as they are."""

Params = Mapping[str, Any] | Sequence[tuple[str, Any]]
"""A query: names and texts or numbers; a list is a name several times."""

OnPayment = Callable[[PaymentRequest], bool | None]
"""Agrees to a payment with True or None, refuses it with False."""

AsyncOnPayment = Callable[[PaymentRequest], bool | Awaitable[bool | None] | None]
"""The same, which may also be a coroutine function."""

_Hook = TypeVar("_Hook", bound=AsyncOnPayment)


class BaseClient(Generic[_Hook]):
    """The common part of `LLMClient` and `AsyncLLMClient`."""

    __slots__ = ("__weakref__", "_desk", "_native")

    DEFAULT_API_URL: ClassVar[str] = "https://blockrun.ai/api"
    """Where calls go unless configured."""
    TESTNET_API_URL: ClassVar[str] = "https://testnet.blockrun.ai/api"
    """The same for test money."""
    DEFAULT_MAX_TOKENS: ClassVar[int] = 1024
    """Most tokens of an answer unless asked otherwise."""

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
        payees: str | Sequence[str] | None = None,
        on_payment: _Hook | None = None,
        on_unresolved: Literal["resume", "refuse", "new"] | None = None,
        prepay: Literal["auto", "off"] | None = None,
        rpc_url: str | None = None,
        home: str | os.PathLike[str] | None = None,
        durability: Literal["process", "power"] | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        signer: Signer | None = None,
    ) -> None:
        if signer is not None and private_key is not None:
            raise ValueError("signer: give either a signer or a private_key")
        self._desk = Desk(on_payment, signer)
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
            payees=payees,
            on_unresolved=on_unresolved,
            prepay=prepay,
            rpc_url=rpc_url,
            home=home,
            durability=durability,
            ca_file=ca_file,
            signer_address=None if signer is None else signer.address,
            asks_to_pay=on_payment is not None,
            desk=self._desk,
        )
        self._native = _native.Client(options)

    def get_wallet_address(self) -> str:
        """The account that pays; empty with an API key."""
        return self._native.address

    def funding(self, amount: Dollars | None = None) -> Funding:
        """How USDC gets into the wallet, on Base, or Base Sepolia where `is_testnet`.

        Args:
            amount: A suggestion, in dollars.

        Raises:
            ValueError: The amount is not exact, or an API key is used.
        """
        return Funding(self._native, amount)

    def welcome(self, key_file: str | os.PathLike[str]) -> str:
        """What a person is told of this wallet when it is new and its key is in this file."""
        return self._native.welcome(key_file)

    def is_testnet(self) -> bool:
        """Whether the endpoint takes test money: on this machine, or a name with ``testnet.``."""
        return self._native.is_testnet

    @property
    def payment_mode(self) -> Literal["wallet", "apikey"]:
        """How calls are paid: from a wallet each, or by the account of an API key."""
        return self._native.payment_mode

    @property
    def journal(self) -> Literal["file", "memory"] | None:
        """Where payments are recorded; None before the first use, and with an API key.

        ``"memory"``, which ends with the process, only when the wallet home cannot be used.
        """
        return self._native.journal

    @property
    def api_url(self) -> str:
        """Base address of the endpoint, without a slash at its end."""
        return self._native.api_url

    @property
    def base_url(self) -> str:
        """Address of the OpenAI-compatible endpoint, as OpenAI's package wants it."""
        return f"{self.api_url}/v1"

    @property
    def timeout(self) -> float:
        """Total seconds of a call that names none."""
        return self._native.timeout

    @property
    def model(self) -> str:
        """Model of calls that name none."""
        return self._native.model

    def close(self) -> None:
        """Lets go of the key and of the connections, the latter when the last call has ended.

        Any further call is a ``RuntimeError``.
        """
        self._native.close()

    def __repr__(self) -> str:
        paid_by = (
            f"address={self.get_wallet_address()!r}"
            if self.payment_mode == "wallet"
            else "payment_mode='apikey'"
        )
        return f"{type(self).__name__}({paid_by}, api_url={self.api_url!r})"
