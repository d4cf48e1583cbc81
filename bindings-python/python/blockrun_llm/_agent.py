"""A wallet for an agent that has none."""

from __future__ import annotations

import sys
from typing import Any

from . import _native
from ._client import LLMClient


def setup_agent_wallet(silent: bool = False, **options: Any) -> LLMClient:
    """An `LLMClient` for an agent: with what is configured, else with a new wallet.

    With a key among the options, in the environment (an API key too) or in the home folder no
    wallet is made. A new one is encrypted when the environment has a passphrase (`WalletHome`).
    Processes that do this at once get one wallet.

    Args:
        silent: Otherwise a new wallet is announced on stderr, with its address and how to fund it;
            never with its key.
        options: Those of `LLMClient`.

    Raises:
        ValueError: As `LLMClient`, and for a wallet that cannot be used.
    """
    given = options.get("private_key") is not None or options.get("signer") is not None
    made = None if given else _native.ensure_wallet(options.get("home"))
    client = LLMClient(**options)
    if made is not None and not silent:
        sys.stderr.write(client.welcome(made) + "\n")
    return client


def status(client: LLMClient | None = None) -> dict[str, Any]:
    """Prints the wallet's address and balance, and returns them as ``address`` and ``balance``.

    Args:
        client: Whose wallet. Default: that of ``LLMClient()``; none is made.

    Raises:
        ValueError: There is no wallet.
        APIError: The balance could not be read; nothing is printed then.
    """
    if client is None:
        with LLMClient() as own:
            return status(own)
    found = client.status()
    sys.stdout.write(f"Wallet: {found.address}\nBalance: ${found.balance_usd:.2f} USDC\n")
    return {"address": found.address, "balance": found.balance_usd}
