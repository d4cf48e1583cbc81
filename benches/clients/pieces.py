"""The pieces of a paid call that need no I/O: how long they take, and how many instructions."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

WHAT = {
    "nonce": "derive the nonce of a call",
    "price": "foretell the 402 from published prices",
    "parse": "read a 402",
    "digest": "EIP-712 digest of an authorization",
    "sign": "digest and signature",
    "flow-1": "the flow of a foretold call, payment header written",
    "flow-2": "the flow with a 402 in it, payment header written",
    "verify": "gateway: read a payment, compare it, recover its signer",
}
FEW, MANY = 20, 120


class Piece(NamedTuple):
    """A piece, and what it takes."""

    name: str
    median: str
    fastest: str
    instructions: int | None
    """None where there is nothing to count them with."""


def pieces(programs: Path) -> list[Piece]:
    """All of them."""
    times = _times()
    counted = shutil.which("valgrind") is not None
    if not counted:
        print("NO INSTRUCTIONS WERE COUNTED: valgrind is not installed", file=sys.stderr)
    return [
        Piece(name, *times[name], _instructions(programs, name) if counted else None)
        for name in WHAT
    ]


def _times() -> dict[str, tuple[str, str]]:
    """Median and fastest of each, as divan writes them."""
    command = ["cargo", "bench", "--quiet", "--package", "blockrun-bench", "--bench", "micro"]
    done = subprocess.run(
        [*command, "--", "--color", "never"], check=True, stdout=subprocess.PIPE, text=True
    )
    found = {}
    for line in done.stdout.splitlines():
        # Between the branches of a tree and the bars of a table.
        cells = [cell.strip() for cell in re.sub(r"[├╰─]", " ", line).split("│") if cell.strip()]
        if cells and (match := re.match(r"([a-z0-9-]+)\s+([\d.]+ \w+)$", cells[0])):
            found[match[1]] = (cells[2], match[2])
    return found


def _instructions(programs: Path, name: str) -> int:
    """What one more costs, so that the start of the program does not count."""
    few, many = (_collected(programs, name, times) for times in (FEW, MANY))
    return (many - few) // (MANY - FEW)


def _collected(programs: Path, name: str, times: int) -> int:
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    done = subprocess.run(
        [*command, str(programs / "counted"), name, str(times)],
        check=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    found = re.search(r"Collected : (\d+)", done.stderr)
    if found is None:
        raise SystemExit(f"callgrind says no number: {done.stderr}")
    return int(found[1])


class JournalCost(NamedTuple):
    """What the journal adds to a call, in microseconds, by the rows in it."""

    durability: str
    rows: int
    median_us: float


def journal() -> list[JournalCost]:
    """The journal by itself, up to a million rows."""
    command = ["cargo", "bench", "--quiet", "--package", "blockrun-llm", "--bench", "journal"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    lines = re.findall(r"^(\w+) +(\d+) .* ([\d.]+) \( *[\d.]+\)$", done.stdout, re.MULTILINE)
    return [JournalCost(name, int(rows), float(median)) for name, rows, median in lines]
