"""What a package weighs: on disk, in memory, and in the time that its import takes."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from driver import resident

if TYPE_CHECKING:
    from contenders import Setup

# What an environment of Python has before anything is installed.
TOOLS = ("pip", "setuptools", "_distutils_hack", "distutils-precedence", "pkg_resources")
X402 = (
    "import x402.http.clients.httpx, x402.mechanisms.evm.exact.register, x402.mechanisms.evm\n"
    "import eth_account"
)


class Package(NamedTuple):
    """A package in an environment of its own."""

    name: str
    language: str
    folder: Path
    """Its environment, or the folder with its ``node_modules``."""
    statement: str
    """Imports everything that a payment needs."""

    def run(self, statement: str) -> list[str]:
        """Runs a statement with the package at hand."""
        if self.language == "Node":
            return ["node", "--input-type=commonjs", "--eval", statement]
        return [str(self.folder / "bin/python"), "-c", statement]

    @property
    def nothing(self) -> str:
        """A statement that imports nothing."""
        return "0"

    @property
    def waiting(self) -> str:
        """What is said once everything is there; then it waits for the end of its input."""
        if self.language == "Node":
            return "console.log('there'); process.stdin.resume()"
        return "import sys; print('there', flush=True); sys.stdin.read()"


@dataclass
class Footprint:
    """What was measured of a package."""

    package: Package
    size_mb: float
    packages: list[str]
    """What is installed, itself included."""
    memory_mb: float
    """After its import, over the interpreter alone."""
    wall_ms: list[float] = field(default_factory=list)
    """Of each import, with the interpreter."""
    cpu_ms: list[float] = field(default_factory=list)
    bare_wall_ms: list[float] = field(default_factory=list)
    """Of the interpreter alone, run in turn with it."""
    bare_cpu_ms: list[float] = field(default_factory=list)

    @property
    def import_ms(self) -> float:
        """What the import adds to the time until the interpreter has ended."""
        return statistics.median(self.wall_ms) - statistics.median(self.bare_wall_ms)

    @property
    def import_cpu_ms(self) -> float:
        """What it adds to the processor time."""
        return statistics.median(self.cpu_ms) - statistics.median(self.bare_cpu_ms)


def packages(setup: Setup) -> list[Package]:
    """All of them, ours first."""
    bench, comparison = setup.bench, setup.comparison
    node = "require('@x402/fetch'); require('@x402/evm'); require('viem/accounts')"
    return [
        Package("ours", "Python", bench / "python", "import blockrun_llm"),
        Package("blockrun-llm", "Python", comparison / "published", "import blockrun_llm"),
        Package("x402, httpx", "Python", comparison / "x402", X402),
        Package("ours", "Node", bench / "node", "require('blockrun-llm')"),
        Package("@blockrun/llm", "Node", bench / "published", "require('@blockrun/llm')"),
        Package("@x402/fetch", "Node", comparison, node),
    ]


def weigh(package: Package) -> Footprint:
    """Everything but the time, which is measured in turns."""
    bare = _memory(package, package.waiting)
    loaded = _memory(package, f"{package.statement}\n{package.waiting}")
    size, names = _node(package) if package.language == "Node" else _python(package)
    return Footprint(package, size / 1e6, names, loaded - bare)


def time_imports(found: list[Footprint], rounds: int) -> None:
    """Measures the imports in turns, each with the interpreter alone before it."""
    for turn in range(rounds + 1):
        for one in found:
            package = one.package
            bare, loaded = _timed(package, package.nothing), _timed(package, package.statement)
            if turn:  # the first one compiles and fills the caches
                one.bare_wall_ms.append(bare[0])
                one.bare_cpu_ms.append(bare[1])
                one.wall_ms.append(loaded[0])
                one.cpu_ms.append(loaded[1])


def _timed(package: Package, statement: str) -> tuple[float, float]:
    """Milliseconds until the interpreter has ended, and of processor time."""
    begun = time.perf_counter()
    run = subprocess.Popen(package.run(statement), cwd=package.folder)
    _, status, usage = os.wait4(run.pid, 0)
    took = time.perf_counter() - begun
    run.returncode = status
    if status:
        raise SystemExit(f"{package.name}: {statement!r} failed")
    return 1000 * took, 1000 * (usage.ru_utime + usage.ru_stime)


def _memory(package: Package, statement: str) -> float:
    run = subprocess.Popen(
        package.run(statement),
        cwd=package.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdin is not None
    assert run.stdout is not None
    with run.stdin, run.stdout:
        if not run.stdout.readline():
            raise SystemExit(f"{package.name}: {statement!r} failed")
        found = resident(run.pid)
    run.wait()
    return found


def _python(package: Package) -> tuple[int, list[str]]:
    """Bytes and packages of an environment, without what every environment has."""
    site = next(package.folder.glob("lib/python*/site-packages"))
    own = [one for one in site.iterdir() if not one.name.startswith(TOOLS)]
    distributions = [one.stem for one in own if one.suffix == ".dist-info"]
    return sum(map(_size, own)), distributions


def _node(package: Package) -> tuple[int, list[str]]:
    """Bytes and packages of a folder, by what npm noted."""
    modules = (package.folder / "node_modules").resolve()
    noted = json.loads((modules / ".package-lock.json").read_text())["packages"]
    return _size(modules), [name.rpartition("node_modules/")[2] for name in noted]


def _size(path: Path) -> int:
    """Bytes of all files, links not followed."""
    if path.is_symlink() or path.is_file():
        return path.lstat().st_size
    return sum(map(_size, path.iterdir()))
