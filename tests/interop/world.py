"""What the matrix stands on: a chain, ledgers that can be asked, and processes that end with it."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import random
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[2]
USDC = "0x036CbD53842c5426634e7929541eC2318f3dCF7e"  # of Base Sepolia
CHAIN_ID = 84532
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
MINT = "0x40c10f19"
ANYBODY = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
"""Anvil's account 2, which nobody settles with."""
PATIENCE = 120.0
"""Seconds that a server may take to listen."""
_PORTS = iter(random.sample(range(20_000, 32_000), 12_000))
"""Below those that systems give to connections: nobody takes one by chance before its server does."""


class Transfer(NamedTuple):
    """One movement of money."""

    payee: str
    micro: int
    transaction: str


class Ledger(NamedTuple):
    """A chain, or a practice gateway that answers like one."""

    url: str

    def ask(self, method: str, *params: Any) -> Any:
        """Asks by JSON-RPC."""
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        headers = {"content-type": "application/json"}
        with urlopen(Request(self.url, json.dumps(question).encode(), headers), timeout=20) as said:
            answer = json.load(said)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def transfers(self, payer: str) -> list[Transfer]:
        """Everything that an account paid."""
        topics = [TRANSFER, "0x" + payer[2:].lower().rjust(64, "0")]
        logs = self.ask("eth_getLogs", {"address": USDC, "topics": topics, "fromBlock": "0x0"})
        return [
            Transfer("0x" + log["topics"][2][-40:], int(log["data"], 16), log["transactionHash"])
            for log in logs
        ]

    def mint(self, account: str, micro: int) -> None:
        """Gives an account test money; on the chain only."""
        data = MINT + account[2:].lower().rjust(64, "0") + f"{micro:064x}"
        self.ask("eth_sendTransaction", {"from": ANYBODY, "to": USDC, "data": data})


def anvil() -> Path:
    """The chain's program, which came with the npm packages."""
    machine = "arm64" if platform.machine() in ("arm64", "aarch64") else "amd64"
    system = platform.system().lower()
    return ROOT / f"node_modules/@foundry-rs/anvil-{system}-{machine}/bin/anvil"


@asynccontextmanager
async def chain(log: Path) -> AsyncGenerator[Ledger]:
    """A chain with our token at the address of USDC."""
    command = [str(anvil()), "--port", "0", "--chain-id", str(CHAIN_ID)]
    async with running(command, {}, "Listening on ", log) as address:
        ledger = Ledger(f"http://{address}")
        token = json.loads((ROOT / "tests/chain/TestUSDC.json").read_text())
        ledger.ask("anvil_setCode", USDC, token["runtime"])
        yield ledger


@asynccontextmanager
async def running(
    command: list[str], environment: Mapping[str, str], listens: str | int, log: Path
) -> AsyncGenerator[str]:
    """A server until the end of the block, and what it says behind ``listens`` once it does.

    A number is the port that it was told to listen on; then that is waited for. Its complaints go to
    the log.
    """
    with log.open("ab") as complaints:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=os.environ | environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=complaints,
        )
    assert process.stdout is not None
    rest = None
    try:
        if isinstance(listens, str):
            said = await asyncio.wait_for(_line(process.stdout, listens), PATIENCE)
        else:
            await asyncio.wait_for(_listening(listens, process), PATIENCE)
            said = str(listens)
        # Whatever else it says is read, so that it never waits for a reader.
        rest = asyncio.create_task(process.stdout.read())
        yield said
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except asyncio.TimeoutError:
            process.kill()
            await process.wait()
        if rest:
            await rest


async def _line(lines: asyncio.StreamReader, prefix: str) -> str:
    while line := (await lines.readline()).decode():
        if line.startswith(prefix):
            return line.removeprefix(prefix).strip()
    raise RuntimeError(f"a server ended before it said {prefix!r}")


async def _listening(port: int, process: asyncio.subprocess.Process) -> None:
    while process.returncode is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        await asyncio.sleep(0.1)
    raise RuntimeError(f"a server ended with {process.returncode} before it listened")


def free_port() -> int:
    """A port that nobody listens on, another one each time."""
    for port in _PORTS:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free")
