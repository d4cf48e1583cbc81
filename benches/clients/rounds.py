"""Rounds: every contender in turn, again and again, so what else the machine does meets all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from driver import Driver, Measured, driving, stand_in
from rows import Row

if TYPE_CHECKING:
    from pathlib import Path

    from contenders import Contender

WARM = 50
SHORT = 6
MANY = 100_000


@dataclass
class Results:
    """What each round measured, by contender and row."""

    contender: Contender
    rows: dict[str, list[Measured]] = field(default_factory=dict)


def rows_of(contender: Contender, seconds: float, *, crowd: bool) -> dict[str, Row]:
    """The rows of a contender, by name: in as few round trips as it takes, unless they say it."""
    best = min(contender.trips)
    rows = {"one": Row("chat", SHORT, 1, 1, MANY, seconds)} if best == 1 else {}
    rows["two"] = Row("chat", SHORT, 2, 1, MANY, seconds)
    if contender.many:
        rows["at 64"] = Row("chat", SHORT, best, 64, MANY, seconds)
        if crowd:
            rows["at 500"] = Row("chat", SHORT, best, 500, MANY, seconds)
    rows["stream"] = Row("stream", SHORT, best, 1, MANY, seconds)
    rows["1 MB"] = Row("chat", 1_000_000, best, 1, MANY, seconds)
    if contender.language == "Rust":
        rows["4 MB"] = Row("chat", 4_000_000, best, 1, MANY, seconds)
    wanted = contender.rows or rows
    return {name: row for name, row in rows.items() if name in wanted}


def play(contenders: list[Contender], target: Path, rounds: int, *, quick: bool) -> list[Results]:
    """Plays all rounds."""
    seconds = 0.3 if quick else 0.7
    found = [Results(contender) for contender in contenders]
    with stand_in(target) as origin:
        for turn in range(1, rounds + 1):
            for results in found:
                contender = results.contender
                with driving(contender, origin) as driver:
                    _warm(driver)
                    # 500 at once take the slow ones long: in the first round alone.
                    crowd = turn == 1 and not quick
                    for name, row in rows_of(contender, seconds, crowd=crowd).items():
                        results.rows.setdefault(name, []).append(driver.play(row))
                print(f"round {turn}: {contender.language}, {contender.name}", flush=True)
    return found


def _warm(driver: Driver) -> None:
    """Everything is loaded, and prices are known where they will be used."""
    driver.ready()
    for trips in driver.contender.trips:
        for call in ("chat", "stream"):
            driver.play(Row(call, SHORT, trips, 1, WARM, 1), warm=True)


class Memory(NamedTuple):
    """Mebibytes over the same driver without a client."""

    contender: Contender
    after_1_000: float
    after_10_000: float | None


def memory(contenders: list[Contender], target: Path, *, quick: bool) -> list[Memory]:
    """What calls leave behind, one after the other. Time does not matter: two at once."""

    def measure(contender: Contender) -> Memory:
        with stand_in(target) as origin:
            nothing = replace(contender, command=(*contender.command[:-1], "nothing"))
            with driving(nothing, origin) as driver:
                driver.ready()
                bare = driver.memory()
            with driving(contender, origin) as driver:
                first, last = grow(driver)
        return Memory(contender, first - bare, None if last is None else last - bare)

    def grow(driver: Driver) -> tuple[float, float | None]:
        trips = min(driver.contender.trips)
        driver.play(Row("chat", SHORT, trips, 1, 1_000, 600), warm=True)
        first = driver.memory()
        if quick:
            return first, None
        driver.play(Row("chat", SHORT, trips, 1, 9_000, 600))
        return first, driver.memory()

    grown = [one for one in contenders if one.language != "Rust" and "requests" not in one.name]
    grown = [one for one in grown if one.kind in ("ours", "published", "official")]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(measure, grown))
