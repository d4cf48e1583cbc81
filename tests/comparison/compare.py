"""The same network faults against our client and the official ones, unmodified.

Each case is one purchase by a new wallet at the practice gateway, through a proxy that spoils the
first paid request after the gateway has settled it. The application makes the same call once more
when it got an error. Then the ledger says how often it was paid. Ends with status 1 if our client
did not pay exactly once and get its answer in every case.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import secrets
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from proxy import DELAY, FAULTS, Proxy

HERE = Path(__file__).resolve().parent
USDC = "0x036CbD53842c5426634e7929541eC2318f3dCF7e"  # of Base Sepolia
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
PATIENCE = 20.0  # seconds that a client waits for its answer
IMPATIENCE = 2.0  # where the answer is to come too late
LIMIT = 90.0  # seconds of a case, before it counts as not run

assert IMPATIENCE < DELAY < PATIENCE


class Client(NamedTuple):
    """A column of the table."""

    title: str
    command: tuple[Path | str, ...]


class Result(NamedTuple):
    """What became of a purchase."""

    client: str
    transfers: int
    answered: bool

    def __str__(self) -> str:
        return f"{self.transfers}, {'yes' if self.answered else 'no'}"


def clients(setup: Path, venv: Path) -> list[Client]:
    """Ours first."""
    shared = HERE / "blockrun.py"
    return [
        Client("ours, Python", (venv / "bin/python", shared)),
        Client("official, httpx", (setup / "x402/bin/python", HERE / "official_httpx.py")),
        # Beside its packages: Node looks for them from where the file is.
        Client("official, fetch", ("node", setup / "official_fetch.mjs")),
        Client("published, Python", (setup / "published/bin/python", shared)),
    ]


@asynccontextmanager
async def gateway() -> AsyncGenerator[int]:
    """The port of a new practice gateway that keeps nothing."""
    run = await asyncio.create_subprocess_exec(
        *(os.environ["BLOCKRUN_BIN"], "gateway", "--practice", "--ephemeral"),
        *("--x402", "v2", "--port", "0"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert run.stdout is not None
    try:
        line = (await run.stdout.readline()).decode().strip()
        port = urlsplit(line.removeprefix("listening on ")).port
        assert port is not None, f"the gateway says {line!r}"
        yield port
    finally:
        run.terminate()
        await run.wait()


async def purchase(client: Client, fault: str, port: int) -> Result | None:
    """Buys once with a new wallet; None if that client could not be run."""
    patience = IMPATIENCE if "later" in fault else PATIENCE
    proxy = Proxy(port, FAULTS[fault])
    async with proxy.listening() as proxied:
        said = await _run(client, proxied, patience)
    if said is None:
        return None
    if proxy.first_paid is None or b" 200 " not in proxy.first_paid:
        print(f"{client.title}: the gateway took no payment", file=sys.stderr)
        return None
    transfers = await asyncio.to_thread(_transfers, port, said["payer"])
    return Result(said["client"], transfers, said["answered"])


async def _run(client: Client, port: int, patience: float) -> dict[str, Any] | None:
    with tempfile.TemporaryDirectory() as home:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "BUYER_KEY": "0x" + secrets.token_hex(32),
            "BUYER_URL": f"http://127.0.0.1:{port}/api",
            "BUYER_TIMEOUT": str(patience),
        }
        try:
            run = await asyncio.create_subprocess_exec(
                *client.command,
                env=environment,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            print(f"{client.title}: {error}", file=sys.stderr)
            return None
        try:
            out, err = await asyncio.wait_for(run.communicate(), LIMIT)
        except asyncio.TimeoutError:
            run.kill()
            await run.wait()
            print(f"{client.title}: no end after {LIMIT:.0f} s", file=sys.stderr)
            return None
    if run.returncode:
        print(f"{client.title}: {err.decode()}", file=sys.stderr)
        return None
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


def _transfers(port: int, payer: str) -> int:
    """How often the ledger moved money of the payer."""
    topics = [TRANSFER, "0x" + payer[2:].lower().rjust(64, "0")]
    call = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "eth_getLogs",
        "params": [{"address": USDC, "topics": topics, "fromBlock": "0x0"}],
    }
    request = Request(
        f"http://127.0.0.1:{port}/practice/rpc",
        json.dumps(call).encode(),
        {"content-type": "application/json"},
    )
    with urlopen(request, timeout=10) as answer:
        return len(json.load(answer)["result"])


def table(rows: dict[str, list[Result | None]], columns: list[Client]) -> str:
    """The results in Markdown."""
    versions = [
        f"{column.title}: {next((cell.client for cell in cells if cell), 'not run')}"
        for column, cells in zip(columns, zip(*rows.values(), strict=True), strict=True)
    ]
    lines = [
        f"{datetime.now(timezone.utc):%Y-%m-%d}, {platform.system()}; {'; '.join(versions)}.",
        "",
        f"| what happens to the first paid request | {' | '.join(c.title for c in columns)} |",
        f"|---|{'---|' * len(columns)}",
    ]
    for fault, row in rows.items():
        cells = " | ".join(str(cell or "not run") for cell in row)
        lines.append(f"| {fault} | {cells} |")
    return "\n".join(lines)


async def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--setup", type=Path, required=True, help="where the packages are")
    arguments.add_argument("--venv", type=Path, required=True, help="where our wheel is")
    given = arguments.parse_args()
    columns = clients(given.setup, given.venv)
    rows: dict[str, list[Result | None]] = {}
    async with gateway() as port:
        for fault in FAULTS:
            rows[fault] = [await purchase(client, fault, port) for client in columns]
    print(table(rows, columns))
    ours = [row[0] for row in rows.values()]
    return int(any(result is None or result[1:] != (1, True) for result in ours))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
