"""Wallets: where the key is kept, and how money gets in."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, final

from . import _native
from ._money import dollars
from ._naming import as_imported
from ._value import Value

if TYPE_CHECKING:
    from pathlib import Path

    from ._dollars import Dollars


class WalletStatus(Value):
    """What a wallet has."""

    address: str
    """The wallet."""
    network: str
    """The network whose USDC was counted, as a CAIP-2 identifier."""
    balance_micro: int
    """What it holds there, in micro-USDC."""

    @property
    def balance_usd(self) -> float:
        """``balance_micro`` in dollars."""
        return dollars(self.balance_micro)

    @classmethod
    def from_native(cls, text: str) -> WalletStatus:
        """Reads the native half's JSON."""
        return cls(**json.loads(text))


class WalletFile(Value):
    """What is known of a wallet without its passphrase."""

    address: str | None
    """Its account; None for a keystore that does not say."""
    path: Path
    """Where it is."""
    encrypted: bool
    """Whether it takes a passphrase to use it."""

    @classmethod
    def from_native(cls, text: str) -> WalletFile:
        """Reads the native half's JSON."""
        from pathlib import Path

        said: dict[str, Any] = json.loads(text)
        return cls(path=Path(said.pop("path")), **said)


class DiscoveredWallet(Value):
    """A wallet of another program. It is not used."""

    address: str
    """The account of its key."""
    source: Path
    """Its file."""


@final
class Funding:
    """How USDC gets into a wallet."""

    __slots__ = ("_asked", "_native", "_said")

    def __init__(self, native: _native.Client, amount: Dollars | None) -> None:
        self._native = native
        self._asked = {"amount": amount}
        self._said: dict[str, Any] = json.loads(native.funding(self._asked))

    @property
    def address(self) -> str:
        """The wallet."""
        return str(self._said["address"])

    @property
    def network(self) -> str:
        """The network it is funded on, as a CAIP-2 identifier."""
        return str(self._said["network"])

    @property
    def amount_micro(self) -> int | None:
        """The suggested amount in micro-USDC."""
        amount: int | None = self._said["amount_micro"]
        return amount

    @property
    def uri(self) -> str:
        """Link for a wallet app (EIP-681)."""
        return str(self._said["uri"])

    @property
    def explorer(self) -> str | None:
        """Page that shows the account to anybody, where one is known."""
        page: str | None = self._said["explorer"]
        return page

    @property
    def instructions(self) -> str:
        """What to do, in plain words."""
        return str(self._said["instructions"])

    def qr_png(self) -> bytes:
        """The link as a QR code, in a PNG file."""
        return self._native.funding_png(self._asked)

    def qr_text(self, *, dark_blocks: bool = False) -> str:
        """The link as a QR code for a terminal.

        Args:
            dark_blocks: For a terminal that writes dark on light; otherwise for light on dark.
        """
        return self._native.funding_text({**self._asked, "dark_blocks": dark_blocks})

    def __repr__(self) -> str:
        return f"Funding({self.uri!r})"


@final
class WalletHome:
    """The folder in which an account keeps its wallet: one at a time.

    Files are written whole or not at all, for their owner only from the first byte, and never over
    a key that is not kept somewhere else. A key file that others could read or change is refused.

    A ``passphrase`` that is not given is that of ``BLOCKRUN_WALLET_PASSPHRASE``, or what the
    command in ``BLOCKRUN_WALLET_PASSPHRASE_COMMAND`` prints; a new wallet is encrypted when there
    is one.

    Args:
        home: The folder. Else ``BLOCKRUN_HOME``, then ``~/.blockrun``.

    Raises:
        ValueError: There is no home folder; and from every method for a file that cannot be used.
    """

    __slots__ = ("_native",)

    def __init__(self, home: str | os.PathLike[str] | None = None) -> None:
        self._native = _native.Home(home)

    @property
    def folder(self) -> Path:
        """The folder, which need not be there yet."""
        return self._native.folder

    def file(self) -> WalletFile | None:
        """The wallet that is there, without opening it."""
        found = self._native.file()
        return None if found is None else WalletFile.from_native(found)

    def create(self, passphrase: str | None = None) -> WalletFile:
        """Makes a new wallet.

        Raises:
            ValueError: There is one already; it is never overwritten.
        """
        return WalletFile.from_native(self._native.create(passphrase))

    def import_key(
        self,
        key: str,
        *,
        passphrase: str | None = None,
        path: str | None = None,
        replace: bool = False,
    ) -> WalletFile:
        """Brings in a key.

        Args:
            key: 64 hexadecimal digits, a phrase of BIP-39 in English, or the JSON of a keystore
                (Web3 Secret Storage, version 3).
            passphrase: That of the keystore, or of the phrase, which few phrases have.
            path: The account of a phrase. Default ``m/44'/60'/0'/0/0``.
            replace: Whether a wallet that is there gives way; it is kept beside the new one.

        Raises:
            ValueError: It is no key, which is not repeated, or there is a wallet already.
        """
        arguments = {"key": key, "passphrase": passphrase, "path": path, "replace": replace}
        return WalletFile.from_native(self._native.import_key(arguments))

    def import_discovered(self, address: str, *, replace: bool = False) -> WalletFile:
        """Takes over the wallet of another program; see `list_discovered_wallets`.

        Raises:
            ValueError: No such wallet has this address, or there is a wallet already.
        """
        return WalletFile.from_native(self._native.import_discovered(address, replace))

    def export_key(self, passphrase: str | None = None) -> str:
        """The key itself, ``0x`` and 64 digits. Whoever has it has the money.

        Raises:
            ValueError: There is no wallet, or the passphrase does not open it.
        """
        return self._native.export_key(passphrase)

    def backup(self, file: str | os.PathLike[str], passphrase: str | None = None) -> None:
        """Writes an encrypted copy, a keystore, to a file that is not there yet.

        Args:
            file: The file.
            passphrase: To open the copy with.

        Raises:
            ValueError: There is no wallet, no passphrase, or something in the file's place.
        """
        self._native.backup(file, passphrase)

    def __repr__(self) -> str:
        return f"WalletHome({str(self.folder)!r})"


def list_discovered_wallets() -> list[DiscoveredWallet]:
    """Wallets that other programs keep in this account's home folder, the newest first.

    None of them is used; `WalletHome.import_discovered` takes one over.
    """
    from pathlib import Path

    found: list[dict[str, str]] = json.loads(_native.discovered())
    return [DiscoveredWallet(one["address"], Path(one["source"])) for one in found]


as_imported(__name__)
