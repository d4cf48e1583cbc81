"""The checks that every call makes before any traffic, one by one.

They return nothing; a failure is a ``ValueError`` that names what is wrong.
"""

from __future__ import annotations

import re
from typing import Any

from . import _native

__all__ = [
    "validate_api_url",
    "validate_eth_address",
    "validate_max_tokens",
    "validate_model",
    "validate_private_key",
    "validate_temperature",
    "validate_top_p",
]


def validate_private_key(private_key: str) -> None:
    """The key of a wallet: ``0x`` and 64 hex digits, a number on the curve. Never repeats it."""
    if not isinstance(private_key, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError("Private key must be a string")
    if not private_key.startswith("0x"):
        raise ValueError("Private key must start with 0x")
    _native.address_of(private_key)


def validate_eth_address(address: str) -> None:
    """An address of 20 bytes; its checksum is not looked at."""
    if not re.fullmatch("0x[0-9a-fA-F]{40}", address):
        raise ValueError(f"Invalid address {address!r}: expected 0x and 40 hexadecimal characters")


def validate_api_url(api_url: str) -> None:
    """The base address of an endpoint: https, or http to this machine, without a user name."""
    _native.check_url("api_url", api_url)


def validate_model(model: str) -> None:
    """The name of a model."""
    if not isinstance(model, str) or not model:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError("Model must be a non-empty string")
    _check(model=model)


def validate_max_tokens(max_tokens: int | None) -> None:
    """1 to 1,000,000."""
    _check(max_tokens=max_tokens)


def validate_temperature(temperature: float | None) -> None:
    """0 to 2."""
    _check(temperature=temperature)


def validate_top_p(top_p: float | None) -> None:
    """0 to 1."""
    _check(top_p=top_p)


def _check(**arguments: Any) -> None:
    try:
        _native.check_chat({"prompt": "?", "model": "?", **arguments})
    except TypeError as cause:
        raise ValueError(str(cause)) from None
