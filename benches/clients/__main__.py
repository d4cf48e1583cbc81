"""What a paid call costs with our clients, the published ones and the official ones.

All of them buy from one stand-in for a gateway, in turns, and each is checked to have paid. `make
bench` builds what this needs and writes RESULTS.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
from datetime import date
from pathlib import Path

from contenders import Setup, contenders
from footprint import packages, time_imports, weigh
from pieces import WHAT, journal, pieces
from rounds import memory, play
from tables import footprints, journal_table, languages, pieces_table, targets_table
from targets import Run, targets


def main() -> None:
    parser = argparse.ArgumentParser(prog="python benches/clients", description=__doc__)
    parser.add_argument("--target", type=Path, required=True, help="cargo's target folder")
    parser.add_argument("--profile", default="release", help="with which ours was built")
    parser.add_argument("--quick", action="store_true", help="two rounds, in about two minutes")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", type=Path, help="where the tables go")
    given = parser.parse_args()
    quick, target = given.quick, given.target.resolve()
    rounds = 2 if quick else given.rounds
    programs = target / given.profile
    setup = Setup(programs, target / "bench", target / "comparison")
    loads = [os.getloadavg()[0]]
    bought = contenders(setup)
    found = [weigh(package) for package in packages(setup)]
    time_imports(found, 3 if quick else 7)
    run = Run(
        footprints=found,
        results=play(bought, programs, rounds, quick=quick),
        memory=memory(bought, programs, quick=quick),
        journal=[] if quick else journal(),
    )
    small = pieces(programs)
    loads.append(os.getloadavg()[0])
    lines = [
        "# The clients, side by side",
        "",
        machine(given.profile, loads, rounds),
        "",
        *["## Targets", "", *targets_table(targets(run))],
        *languages(run.results),
        *["## Import, size, memory", "", *footprints(run.footprints, run.memory)],
        *["## Pieces of a call", "", *pieces_table(small, WHAT)],
        *(journal_table(run.journal) if run.journal else []),
    ]
    print("\n".join(lines))
    if given.write:
        given.write.write_text("\n".join(lines))


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
        f"Load average {loads[0]:.1f} at the start and {loads[1]:.1f} at the end.",
        f"Medians of {rounds} rounds in turns (500 in flight: of one); a factor is a multiple of",
        "ours in the same round, with the least and the greatest.",
    ]
    return "\n".join(said)


def _said(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
