"""What a package weighs: on disk, in memory, and in the time that its import takes."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from driver import KEY
from process import resident

if TYPE_CHECKING:
    from contenders import Setup

# What an environment of Python has before anything is installed.
TOOLS = ("pip", "setuptools", "_distutils_hack", "distutils-precedence", "pkg_resources")
WHERE = {"HOME": tempfile.gettempdir(), "PATH": os.environ["PATH"], "BUYER_KEY": KEY}
# Nobody listens there, and nobody is asked.
URL = "http://127.0.0.1:9/api"
BLOCKRUN = f"""
import os
blockrun_llm.LLMClient(private_key=os.environ["BUYER_KEY"], api_url="{URL}")"""
BLOCKRUN_NODE = f"new blockrun.LLMClient({{privateKey: process.env.BUYER_KEY, apiUrl: '{URL}'}})"
X402 = """
import os
from eth_account import Account
from x402.http.clients import x402HttpxClient
from x402.mechanisms.evm import EthAccountSigner
from x402.mechanisms.evm.exact.register import register_exact_evm_client
client = x402.x402Client()
register_exact_evm_client(client, EthAccountSigner(Account.from_key(os.environ["BUYER_KEY"])))
x402HttpxClient(client)"""
X402_NODE = """
const { ExactEvmScheme } = require('@x402/evm');
const client = new ExactEvmScheme(
  require('viem/accounts').privateKeyToAccount(process.env.BUYER_KEY));
wrapFetchWithPaymentFromConfig(fetch, { schemes: [{ network: 'eip155:*', client }] })"""


class Package(NamedTuple):
    """A package in an environment of its own."""

    name: str
    language: str
    folder: Path
    """Its environment, or the folder with its ``node_modules``."""
    statement: str
    """Imports it."""
    client: str
    """Makes a client, after that: everything is loaded that a payment needs."""

    def run(self, statement: str) -> list[str]:
        """Runs a statement with the package at hand."""
        if self.language == "Node":
            return ["node", "--input-type=commonjs", "--eval", statement]
        return [str(self.folder / "bin/python"), "-c", statement]

    @property
    def waiting(self) -> str:
        """What is said once everything is there; then it waits for the end of its input."""
        if self.language == "Node":
            return "console.log('there'); process.stdin.resume()"
        return "import sys; print('there', flush=True); sys.stdin.read()"


class Time(NamedTuple):
    """From the start of an interpreter to its end, in milliseconds."""

    wall: float
    cpu: float


@dataclass
class Footprint:
    """What was measured of a package."""

    package: Package
    size_mb: float
    packages: list[str]
    """What is installed, itself included."""
    memory_mb: float
    """With a client, over the interpreter alone."""
    bare: list[Time] = field(default_factory=list)
    """The interpreter alone, in turns with the others."""
    imported: list[Time] = field(default_factory=list)
    with_client: list[Time] = field(default_factory=list)

    def adds(self, what: str, clock: str = "wall") -> float:
        """What ``imported`` or ``with_client`` adds to the interpreter alone, in milliseconds."""
        times = (getattr(self, what), self.bare)
        own, bare = (statistics.median(getattr(one, clock) for one in some) for some in times)
        return float(own - bare)


def packages(setup: Setup) -> list[Package]:
    """All of them, ours first."""
    bench, comparison = setup.bench, setup.comparison
    python = "import blockrun_llm"
    fetch = "const { wrapFetchWithPaymentFromConfig } = require('@x402/fetch');"
    ours, theirs = (
        f"const blockrun = require('{name}');" for name in ("blockrun-llm", "@blockrun/llm")
    )
    return [
        Package("ours", "Python", bench / "python", python, BLOCKRUN),
        Package("blockrun-llm", "Python", comparison / "published", python, BLOCKRUN),
        Package("x402, httpx", "Python", comparison / "x402", "import x402", X402),
        Package("ours", "Node", bench / "node", ours, BLOCKRUN_NODE),
        Package("@blockrun/llm", "Node", bench / "published", theirs, BLOCKRUN_NODE),
        Package("@x402/fetch", "Node", comparison, fetch, X402_NODE),
    ]


def weigh(package: Package) -> Footprint:
    """Everything but the time, which is measured in turns."""
    bare = _memory(package, package.waiting)
    loaded = _memory(package, f"{package.statement}\n{package.client}\n{package.waiting}")
    size, names = _node(package) if package.language == "Node" else _python(package)
    return Footprint(package, size / 1e6, names, loaded - bare)


def time_imports(found: list[Footprint], rounds: int) -> None:
    """Measures the imports in turns, each with the interpreter alone before it."""
    for turn in range(rounds + 1):
        for one in found:
            package = one.package
            client = f"{package.statement}\n{package.client}"
            times = [_timed(package, what) for what in ("0", package.statement, client)]
            if turn:  # the first one compiles and fills the caches
                one.bare.append(times[0])
                one.imported.append(times[1])
                one.with_client.append(times[2])


def _timed(package: Package, statement: str) -> Time:
    begun = time.perf_counter()
    run = subprocess.Popen(package.run(statement), cwd=package.folder, env=WHERE)
    _, status, usage = os.wait4(run.pid, 0)
    took = time.perf_counter() - begun
    run.returncode = status
    if status:
        raise SystemExit(f"{package.name}: {statement!r} failed")
    return Time(1000 * took, 1000 * (usage.ru_utime + usage.ru_stime))


def _memory(package: Package, statement: str) -> float:
    run = subprocess.Popen(
        package.run(statement),
        cwd=package.folder,
        env=WHERE,
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
