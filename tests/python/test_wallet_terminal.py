"""What the command asks of whoever keeps a wallet, on a terminal."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest
from eth_account import Account
from support import program
from terminal import Terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="terminals")

PASSPHRASE = "correct horse"
OURS = re.compile(r"^(BLOCKRUN|BASE_CHAIN)_")


def wallet(home: Path, *arguments: str) -> Terminal:
    plain = {name: value for name, value in os.environ.items() if not OURS.match(name)}
    surroundings = {**plain, "BLOCKRUN_HOME": str(home), "HOME": str(home.parent), "TERM": "xterm"}
    return Terminal(surroundings, program("blockrun", "BLOCKRUN_BIN"), "wallet", *arguments)


def session(home: Path) -> str:
    """The account of the key that lies there in plain."""
    return str(Account.from_key((home / ".session").read_text()).address)


def encrypted(home: Path) -> None:
    terminal = wallet(home, "encrypt")
    for question in ("New passphrase: ", "Once more: "):
        terminal.expect(question)
        terminal.type(f"{PASSPHRASE}\r")
    terminal.expect("keystore.json, encrypted")
    assert terminal.end() == 0
    assert not (home / ".session").exists()


def test_a_wallet_of_words_is_made_by_whoever_has_them(tmp_path: Path) -> None:
    home = tmp_path / "home"
    terminal = wallet(home, "create", "--mnemonic")
    shown = terminal.expect("Their account is the one at m/44'/60'/0'/0/0")
    words = dict(re.findall(r"(\d+)  ([a-z]+)", shown))
    assert list(words) == [str(number) for number in range(1, 13)]
    terminal.expect("Type word ")
    number = terminal.expect(", to show that you have them: ")
    assert not (home / ".session").exists()
    terminal.type("zebra-crossing\r")
    terminal.expect("That is another word.")
    terminal.expect("to show that you have them: ")
    terminal.type(f"{words[number]}\r")
    terminal.expect("It is empty")
    assert terminal.end() == 0
    Account.enable_unaudited_hdwallet_features()
    phrase = " ".join(words.values())
    assert session(home) == Account.from_mnemonic(phrase).address
    assert all(phrase not in file.read_text() for file in home.iterdir())


def test_who_leaves_before_the_word_has_no_wallet(tmp_path: Path) -> None:
    terminal = wallet(tmp_path / "home", "create", "--mnemonic")
    terminal.expect("to show that you have them: ")
    terminal.type("\x04")
    terminal.expect("nothing was typed")
    assert terminal.end() == 2
    assert not (tmp_path / "home/.session").exists()


def test_a_wallet_is_decrypted_for_whoever_confirms_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    terminal = wallet(home, "create")
    terminal.expect("It is empty")
    assert terminal.end() == 0
    account = session(home)
    encrypted(home)
    for typed, says, code in (
        ("nobody\r", "not confirmed; nothing was done", 2),
        (f"{account[-6:]}\r", "readable by you alone", 0),
    ):
        terminal = wallet(home, "decrypt", "--in-plain")
        terminal.expect("Passphrase of the wallet: ")
        terminal.type(f"{PASSPHRASE}\r")
        terminal.expect(f"Type the last 6 characters of the address, {account[-6:]}, to go on: ")
        assert not (home / ".session").exists()
        terminal.type(typed)
        terminal.expect(says)
        assert terminal.end() == code
    assert session(home) == account
    [kept] = home.glob("keystore.json.backup-*")
    key = Account.decrypt(json.loads(kept.read_text()), PASSPHRASE)
    assert Account.from_key(key).address == account
    terminal = wallet(home, "decrypt", "--in-plain")
    terminal.expect("is not encrypted")
    assert terminal.end() == 2


def test_a_key_is_shown_to_whoever_confirms_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    terminal = wallet(home, "create")
    terminal.expect("It is empty")
    assert terminal.end() == 0
    account, key = session(home), (home / ".session").read_text().strip()
    terminal = wallet(home, "export", "--show")
    terminal.expect("to go on: ")
    terminal.type("nobody\r")
    assert key not in terminal.expect("not confirmed")
    assert terminal.end() == 2
    terminal = wallet(home, "export", "--show")
    terminal.expect("to go on: ")
    terminal.type(f"{account[-6:]}\r")
    terminal.expect(key)
    assert terminal.end() == 0
