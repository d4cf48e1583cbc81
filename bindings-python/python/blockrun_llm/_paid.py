"""What a client knows of an answer beside its body: what it cost, and who answered."""

from __future__ import annotations

from typing import Any, Literal

from ._json_object import JsonObject, mapping, read_object
from ._money import dollars
from ._naming import as_imported
from ._value import Value


class ServerFallback(Value):
    """Another model answered than the one that was asked, as the server's headers say."""

    model: str | None
    """The model that answered, where the server tells it."""
    settlement_skipped: bool
    """Whether the server says that it did not take the payment.

    It is believed when the payment has expired unused: until then it counts in the budgets.
    """


class Paid:
    """What an answer cost. ``_about`` is what the native half knows, as JSON."""

    __slots__ = ()
    _about: str | None

    @property
    def cost_micro(self) -> int | None:
        """What the call cost, in micro-USDC; 0 when the server asked nothing.

        None with an API key: the account is billed, and the price is not told.
        """
        about = self._known()
        receipt = about.get("receipt")
        if receipt:
            amount: int = receipt["amount"]
            return amount
        return None if about.get("billed_to_account") else 0

    @property
    def cost_usd(self) -> float | None:
        """What the call cost, in dollars; ``cost_micro`` is exact."""
        cost = self.cost_micro
        return None if cost is None else dollars(cost)

    @property
    def cost_is_ceiling(self) -> None:
        """Always None: a price is exact. Other payment schemes would bound it only."""
        return None

    @property
    def settlement(self) -> dict[str, Any] | None:
        """What the server reported about the payment: ``transaction``, ``network``, ``payer``."""
        return mapping(self._known().get("receipt")).get("settlement")

    @property
    def payment_scheme(self) -> Literal["exact"] | None:
        """How it was paid; None when the server asked nothing, or an account is billed."""
        return "exact" if self._known().get("receipt") else None

    @property
    def fallback(self) -> ServerFallback | None:
        """Which other model answered, where the server says so."""
        said = self._known().get("fallback")
        return ServerFallback(**said) if said else None

    def _known(self) -> dict[str, Any]:
        return read_object(self._about) if self._about else {}


class PaidObject(Paid, JsonObject):
    """A JSON object that was paid for. Its text is read when a field is first asked for."""

    __slots__ = ("_about", "_raw")
    _raw: str

    def __init__(self, raw: str, about: str | None = None) -> None:
        """Made by a client: the body, and what else the native half knows, as JSON."""
        object.__setattr__(self, "_raw", raw)
        object.__setattr__(self, "_about", about)

    def __getattr__(self, name: str) -> Any:
        """A field that has no property of its own, and the parsed body itself."""
        if name == "_fields":
            object.__setattr__(self, "_fields", read_object(self._raw))
            return self._fields
        return super().__getattr__(name)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._raw, self._about)

    @property
    def raw(self) -> str:
        """The text exactly as received. Of a body that is not JSON, all there is."""
        return self._raw

    def _plain(self) -> dict[str, Any]:
        paid = ("cost_usd", "cost_micro", "settlement", "payment_scheme")
        fields = {**super()._plain(), **{name: getattr(self, name) for name in paid}}
        if fallback := self._known().get("fallback"):
            fields["fallback"] = fallback
        return fields


as_imported(__name__)
