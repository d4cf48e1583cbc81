"""Frozen values about money.

Exact amounts are ``int`` counts of micro-USDC (1 USDC = 1,000,000) and end in ``_micro``; beside
each stands a ``float`` in dollars, ending in ``_usd``, for people.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from ._naming import as_imported
from ._value import Value

RecordState = Literal[
    "reserved",
    "signed",
    "settled",
    "refused",
    "unknown",
    "presumed_charged",
    "released",
    "cancelled",
]
"""Where a payment stands.

- ``reserved``: counted in the budgets, not signed yet.
- ``signed``: signed and recorded, maybe sent.
- ``settled``: the server answered it with success, or the chain shows the transfer.
- ``refused``: the server refused; what was signed lives until it expires.
- ``unknown``: sent, and nobody knows.
- ``presumed_charged``: expired without proof either way.
- ``released``: never sent, or proven not to be executable.
- ``cancelled``: cancelled on the chain.
"""


def dollars(micro: int) -> float:
    """The float that is nearest to an exact amount."""
    return micro / 1_000_000


class PaymentState(Value):
    """What happened to the money of a call."""

    state: Literal["not_charged", "refused", "charged", "unknown", "presumed_charged"]
    """Which of these it is.

    - ``not_charged``: never sent, or proven not to have been executed.
    - ``refused``: the server refused, but what was signed could be executed until ``live_until``.
    - ``charged``: executed; ``proof`` says who vouches for it.
    - ``unknown``: sent, and nobody knows; it could be executed until ``valid_until``.
    - ``presumed_charged``: expired without proof either way, and counts in full.
    """

    amount_micro: int | None = None
    """What was charged, or is presumed to be."""
    transaction: str | None = None
    """The transaction, where the server told it."""
    proof: Literal["server", "chain"] | None = None
    """Who vouches for a charge."""
    at_risk_micro: int | None = None
    """What a refused authorization would cost."""
    live_until: int | None = None
    """Unix time after which a refused authorization cannot be executed any more."""
    nonce: str | None = None
    """Nonce of an authorization whose outcome is unknown, in 0x-hex."""
    valid_until: int | None = None
    """Unix time after which an authorization of unknown outcome cannot be executed any more."""
    key: str | None = None
    """Idempotency key that resumes a call of unknown outcome."""

    @property
    def amount_usd(self) -> float | None:
        """``amount_micro`` in dollars."""
        return None if self.amount_micro is None else dollars(self.amount_micro)

    @property
    def at_risk_usd(self) -> float | None:
        """``at_risk_micro`` in dollars."""
        return None if self.at_risk_micro is None else dollars(self.at_risk_micro)

    @classmethod
    def from_native(cls, said: dict[str, Any]) -> PaymentState:
        """Reads the native half's description."""
        renamed = {"amount": "amount_micro", "at_risk": "at_risk_micro"}
        return cls(**{renamed.get(name, name): value for name, value in said.items()})

    def _shown(self) -> Mapping[str, Any]:
        return {name: value for name, value in super()._shown().items() if value is not None}


class Quote(Value):
    """What a call would cost."""

    model: str
    """The model that was asked about."""
    amount_micro: int
    """The price; zero when the server asks nothing."""
    network: str | None
    """CAIP-2 identifier of the network that would be paid on."""
    payee: str | None
    """The account that would be paid."""

    @property
    def amount_usd(self) -> float:
        """``amount_micro`` in dollars."""
        return dollars(self.amount_micro)

    @classmethod
    def from_native(cls, text: str) -> Quote:
        """Reads the native half's JSON."""
        said: dict[str, Any] = json.loads(text)
        return cls(amount_micro=said.pop("amount"), **said)


class PaymentRequest(Value):
    """A payment that is about to be signed, as ``on_payment`` is asked about it."""

    amount_micro: int
    """What the server asks; within all limits."""
    network: str
    """CAIP-2 identifier of the network."""
    payee: str
    """The account that would be paid."""
    model: str | None
    """The model that was asked for, where the call names one."""

    @property
    def amount_usd(self) -> float:
        """``amount_micro`` in dollars."""
        return dollars(self.amount_micro)

    @classmethod
    def from_native(cls, text: str) -> PaymentRequest:
        """Reads the native half's JSON."""
        said: dict[str, Any] = json.loads(text)
        return cls(amount_micro=said.pop("amount"), **said)


class Reconciliation(Value):
    """What the chain said of payments whose answer was lost."""

    open: int
    """Payments that were open."""
    paid: int
    """Of them, shown by the chain to be paid."""
    freed: int
    """Of them, proven never to be executed: their money is free again."""
    unknown: int
    """Of them, nothing could be learned about."""

    @classmethod
    def from_native(cls, text: str) -> Reconciliation:
        """Reads the native half's JSON."""
        return cls(**json.loads(text))


class PaymentRecord(Value):
    """A payment that a client made or tried to make. Holds no prompt, answer or private key."""

    state: RecordState
    """Where it stands. All but ``released`` and ``cancelled`` count in the budgets."""
    key: str | None
    """Idempotency key of the call; ``None`` when the caller gave one, which is not stored."""
    payment_id: str
    """Public id of the call, as sent to the server."""
    amount_micro: int
    """The signed amount."""
    network: str
    """CAIP-2 identifier of the network."""
    payee: str
    """The account that is paid."""
    nonce: str
    """Nonce of the authorization, in 0x-hex."""
    method: str
    """HTTP method of the call."""
    url: str
    """URL of the call."""
    model: str | None
    """The model that was asked, where the call names one."""
    transaction: str | None
    """The transaction, where the server told it."""
    created_at: int
    """Unix time at which it was reserved."""
    valid_before: int | None
    """Unix time after which it cannot be executed any more, once signed."""

    @property
    def amount_usd(self) -> float:
        """``amount_micro`` in dollars."""
        return dollars(self.amount_micro)

    @classmethod
    def list_from_native(cls, text: str) -> list[PaymentRecord]:
        """Reads the native half's JSON."""
        said: list[dict[str, Any]] = json.loads(text)
        return [cls(amount_micro=record.pop("amount"), **record) for record in said]


class Spending(TypedDict):
    """Sums over what a client paid."""

    total_usd: float
    """Settled, in dollars."""
    total_micro: int
    """Settled, in micro-USDC."""
    calls: int
    """Number of settled calls."""
    reserved_usd: float
    """Not settled but counted in the budgets: reserved, signed, refused, unknown; in dollars."""
    reserved_micro: int
    """The same in micro-USDC."""
    presumed_usd: float
    """Expired without proof, and counted in the budgets; in dollars."""
    presumed_micro: int
    """The same in micro-USDC."""


def spending_from_native(text: str) -> Spending:
    """Reads the native half's JSON."""
    said: dict[str, int] = json.loads(text)
    return Spending(
        total_usd=dollars(said["total"]),
        total_micro=said["total"],
        calls=said["calls"],
        reserved_usd=dollars(said["reserved"]),
        reserved_micro=said["reserved"],
        presumed_usd=dollars(said["presumed"]),
        presumed_micro=said["presumed"],
    )


as_imported(__name__)
