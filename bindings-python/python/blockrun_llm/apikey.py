"""API keys: ``brk_…``, whose account is billed instead of a wallet."""

from __future__ import annotations

import os

__all__ = [
    "DEFAULT_API_KEY_URL",
    "ENV_API_KEY",
    "ENV_API_KEY_URL",
    "PAYMENT_MODE_API_KEY",
    "PAYMENT_MODE_WALLET",
    "is_api_key",
    "resolve_api_key",
]

ENV_API_KEY = "BLOCKRUN_API_KEY"
"""Environment variable with the API key."""
ENV_API_KEY_URL = "BLOCKRUN_API_KEY_URL"
"""Environment variable with the base address for API keys."""
DEFAULT_API_KEY_URL = "https://api.blockrun.ai"
"""Where calls with an API key go unless configured."""
PAYMENT_MODE_API_KEY = "apikey"
"""``payment_mode`` of a client with an API key."""
PAYMENT_MODE_WALLET = "wallet"
"""``payment_mode`` of a client with a wallet."""

_PREFIX = "brk_"


def is_api_key(value: object) -> bool:
    """Whether a credential is an API key and not the key of a wallet."""
    return isinstance(value, str) and value.strip().startswith(_PREFIX)


def resolve_api_key(explicit: str | None = None) -> str | None:
    """The API key that a client would use; None when it would use a wallet.

    Args:
        explicit: What the client is given: an API key is taken, the key of a wallet keeps it from
            using the environment's.

    Raises:
        ValueError: ``BLOCKRUN_API_KEY`` is no API key.
    """
    if explicit is not None and explicit.strip():
        return explicit.strip() if is_api_key(explicit) else None
    found = os.environ.get(ENV_API_KEY, "").strip()
    if found and not is_api_key(found):
        raise ValueError(f"Invalid {ENV_API_KEY}: expected a key starting with '{_PREFIX}'")
    return found or None
