"""The page that a run becomes."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import date
from pathlib import Path

from pieces import WHAT
from tables import footprints, journal_table, languages, pieces_table, targets_table
from targets import Run, targets


def page(run: Run, head: str) -> str:
    """Targets first, then every table."""
    lines = [
        *["# The clients, side by side", "", head, ""],
        *["## Targets", "", *targets_table(targets(run))],
        *languages(run.results),
        *["## Import, size, memory", "", *footprints(run.footprints, run.memory)],
        *["## Pieces of a call", "", *pieces_table(run.pieces, WHAT)],
        *(journal_table(run.journal) if run.journal else []),
    ]
    return "\n".join(lines)


def machine(profile: str, loads: list[float], rounds: int) -> str:
    """Where, with what, and in which company it was measured."""
    processor = next(
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    )
    versions = [
        f"Python {platform.python_version()}",
        f"Node {_said('node', '--version').removeprefix('v')}",
        _said("rustc", "--version").split(" (")[0],
    ]
    said = [
        f"Written by `make bench` on {date.today()}: {processor}, {os.cpu_count()} cores that",
        f"client and stand-in share, {platform.system()} {platform.release()},",
        f"{', '.join(versions)}; ours built with the profile `{profile}`.",
        f"Load average {loads[0]:.1f} at the start and {loads[1]:.1f} at the end"
        + (f", at nice {os.nice(0)}." if os.nice(0) else "."),
        f"Medians of {rounds} rounds in turns (500 in flight: of one); a factor is a multiple of",
        "ours in the same round, with the least and the greatest.",
    ]
    return "\n".join(said)


def _said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
