"""Wallets: made once, kept private, and understood by eth-account."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest
from eth_account import Account
from support import ADDRESS, KEY, NOBODY

import blockrun_llm
from blockrun_llm import AsyncLLMClient, LLMClient, WalletHome, setup_agent_wallet, status, wallet

PASSPHRASE = "BLOCKRUN_WALLET_PASSPHRASE"
Account.enable_unaudited_hdwallet_features()


@pytest.fixture
def home(tmp_path: Path) -> WalletHome:
    return WalletHome(tmp_path / "home")


def test_an_agent_gets_a_wallet_once(
    home: WalletHome, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="No credential configured"):
        LLMClient(api_url=NOBODY)
    with setup_agent_wallet(api_url=NOBODY) as client:
        address = client.get_wallet_address()
    told = capsys.readouterr()
    assert address in told.err
    assert str(home.folder / ".session") in told.err
    assert told.out == ""
    assert home.export_key()[2:] not in told.err
    with setup_agent_wallet(api_url=NOBODY) as again, LLMClient(api_url=NOBODY) as found:
        assert again.get_wallet_address() == found.get_wallet_address() == address
    with setup_agent_wallet(private_key=KEY, api_url=NOBODY) as given:
        assert given.get_wallet_address() == ADDRESS
    assert capsys.readouterr().err == ""

    monkeypatch.setenv("BLOCKRUN_HOME", str(home.folder / "other"))
    monkeypatch.setenv("BLOCKRUN_API_KEY", "brk_test")
    assert setup_agent_wallet().payment_mode == "apikey"
    assert not (home.folder / "other").exists(), "who has an account needs no wallet"
    monkeypatch.delenv("BLOCKRUN_API_KEY")
    setup_agent_wallet(silent=True, api_url=NOBODY).close()
    assert capsys.readouterr().err == ""


def test_of_twenty_processes_one_makes_it(home: WalletHome) -> None:
    script = (
        "import blockrun_llm, sys; sys.stdin.read();"
        f"print(blockrun_llm.setup_agent_wallet(api_url={NOBODY!r}).get_wallet_address())"
    )
    command = [sys.executable, "-c", script]
    started = [
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(20)
    ]
    for process in started:
        assert process.stdin
        process.stdin.close()
        process.stdin = None
    ended = [process.communicate(timeout=60) for process in started]
    assert {out for out, _ in ended} == {wallet_address(home) + "\n"}
    assert sum("A new wallet" in err for _, err in ended) == 1


def wallet_address(home: WalletHome) -> str:
    file = home.file()
    assert file
    assert file.address
    return file.address


def test_status_and_funding(gateway: str, capsys: pytest.CaptureFixture[str]) -> None:
    rpc_url = gateway.removesuffix("/api") + "/practice/rpc"
    with LLMClient(KEY, gateway, rpc_url=rpc_url) as client:
        found = client.status()
        held = found.balance_micro
        assert found == blockrun_llm.WalletStatus(ADDRESS, "eip155:84532", held)
        assert status(client) == {"address": ADDRESS, "balance": found.balance_usd}
        assert capsys.readouterr().out == (
            f"Wallet: {ADDRESS}\nBalance: ${found.balance_usd:.2f} USDC\n"
        )
        funding = client.funding("2.5")
        assert funding.amount_micro == 2_500_000
        assert (funding.address, funding.network) == (ADDRESS, "eip155:84532")
        assert funding.uri.endswith(f"@84532/transfer?address={ADDRESS}&uint256=2500000")
        assert "2.5 USDC on Base Sepolia" in funding.instructions
        assert funding.explorer == f"https://sepolia.basescan.org/address/{ADDRESS}"
        assert funding.qr_png().startswith(b"\x89PNG")
        assert set(funding.qr_text()) == set(funding.qr_text(dark_blocks=True)) == set("█▀▄ \n")
        assert repr(funding) == f"Funding({funding.uri!r})"
        with pytest.raises(ValueError, match="6 decimals"):
            client.funding(0.0000001)
    with LLMClient("brk_test") as account:
        with pytest.raises(ValueError, match="wallet-only"):
            account.funding()
        with pytest.raises(ValueError, match="wallet-only"):
            account.status()


async def _status(gateway: str, rpc_url: str) -> blockrun_llm.WalletStatus:
    async with AsyncLLMClient(KEY, gateway, rpc_url=rpc_url) as client:
        return await client.status()


def test_status_of_the_client_for_asyncio(gateway: str) -> None:
    import asyncio

    rpc_url = gateway.removesuffix("/api") + "/practice/rpc"
    assert asyncio.run(_status(gateway, rpc_url)).address == ADDRESS


def test_a_home_keeps_what_it_is_given(home: WalletHome, tmp_path: Path) -> None:
    assert home.file() is None
    with pytest.raises(ValueError, match="there is none"):
        home.export_key()
    file = home.import_key(KEY)
    assert (file.address, file.encrypted) == (ADDRESS, False)
    assert home.file() == file
    assert file.path.read_text() == KEY
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    with pytest.raises(ValueError, match="never overwritten"):
        home.create()
    with pytest.raises(ValueError, match="never overwritten"):
        home.import_key("0x" + "01" * 32)
    other = home.import_key("0x" + "01" * 32, replace=True)
    assert other.address != ADDRESS
    (kept,) = home.folder.glob(".session.backup-*")
    assert kept.read_text() == KEY
    for bad in (KEY[:-1], "test test", '{"secret": 1}'):
        with pytest.raises(ValueError, match=r"\w") as caught:
            home.import_key(bad, passphrase="x" if bad.startswith("{") else None, replace=True)
        assert bad not in str(caught.value)
    assert "home" in repr(home)
    os.chmod(other.path, 0o640)
    with pytest.raises(ValueError, match="chmod 600"):
        LLMClient(api_url=NOBODY)


def test_eth_account_opens_our_keystores(
    home: WalletHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.import_key(KEY)
    copy = tmp_path / "copy.json"
    with pytest.raises(ValueError, match="passphrase"):
        home.backup(copy)
    home.backup(copy, "pässword")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert "0x" + Account.decrypt(copy.read_text(), "pässword").hex().removeprefix("0x") == KEY
    with pytest.raises(ValueError, match="could not be written"):
        home.backup(copy, "pässword")

    monkeypatch.setenv(PASSPHRASE, "the wallet's own")
    encrypted = WalletHome(tmp_path / "encrypted")
    assert encrypted.create().encrypted
    text = (encrypted.folder / "keystore.json").read_text()
    key = encrypted.export_key()
    assert "0x" + Account.decrypt(text, "the wallet's own").hex().removeprefix("0x") == key
    assert key[2:] not in text
    with LLMClient(api_url=NOBODY, home=encrypted.folder) as client:
        assert client.get_wallet_address() == wallet_address(encrypted)
    monkeypatch.delenv(PASSPHRASE)
    with pytest.raises(ValueError, match="BLOCKRUN_WALLET_PASSPHRASE"):
        LLMClient(api_url=NOBODY, home=encrypted.folder)


@pytest.mark.parametrize("kdf", ["scrypt", "pbkdf2"])
def test_we_open_those_of_eth_account(home: WalletHome, kdf: Literal["scrypt", "pbkdf2"]) -> None:
    # With its own defaults for scrypt, and fewer rounds than its own of the other, which are slow.
    iterations = None if kdf == "scrypt" else 10_000
    text = json.dumps(
        Account.encrypt(bytes.fromhex(KEY[2:]), "pässword", kdf=kdf, iterations=iterations)
    )
    with pytest.raises(ValueError, match="does not open"):
        home.import_key(text, passphrase="password")
    assert home.import_key(text, passphrase="pässword").address == ADDRESS


@pytest.mark.parametrize("words", [12, 15, 18, 21, 24])
def test_phrases_lead_to_the_accounts_of_eth_account(home: WalletHome, words: int) -> None:
    for path in ("m/44'/60'/0'/0/0", "m/44'/60'/7'/1/2147483647", "m/0"):
        for passphrase in ("", "TREZOR ✓"):
            account, phrase = Account.create_with_mnemonic(passphrase, words, account_path=path)
            file = home.import_key(phrase, passphrase=passphrase, path=path, replace=True)
            assert file.address == account.address


def test_the_published_functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert wallet.load_wallet() is None
    assert wallet.get_wallet_address() is None
    address, key, new = wallet.get_or_create_wallet()
    assert new
    assert wallet.get_or_create_wallet() == (address, key, False)
    assert wallet.load_wallet() == key
    assert wallet.get_wallet_address() == address
    with pytest.raises(ValueError, match="never overwritten"):
        wallet.save_wallet(KEY)

    theirs = tmp_path / ".other"
    theirs.mkdir()
    (theirs / "wallet.json").write_text(json.dumps({"privateKey": KEY, "address": "0x0"}))
    (found,) = wallet.list_discovered_wallets()
    assert (found.address, found.source) == (ADDRESS, theirs / "wallet.json")
    assert wallet.get_wallet_address() == address, "nothing is adopted"
    with pytest.raises(ValueError, match="No discovered wallet controls"):
        wallet.import_wallet("0x" + "11" * 20)
    assert wallet.import_wallet(ADDRESS).address == ADDRESS
    assert wallet.load_wallet() == KEY

    base = f"ethereum:0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913@8453/transfer?address={ADDRESS}"
    assert wallet.get_eip681_uri(ADDRESS, 1.5) == f"{base}&uint256=1500000"
    links = wallet.get_payment_links(ADDRESS)
    assert links == {"basescan": f"https://basescan.org/address/{ADDRESS}", "ethereum": base}
