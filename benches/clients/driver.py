"""A stand-in for a gateway, a driver in front of it, and the check that a driver really paid."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.request import urlopen

from process import TICKS, resident, used
from rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contenders import Contender

# Public: it never holds real money.
KEY = "0x" + f"{0x402000:064x}"


class Unpaid(Exception):
    """What was measured is not what was meant."""


@dataclass(frozen=True)
class Measured:
    """What a row of calls took."""

    calls: int
    median_us: float
    p99_us: float
    per_second: float
    cpu_us: float
    """Processor time of the driver for each call."""


@contextmanager
def stand_in(programs: Path) -> Iterator[str]:
    """Runs the stand-in; gives its origin."""
    run = subprocess.Popen([programs / "stand-in"], stdout=subprocess.PIPE, text=True)
    try:
        yield _lines(run).readline().split()[-1]
    finally:
        run.terminate()
        run.wait()


class Driver:
    """A contender that waits for rows, in a home of its own."""

    def __init__(self, contender: Contender, origin: str, home: str) -> None:
        """Starts it."""
        self.contender = contender
        self._origin = origin
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "BUYER_URL": f"{origin}/api",
            "BUYER_KEY": KEY,
        }
        if contender.kind == "ours":
            environment["BUYER_PREPAY"] = "1"
        self._run = subprocess.Popen(
            [str(word) for word in contender.command],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def play(self, row: Row, *, warm: bool = False) -> Measured:
        """Plays a row and checks that it was paid for.

        Args:
            row: Its calls.
            warm: Whether the contender may still be learning prices.
        """
        self._count()
        before = used(self._run.pid)
        found = self._tell(row)
        latencies: list[float] = sorted(found["latencies_us"])
        calls = len(latencies)
        # Told in ticks of 10 ms: less than one is taken for half of one.
        cpu = 1e6 * max(used(self._run.pid) - before, 0.5 / TICKS) / max(calls, 1)
        self._check(row, calls, warm)
        return Measured(
            calls=calls,
            median_us=statistics.median(latencies),
            p99_us=latencies[calls * 99 // 100],
            per_second=calls / found["seconds"],
            cpu_us=cpu,
        )

    def ready(self) -> None:
        """Waits until everything is imported."""
        self._tell(Row("chat", 1, 2, 1, 0, 0))

    def memory(self) -> float:
        """Resident mebibytes."""
        return resident(self._run.pid)

    def close(self) -> None:
        """Lets it end."""
        if self._run.stdin:
            self._run.stdin.close()
        try:
            self._run.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._run.kill()
            self._run.wait()

    def _tell(self, row: Row) -> dict[str, Any]:
        commands = self._run.stdin
        assert commands is not None
        commands.write(json.dumps(row._asdict()) + "\n")
        commands.flush()
        line = _lines(self._run).readline()
        if not line:
            raise Unpaid(f"{self.contender.name}: ended in {row}")
        found: dict[str, Any] = json.loads(line)
        return found

    def _count(self) -> dict[str, int]:
        with urlopen(f"{self._origin}/count", timeout=60) as answer:  # noqa: S310
            counted: dict[str, int] = json.load(answer)
        return counted

    def _check(self, row: Row, calls: int, warm: bool) -> None:
        """Each call paid once, with a nonce of its own, in as many round trips as were meant."""
        counted, contender = self._count(), self.contender
        expected = {"free": 0, "paid": calls, "nonces": calls}
        if not contender.pays:
            expected = {"free": calls, "paid": 0, "nonces": 0}
        learning = warm or (row.call == "stream" and contender.streams_at_once)
        if not learning:
            expected["asked"] = calls * (row.trips - 1)
        if calls == 0 or any(counted[name] != number for name, number in expected.items()):
            raise Unpaid(f"{contender.name}: {counted} instead of {expected} after {row}")


@contextmanager
def driving(contender: Contender, origin: str) -> Iterator[Driver]:
    """A driver, until the block ends."""
    with tempfile.TemporaryDirectory() as home:
        driver = Driver(contender, origin, home)
        try:
            yield driver
        finally:
            driver.close()


def _lines(run: subprocess.Popen[str]) -> IO[str]:
    assert run.stdout is not None
    return run.stdout
