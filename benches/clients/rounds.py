"""Rounds: every contender in turn, again and again, so what else the machine does meets all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
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
SECONDS = 0.3


@dataclass
class Results:
    """What each round measured, by contender and row."""

    contender: Contender
    rows: dict[str, list[Measured]] = field(default_factory=dict)


def rows_of(contender: Contender) -> dict[str, Row]:
    """The rows of a contender, by name: in as few round trips as it takes, unless they say it."""
    best = min(contender.trips)
    rows = {"one": Row("chat", SHORT, 1, 1, MANY, SECONDS)} if best == 1 else {}
    rows["two"] = Row("chat", SHORT, 2, 1, MANY, SECONDS)
    if contender.many:
        rows["at 64"] = Row("chat", SHORT, best, 64, MANY, SECONDS)
        rows["at 500"] = Row("chat", SHORT, best, 500, MANY, SECONDS)
    rows["stream"] = Row("stream", SHORT, best, 1, MANY, SECONDS)
    rows["1 MB"] = Row("chat", 1_000_000, best, 1, MANY, SECONDS)
    if contender.language == "Rust":
        rows["4 MB"] = Row("chat", 4_000_000, best, 1, MANY, SECONDS)
    wanted = contender.rows or rows
    return {name: row for name, row in rows.items() if name in wanted}


def play(contenders: list[Contender], programs: Path, rounds: int, *, quick: bool) -> list[Results]:
    """Plays all rounds. In each, those that are compared play a row one right after the other."""
    found = [Results(contender) for contender in contenders]
    with ExitStack() as running:
        origin = running.enter_context(stand_in(programs))
        drivers = [running.enter_context(driving(one, origin)) for one in contenders]
        for driver in drivers:
            _warm(driver)
        for turn in range(1, rounds + 1):
            # 500 at once take the slow ones long.
            skipped = "at 500" if quick or turn > 1 else None
            for language, name in _places(contenders):
                if name != skipped:
                    _side_by_side(found, drivers, language, name)
            print(f"round {turn} of {rounds}", flush=True)
    return found


def _side_by_side(found: list[Results], drivers: list[Driver], language: str, name: str) -> None:
    """One row, by every contender of a language that has it."""
    for results, driver in zip(found, drivers, strict=True):
        row = rows_of(results.contender).get(name)
        if row and results.contender.language == language:
            results.rows.setdefault(name, []).append(driver.play(row))


def _places(contenders: list[Contender]) -> list[tuple[str, str]]:
    """Language and row, as they are played."""
    return list(dict.fromkeys((one.language, name) for one in contenders for name in rows_of(one)))


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


def memory(contenders: list[Contender], programs: Path, *, quick: bool) -> list[Memory]:
    """What calls leave behind, one after the other. Time does not matter: two at once."""

    def measure(contender: Contender) -> Memory:
        with stand_in(programs) as origin:
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

    # One of each package: the ways in which it is called share what stays.
    packages = {(one.command[0], one.kind): one for one in reversed(contenders) if one.pays}
    grown = [one for one in reversed(packages.values()) if one.language != "Rust"]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(measure, grown))
