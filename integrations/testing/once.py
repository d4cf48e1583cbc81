"""What every host is held to: its retries, and a lost answer, end in one transfer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from relay import Relay, balance
from support import serving

FLOOR = 1000
"""What each of the small calls of these tests costs, in micro-USDC."""


@contextmanager
def one_transfer(gateway: str, returning: Callable[[Mapping[str, str]], None]) -> Iterator[str]:
    """Address of a way to the gateway that loses answers as ``returning`` does.

    What is called through it has to end as one transfer, though it was sent more than once.
    """
    with bought(gateway, 1), serving(Relay(gateway, returning)) as relay:
        yield relay.url
        assert len(relay.paid) > 1
        assert len(set(relay.paid)) == 1


@contextmanager
def bought(gateway: str, calls: int) -> Iterator[None]:
    """Holds what runs within it to so many purchases, as the ledger sees them."""
    before = balance(gateway)
    yield
    assert before - balance(gateway) == calls * FLOOR
