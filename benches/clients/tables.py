"""What a run found, as tables: ratios first."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from driver import Measured
    from footprint import Footprint
    from pieces import JournalCost, Piece
    from rounds import Memory, Results
    from targets import Target

NOTHING = "–"
ROWS = {
    "one": "one round trip",
    "two": "two round trips",
    "stream": "200-chunk stream",
    "1 MB": "1 MB prompt",
}


def ratio(one: list[Measured], other: list[Measured], figure: str) -> list[float]:
    """One over the other, round by round."""
    pairs = zip(one, other, strict=True)
    return [getattr(a, figure) / getattr(b, figure) for a, b in pairs]


def span(factors: Sequence[float]) -> str:
    """The middle of some factors, and how far they are apart."""
    middle = _short(statistics.median(factors))
    return f"{middle} × ({_short(min(factors))} to {_short(max(factors))})"


def _short(number: float) -> str:
    """Three digits, or whole."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> list[str]:
    """The first column holds words, the others figures."""
    lines = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def targets_table(targets: list[Target]) -> list[str]:
    """What was aimed at."""
    said = {True: "met", False: "**missed**", None: NOTHING}
    head = ("| target | bound | measured | |", "|---|---|---|---|")
    rows = (f"| {one.what} | {one.bound} | {one.measured} | {said[one.met]} |" for one in targets)
    return [*head, *rows, ""]


def languages(results: list[Results]) -> Iterator[str]:
    """A section for each language: every figure as a multiple of ours, then itself."""
    for language in dict.fromkeys(one.contender.language for one in results):
        group = [one for one in results if one.contender.language == language]
        yield from (f"## {language}", "")
        yield from _latencies(group)
        yield from _rates(group)


def _latencies(group: list[Results]) -> list[str]:
    rows = [row for row in ROWS if any(row in one.rows for one in group)]
    head = ["median (p99), ms", *(ROWS[row] for row in rows)]

    def cells(one: Results) -> Iterator[str]:
        yield one.contender.name
        for row in rows:
            tail = statistics.median(m.p99_us for m in one.rows[row]) if row in one.rows else 0
            yield _cell(one, group[0], row, "median_us", 1000, f" ({_short(tail / 1000)})")

    return _table(head, (list(cells(one)) for one in group))


def _rates(group: list[Results]) -> list[str]:
    head = [
        "calls/s, and processor time",
        "1 at a time",
        "64",
        "500",
        "ms a call, 1 trip",
        "2 trips",
    ]

    def cells(one: Results) -> Iterator[str]:
        yield one.contender.name
        first = "one" if "one" in one.rows else "two"
        ours = "one" if "one" in group[0].rows else "two"
        yield _cell(one, group[0], first, "per_second", 1, base=ours)
        for row in ("at 64", "at 500"):
            yield _cell(one, group[0], row, "per_second", 1)
        for row in ("one", "two"):
            yield _cell(one, group[0], row, "cpu_us", 1000)

    return _table(head, (list(cells(one)) for one in group))


def _cell(
    one: Results,
    ours: Results,
    row: str,
    figure: str,
    unit: float,
    more: str = "",
    base: str | None = None,
) -> str:
    """A figure as a multiple of ours, and itself."""
    if row not in one.rows:
        return NOTHING
    middle = statistics.median(getattr(m, figure) for m in one.rows[row]) / unit
    compared = ours.rows.get(base or row)
    factor = (
        f"{span(ratio(one.rows[row], compared, figure))} · " if compared and one is not ours else ""
    )
    return f"{factor}{_short(middle)}{more}"


def footprints(found: list[Footprint], memory: list[Memory]) -> Iterator[str]:
    """Import, size, and memory."""
    head = ["over the bare interpreter", "import, ms", "of processor time", "with a client, ms"]
    head += ["of processor time", "memory, MB", "installed, MB", "packages"]
    for language in ("Python", "Node"):
        group = [one for one in found if one.package.language == language]
        yield from _table(head, (_footprint(one, group[0]) for one in group))
    head = ["memory over the bare interpreter, MB", "after 1,000 calls", "after 10,000"]
    yield from _table(head, (_memory(one) for one in memory))


def _footprint(one: Footprint, ours: Footprint) -> list[str]:
    def times(own: float, base: float) -> str:
        factor = "" if one is ours else f"{_short(own / max(base, 0.1))} × · "
        return f"{factor}{own:.1f}"

    asked = [(what, clock) for what in ("imported", "with_client") for clock in ("wall", "cpu")]
    figures = [times(one.adds(*how), ours.adds(*how)) for how in asked]
    figures += [times(one.memory_mb, ours.memory_mb), times(one.size_mb, ours.size_mb)]
    return [f"{one.package.name}, {one.package.language}", *figures, str(len(one.packages))]


def _memory(one: Memory) -> list[str]:
    name = f"{one.contender.name}, {one.contender.language}"
    last = NOTHING if one.after_10_000 is None else f"{one.after_10_000:.1f}"
    return [name, f"{one.after_1_000:.1f}", last]


def pieces_table(found: list[Piece], what: dict[str, str]) -> list[str]:
    """The pieces of a call."""
    head = ["piece", "median", "fastest", "instructions"]
    rows = (
        (
            f"{one.name}: {what[one.name]}",
            one.median,
            one.fastest,
            "not counted" if one.instructions is None else f"{one.instructions:,}",
        )
        for one in found
    )
    return _table(head, rows)


def journal_table(found: list[JournalCost]) -> list[str]:
    """What the journal adds."""
    head = ["journal by itself", "rows in it", "µs a call"]
    rows = ((one.durability, f"{one.rows:,}", f"{one.median_us:.0f}") for one in found)
    return _table(head, rows)
