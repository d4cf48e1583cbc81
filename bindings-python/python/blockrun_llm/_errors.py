"""Exceptions: one class for each kind of error, each of which says what happened to the money.

Bad arguments raise ``ValueError`` or ``TypeError`` before anything is sent.
"""

from __future__ import annotations

import json
import math
from typing import Any, ClassVar, TypeVar

from ._money import PaymentState, dollars
from ._naming import as_imported

_NOT_CHARGED = PaymentState("not_charged")

_Error = TypeVar("_Error", bound="BlockrunError")


class BlockrunError(Exception):
    """Base of all errors of this package."""

    code: ClassVar[str] = "BLOCKRUN"
    """The kind of error, the same in every language."""

    payment: PaymentState = _NOT_CHARGED
    """What happened to the money of the call."""

    key: str | None = None
    """Idempotency key of the call, once its payment was sent."""

    retryable: bool = False
    """Whether the same call may succeed when it is simply made again. Says nothing about money."""

    status_code: int | None = None
    """HTTP status of the answer that ended the call; 0 where none was received."""

    response: Any = None
    """Body of that answer: parsed JSON, else text."""

    reason: str | None = None
    """The server's own reason."""

    retry_after: str | None = None
    """The server's ``Retry-After``, as text."""

    def __init__(self, message: str) -> None:
        # Not through `super()`: `OSError`, the other parent of some classes, reads arguments as
        # an errno and a file name.
        self.args = (message,)

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""

    @property
    def retry_after_seconds(self) -> float | None:
        """``retry_after`` in seconds; None when absent or not a number."""
        try:
            seconds = float(self.retry_after or "")
        except ValueError:
            return None
        return seconds if math.isfinite(seconds) and seconds >= 0 else None

    def __reduce__(self) -> tuple[Any, ...]:
        # The attributes, and not the arguments of the constructor, are what has to survive.
        return _restore, (type(self), str(self), self.__dict__)


