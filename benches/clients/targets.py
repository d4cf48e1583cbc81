"""The targets, and whether a run met them."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tables import ratio, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from footprint import Footprint
    from pieces import JournalCost, Piece
    from rounds import Memory, Results


class Target(NamedTuple):
    """A row of the table."""

    what: str
    bound: str
    measured: str
    met: bool | None
    """None when this run did not measure it."""


@dataclass(frozen=True)
class Run:
    """Everything that was measured."""

    results: list[Results]
    footprints: list[Footprint]
    memory: list[Memory]
    pieces: list[Piece]
    journal: list[JournalCost]

    def find(self, language: str, kind: str, name: str = "") -> Results:
        """The first contender of a kind, or the one with this name."""
        return next(
            one
            for one in self.results
            if (one.contender.language, one.contender.kind) == (language, kind)
            and name in one.contender.name
        )


def targets(run: Run) -> list[Target]:
    """All of them, in the order of the issue that set them."""
    return [
        *_rust(run),
        *_against_published(run),
        *_footprints(run),
        _journal(run),
        *_growth(run),
    ]


def _rust(run: Run) -> Iterator[Target]:
    ours, bare = run.find("Rust", "ours"), run.find("Rust", "bare")
    yield _at_most(
        "Rust, sequential, prepaid, of one bare reqwest exchange", 1.6, ours, bare, "one"
    )
    rates = [one.per_second for one in ours.rows["at 64"]]
    shares = ratio(ours.rows["at 64"], bare.rows["at 64"], "per_second")
    yield Target(
        "Rust, 64 in flight, prepaid, of bare reqwest's exchanges/s",
        "≥ 25 %",
        f"{statistics.median(shares):.0%} ({min(shares):.0%} to {max(shares):.0%}), "
        f"{statistics.median(rates):,.0f} paid calls/s",
        statistics.median(shares) >= 0.25,
    )


def _against_published(run: Run) -> Iterator[Target]:
    def pair(language: str) -> tuple[Results, Results]:
        return run.find(language, "ours"), run.find(language, "published")

    python, many, node = pair("Python"), pair("Python, asynchronous"), pair("Node")
    yield _faster("Python, paid call, two round trips", 12, *python, "two", "two")
    yield _more("Python asynchronous, 64 in flight, calls/s", 40, *many)
    yield _faster("Node, sequential paid call", 6, *node, "one", "two")
    yield _more("Node, 64 in flight, calls/s", 15, *node)
    yield _faster("Python, 200-chunk paid stream", 8, *python, "stream", "stream")
    yield _faster("Node, 200-chunk paid stream", 2, *node, "stream", "stream")


def _at_most(what: str, most: float, ours: Results, other: Results, row: str) -> Target:
    factors = ratio(ours.rows[row], other.rows[row], "median_us")
    cpu = statistics.median(ratio(ours.rows[row], other.rows[row], "cpu_us"))
    measured = f"{span(factors)}, {cpu:.2f} × in processor time"
    return Target(what, f"≤ {most} ×", measured, statistics.median(factors) <= most)


def _faster(
    what: str, least: float, ours: Results, published: Results, own: str, theirs: str
) -> Target:
    factors = ratio(published.rows[theirs], ours.rows[own], "median_us")
    cpu = statistics.median(ratio(published.rows[theirs], ours.rows[own], "cpu_us"))
    measured = f"{span(factors)} faster, {cpu:.1f} × less processor time"
    met = statistics.median(factors) >= least
    return Target(f"{what}, of the published package", f"≤ 1/{least:g}", measured, met)


def _more(what: str, least: float, ours: Results, published: Results) -> Target:
    factors = ratio(ours.rows["at 64"], published.rows["at 64"], "per_second")
    met = statistics.median(factors) >= least
    return Target(f"{what}, of the published package", f"≥ {least:g} ×", span(factors), met)


def _footprints(run: Run) -> Iterator[Target]:
    grown = {one.contender.language: one for one in run.memory if one.contender.kind == "ours"}
    bounds = {"Python": (20, 25), "Node": (10, 12)}
    for one in run.footprints:
        language = one.package.language
        if one.package.name != "ours":
            continue
        time, most = bounds[language]
        yield _below(
            f"import, {language}, over the bare interpreter", time, one.adds("imported"), "ms"
        )
        after = grown[language].after_1_000
        yield _below(f"memory after 1,000 calls, {language}, over it", most, after, "MB")
        yield _below(f"installed size, {language}", 8, one.size_mb, "MB")
        others = [name for name in one.packages if not name.startswith("blockrun")]
        yield Target(f"runtime dependencies, {language}", "none", f"{len(others)}", not others)


def _below(what: str, most: float, found: float, unit: str) -> Target:
    return Target(what, f"≤ {most:g} {unit}", f"{found:.1f} {unit}", found <= most)


def _journal(run: Run) -> Target:
    """Paired by round, since both are in each of them."""
    file, memory = run.find("Rust", "ours"), run.find("Rust", "ours", "memory")
    pairs = zip(file.rows["one"], memory.rows["one"], strict=True)
    added = [on_disk.median_us - in_memory.median_us for on_disk, in_memory in pairs]
    found = statistics.median(added)
    measured = f"{found:.0f} µs ({min(added):.0f} to {max(added):.0f})"
    return Target("journal on disk, of a sequential call", "≤ 150 µs", measured, found <= 150)


def _growth(run: Run) -> Iterator[Target]:
    flat = "cost per call from 1 to 1,000,000 journal rows"
    costs = [one for one in run.journal if one.durability == "process"]
    if costs:
        first, last = costs[0], costs[-1]
        measured = f"{first.median_us:.0f} µs to {last.median_us:.0f} µs"
        yield Target(flat, "flat (≤ 1.25 ×)", measured, last.median_us <= 1.25 * first.median_us)
    else:
        yield Target(flat, "flat (≤ 1.25 ×)", "not in a quick run", None)
    ours = run.find("Rust", "ours")
    small, one, four = (_median(ours, row) for row in ("one", "1 MB", "4 MB"))
    first_mb, further = one - small, (four - one) / 3
    yield Target(
        "cost per call by size of the prompt",
        "linear (≤ 1.25 ×)",
        f"{first_mb / 1000:.2f} ms the first MB, {further / 1000:.2f} ms each of three more",
        further <= 1.25 * first_mb,
    )


def _median(results: Results, row: str) -> float:
    return statistics.median(one.median_us for one in results.rows[row])
