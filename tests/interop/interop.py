"""Who can pay whom through whom: our clients, server and facilitator, and the official ones.

Every cell of the table is one purchase by a program that uses a client as its documentation says, at
a server that uses its middleware so, settled by a facilitator on a chain of our own (anvil) or on the
practice ledger. A cell is good when the client got its answer and a receipt whose transaction is the
only transfer from this buyer to this seller, of the right amount. x402-reqwest, the client of
crates.io, is built for it in a workspace of its own: cold, 3 minutes of processor time. Ends with
status 1 unless all cells are good, but those that others cannot do among themselves, which have to
stay bad.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import sys
import tempfile
from contextlib import AsyncExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from blockrun_llm import LLMClient
from parties import Client, Column, Setup, clients, columns, open_columns
from world import Ledger, chain

PRICE = 1_000
PURSE = 10_000_000
LIMIT = 90.0
"""Seconds of a cell, before it counts as failed."""
AT_ONCE = 3

_LOWER_CASE = "it writes its address in lower case, which the official Python facilitator refuses"
CANNOT = {
    ("x402-reqwest", f"{server} ← official Python"): _LOWER_CASE
    for server in ("FastAPI", "Express", "Express v1")
}
"""Client and column of pairs that others cannot serve, and why."""


class Cell(NamedTuple):
    """What became of a purchase; nothing is wrong with a good one."""

    wrong: str | None


class Buyer(NamedTuple):
    """A client with its wallet."""

    client: Client
    key: str
    address: str


async def purchase(buyer: Buyer, column: Column) -> Cell:
    """One purchase, judged by the ledger."""
    code, said = await _run(buyer, column)
    paid = [
        transfer
        for transfer in await asyncio.to_thread(column.ledger.transfers, buyer.address)
        if transfer.payee == column.payee
    ]
    amounts = [transfer.micro for transfer in paid]
    if code != 0:
        return Cell(f"{said.strip()[:500]}; paid {amounts}")
    if amounts != [PRICE]:
        return Cell(f"answered, and paid {amounts}")
    told = [line.split()[1] for line in said.splitlines() if line.startswith("transaction ")]
    if told != [paid[0].transaction]:
        return Cell(f"told of {told}, paid by {paid[0].transaction}")
    return Cell(None)


async def _run(buyer: Buyer, column: Column) -> tuple[int, str]:
    with tempfile.TemporaryDirectory() as home:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "CI": "",  # a toolchain that is missing is not fetched here
            "BLOCKRUN_HOME": home,
            "BLOCKRUN_API_URL": column.url,
            "BLOCKRUN_WALLET_KEY": buyer.key,
        }
        run = await asyncio.create_subprocess_exec(
            *buyer.client.command,
            env=environment | buyer.client.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            said, _ = await asyncio.wait_for(run.communicate(), LIMIT)
        except asyncio.TimeoutError:
            run.kill()
            await run.wait()
            return 1, f"no end after {LIMIT:.0f} s"
    return run.returncode or 0, said.decode().replace(buyer.key, "[key]")


async def matrix(
    buyers: list[Buyer], sellers: list[Column]
) -> dict[tuple[str, str], Cell]:
    """Every purchase that can be made, a few at a time."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(buyer: Buyer, column: Column) -> tuple[tuple[str, str], Cell]:
        async with room:
            return (buyer.client.title, column.title), await purchase(buyer, column)

    pairs = [
        one(buyer, column)
        for column in sellers
        for buyer in buyers
        if column.version in buyer.client.versions
    ]
    return dict(await asyncio.gather(*pairs))


def judge(cells: dict[tuple[str, str], Cell]) -> list[str]:
    """What is not as it should be."""
    problems = []
    for (client, column), cell in cells.items():
        excuse = CANNOT.get((client, column))
        if cell.wrong and not excuse:
            problems.append(f"{client} at {column}: {cell.wrong}")
        elif excuse and not cell.wrong:
            problems.append(f"{client} at {column} works: it need not be excused any more")
    return problems


def table(cells: dict[tuple[str, str], Cell], buyers: list[Buyer], sellers: list[Column]) -> str:
    """The results in Markdown; a footnote for every pair that cannot work."""
    titles = " | ".join(column.title for column in sellers)
    lines = [
        f"{datetime.now(timezone.utc):%Y-%m-%d}; server ← facilitator; `1` is one payment, answered "
        "and with a true receipt.",
        "",
        f"| client | {titles} |",
        f"|---|{'---|' * len(sellers)}",
    ]
    notes: list[str] = []
    for buyer in buyers:
        row = []
        for column in sellers:
            cell = cells.get((buyer.client.title, column.title))
            if cell is None:
                row.append(f"no v{column.version}")
            elif not cell.wrong:
                row.append("1")
            else:
                excuse = CANNOT.get((buyer.client.title, column.title), "failed")
                notes = [*notes, excuse] if excuse not in notes else notes
                row.append(f"({notes.index(excuse) + 1})")
        lines.append(f"| {buyer.client.title} | {' | '.join(row)} |")
    return "\n".join([*lines, *(f"({n}) {note}" for n, note in enumerate(notes, 1))])


def buyers_of(setup: Setup, ledger: Ledger) -> list[Buyer]:
    """A new wallet for each client that can be run, with money on the chain."""
    buyers = []
    for client in clients(setup):
        key = "0x" + secrets.token_hex(32)
        address = LLMClient(private_key=key).get_wallet_address()
        ledger.mint(address, PURSE)
        buyers.append(Buyer(client, key, address))
    return buyers


async def main() -> int:
    """Runs everything."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--setup", type=Path, required=True, help="where the packages are")
    arguments.add_argument("--blockrun", type=Path, required=True, help="built with `onchain`")
    arguments.add_argument("--target", type=Path, required=True, help="where ours are built")
    given = arguments.parse_args()
    setup = Setup(given.setup.resolve(), given.blockrun.resolve(), given.target.resolve())
    async with AsyncExitStack() as stack:
        ledger = await stack.enter_async_context(chain(setup.log))
        sellers = await open_columns(stack, setup, ledger, columns())
        buyers = buyers_of(setup, ledger)
        cells = await matrix(buyers, sellers)
    print(table(cells, buyers, sellers))
    problems = judge(cells)
    print(*(f"WRONG: {problem}" for problem in problems), sep="\n", file=sys.stderr)
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
