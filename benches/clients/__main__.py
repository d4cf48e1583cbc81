"""What a paid call costs with our clients, the published ones and the official ones.

All of them buy from one stand-in for a gateway, in turns, and each is checked to have paid. `make
bench` builds what this needs and writes RESULTS.md.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from contenders import Setup, contenders
from footprint import packages, time_imports, weigh
from pieces import journal, pieces
from report import machine, page
from rounds import memory, play
from targets import Run


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
        pieces=pieces(programs),
        journal=[] if quick else journal(),
    )
    loads.append(os.getloadavg()[0])
    text = page(run, machine(given.profile, loads, rounds))
    print(text)
    if given.write:
        given.write.write_text(text)


if __name__ == "__main__":
    main()