class PaymentError(BlockrunError):
    """A payment could not be made, or was not accepted. Base of the classes below."""

    code: ClassVar[str] = "PAYMENT"

    def __init__(
        self, message: str, *, status_code: int | None = None, response: Any = None
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.response = response


class SpendLimitError(PaymentError):
    """A price over a spending limit. Nothing was sent and nothing was charged."""

    code: ClassVar[str] = "SPEND_LIMIT"

    quoted_usd: float
    """Price of the refused call, in dollars; ``quoted_micro`` is exact."""
    limit_usd: float
    """The limit, in dollars; ``limit_micro`` is exact."""
    scope: str
    """Which limit: ``call``, ``session``, ``hour``, ``day``, ``model`` or ``origin``."""
    quoted_micro: int
    """Price of the refused call, in micro-USDC."""
    limit_micro: int
    """The limit, in micro-USDC."""
    reserved_micro: int = 0
    """What the scope already holds, paid and reserved, in micro-USDC."""
    frees_at: int | None = None
    """Unix time at which enough of it frees by itself, where the scope rolls."""

    def __init__(self, message: str, *, quoted_usd: float, limit_usd: float, scope: str) -> None:
        super().__init__(message)
        self.quoted_usd = quoted_usd
        self.limit_usd = limit_usd
        self.quoted_micro = round(quoted_usd * 1_000_000)
        self.limit_micro = round(limit_usd * 1_000_000)
        self.scope = scope

    @property
    def reserved(self) -> float:
        """What the scope already holds, paid and reserved, in dollars."""
        return dollars(self.reserved_micro)


class PaymentRefused(PaymentError):
    """The server refused a payment that was sent.

    ``payment.live_until`` says until when it could still be executed.
    """

    code: ClassVar[str] = "PAYMENT_REFUSED"


class RequirementRejected(PaymentError, ValueError):
    """The server asked for something that this client does not sign. Nothing was signed."""

    code: ClassVar[str] = "REQUIREMENT_REJECTED"

    field: str | None = None
    """The field that was refused."""
    got: str | None = None
    """What it said."""
    allowed: str | None = None
    """What would have been accepted."""


class PaymentOutcomeUnknown(PaymentError):
    """A payment was sent, and it is not known whether it was executed."""

    code: ClassVar[str] = "PAYMENT_OUTCOME_UNKNOWN"


class PaymentAlreadyUsed(PaymentError):
    """The server says that the payment was executed before."""

    code: ClassVar[str] = "PAYMENT_ALREADY_USED"


class IdempotencyConflict(PaymentError):
    """The key belongs to another call. Nothing was sent."""

    code: ClassVar[str] = "IDEMPOTENCY_CONFLICT"


class IdempotencyInFlight(PaymentError):
    """A call with the same key is under way and cannot be shared."""

    code: ClassVar[str] = "IDEMPOTENCY_IN_FLIGHT"


class ClockSkew(PaymentError):
    """Our clock and the server's are too far apart to sign. Nothing was signed."""

    code: ClassVar[str] = "CLOCK_SKEW"


class JournalError(PaymentError):
    """Payments cannot be recorded, and a rule in force needs the record. Nothing was signed."""

    code: ClassVar[str] = "JOURNAL"


class APIError(BlockrunError):
    """The server answered with an error."""

    code: ClassVar[str] = "API_ERROR"

    def __init__(
        self,
        message: str,
        status_code: int,
        response: Any = None,
        retry_after: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.response = response
        self.retry_after = retry_after


class APITimeoutError(APIError, TimeoutError):
    """The total time of the call passed. ``payment`` says whether something had been sent."""

    code: ClassVar[str] = "API_TIMEOUT"
    status_code: int | None = 0


class APIConnectionError(APIError, ConnectionError):
    """The server could not be reached, or the connection broke."""

    code: ClassVar[str] = "API_CONNECTION"
    status_code: int | None = 0


class StreamConsumed(APIError):
    """A stream was iterated a second time."""

    code: ClassVar[str] = "STREAM_CONSUMED"


class StreamBroken(APIError):
    """A paid stream broke and could not be resumed."""

    code: ClassVar[str] = "STREAM_BROKEN"


_CLASSES: dict[str, type[BlockrunError]] = {
    kind.code: kind
    for kind in (
        APIConnectionError,
        APIError,
        APITimeoutError,
        ClockSkew,
        IdempotencyConflict,
        IdempotencyInFlight,
        JournalError,
        PaymentAlreadyUsed,
        PaymentError,
        PaymentOutcomeUnknown,
        PaymentRefused,
        RequirementRejected,
        SpendLimitError,
        StreamBroken,
        StreamConsumed,
    )
}


def _restore(kind: type[_Error], message: str, attributes: dict[str, Any]) -> _Error:
    error = kind.__new__(kind, message)
    BlockrunError.__init__(error, message)
    error.__dict__.update(attributes)
    return error


def from_native(facts: str) -> BlockrunError:
    """Makes the exception for an error of the native half, which describes it in JSON."""
    said: dict[str, Any] = json.loads(facts)
    kind = _CLASSES.get(said.pop("code"), BlockrunError)
    message: str = said.pop("message")
    rejection: dict[str, Any] = said.pop("rejection") or {}
    limit: dict[str, Any] | None = said.pop("limit")
    attributes = {**said, **rejection, **(_limit(limit) if limit else {})}
    attributes["payment"] = PaymentState.from_native(said["payment"])
    attributes["response"] = _parsed(said["response"])
    if said["retry_after"] is not None:
        attributes["retry_after"] = str(said["retry_after"])
    # What is absent is left to the defaults of the class.
    known = {name: value for name, value in attributes.items() if value is not None}
    return _restore(kind, message, known)


def _limit(limit: dict[str, Any]) -> dict[str, Any]:
    return {
        "scope": limit["scope"],
        "quoted_usd": dollars(limit["quoted"]),
        "limit_usd": dollars(limit["limit"]),
        "quoted_micro": limit["quoted"],
        "limit_micro": limit["limit"],
        "reserved_micro": limit["reserved"],
        "frees_at": limit["frees_at"],
    }


def _parsed(body: str | None) -> Any:
    if body is None:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body


as_imported(__name__)
