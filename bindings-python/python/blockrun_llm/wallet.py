"""The functions of the published package that keep a wallet; `WalletHome` has more.

Different on purpose: nothing is ever overwritten, and a key that others could read is refused.
``scan_wallets`` is not there, which hands out the keys of other programs.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from . import _native
from ._wallet import WalletFile, WalletHome, list_discovered_wallets

if TYPE_CHECKING:
    from pathlib import Path

    from ._dollars import Dollars

__all__ = [
    "get_eip681_uri",
    "get_or_create_wallet",
    "get_payment_links",
    "get_wallet_address",
    "import_wallet",
    "list_discovered_wallets",
    "load_wallet",
    "save_wallet",
]


def get_or_create_wallet() -> tuple[str, str, bool]:
    """Address and key of the wallet that is there, or of a new one; and whether it is new.

    Of processes that do so at once one makes it, and all get it.

    Raises:
        ValueError: The wallet cannot be used.
    """
    home = WalletHome()
    new = False
    if home.file() is None:
        try:
            home.create()
            new = True
        except ValueError:
            # Somebody was faster, or nothing can be written here.
            if home.file() is None:
                raise
    key = home.export_key()
    return _native.address_of(key), key, new


def load_wallet() -> str | None:
    """The key of the wallet that is there; None when there is none.

    Raises:
        ValueError: The wallet cannot be used.
    """
    home = WalletHome()
    return None if home.file() is None else home.export_key()


def save_wallet(private_key: str) -> Path:
    """Makes a wallet with this key and returns its file.

    Raises:
        ValueError: It is no key, or there is a wallet already.
    """
    return WalletHome().import_key(private_key).path


def get_wallet_address() -> str | None:
    """The account of the wallet that is there; None when there is none."""
    file = WalletHome().file()
    return None if file is None else file.address


def import_wallet(address: str) -> WalletFile:
    """Takes over the wallet of another program; the one that was there is kept beside it.

    Raises:
        ValueError: No discovered wallet has this address.
    """
    return WalletHome().import_discovered(address, replace=True)


def get_eip681_uri(address: str, amount_usdc: Dollars = 1.0) -> str:
    """Link for a wallet app: a transfer of USDC on Base.

    Raises:
        ValueError: A bad address, or an amount that is not exact.
    """
    return str(_on_base(address, amount_usdc)["uri"])


def get_payment_links(address: str) -> dict[str, str]:
    """Links for an account on Base: ``basescan`` shows it to anybody, ``ethereum`` funds it.

    Raises:
        ValueError: A bad address.
    """
    said = _on_base(address, None)
    return {"basescan": said["explorer"], "ethereum": said["uri"]}


def _on_base(address: str, amount: Dollars | None) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(_native.funding_on_base(address, {"amount": amount}))
    return said
