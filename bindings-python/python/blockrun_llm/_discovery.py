"""What can be bought elsewhere, as a listing describes it."""

from __future__ import annotations

import json
from typing import Any

from ._money import dollars
from ._naming import as_imported
from ._value import Value


class ResourceOffer(Value):
    """A way to pay for a resource. What a call really costs is in its 402."""

    scheme: str
    """Scheme of x402, such as ``exact``."""
    network: str
    """A CAIP-2 identifier, or a name of x402 v1."""
    asset: str
    """Token contract."""
    pay_to: str
    """Account that is paid."""
    amount_micro: int | None
    """Price in micro-USDC; None where the token is not the USDC of a network that we know."""

    @property
    def amount_usd(self) -> float | None:
        """``amount_micro`` in dollars."""
        return None if self.amount_micro is None else dollars(self.amount_micro)


class Resource(Value):
    """Something that can be called for a payment.

    All of it is the listing's word, and none of it is checked but its form: texts are at most 2,000
    characters without control characters, lists have at most 32 entries.
    """

    url: str
    """Where it is: https, or http on this machine."""
    kind: str
    """How it is called, such as ``http`` or ``mcp``."""
    method: str | None
    """HTTP method, in capitals, where the listing says it."""
    description: str | None
    """What it does."""
    service_name: str | None
    """Name of the service."""
    tags: tuple[str, ...]
    """Labels."""
    mime_type: str | None
    """What an answer is."""
    last_updated: str | None
    """When the listing last looked at it, as the listing writes it."""
    accepts: tuple[ResourceOffer, ...]
    """How it can be paid."""
    price_micro: int | None
    """The least of its prices in micro-USDC, of those on the network that was searched for."""
    input_schema: Any
    """JSON Schema of what it takes: of the body, or of the query of a request without one."""
    input_example: Any
    """An example of it."""

    @property
    def price_usd(self) -> float | None:
        """``price_micro`` in dollars."""
        return None if self.price_micro is None else dollars(self.price_micro)

    @classmethod
    def list_from_native(cls, text: str) -> list[Resource]:
        """Reads the native half's JSON."""
        said: list[tuple[dict[str, Any], int | None]] = json.loads(text)
        return [cls._from_native(resource, price) for resource, price in said]

    @classmethod
    def _from_native(cls, said: dict[str, Any], price: int | None) -> Resource:
        offers = said.pop("accepts")
        return cls(
            kind=said.pop("type"),
            tags=tuple(said.pop("tags")),
            accepts=tuple(ResourceOffer(amount_micro=one.pop("amount"), **one) for one in offers),
            price_micro=price,
            **said,
        )


as_imported(__name__)
