"""Who is measured, and how each is run."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent


class Setup(NamedTuple):
    """Where the packages are, each kind by itself."""

    programs: Path
    """What cargo built."""
    bench: Path
    """Ours in ``python`` and ``node``, the published package for Node in ``published``."""
    comparison: Path
    """The published package for Python in ``published``, the official ones beside it."""


@dataclass(frozen=True)
class Contender:
    """A client under measurement."""

    name: str
    language: str
    """The heading under which it is compared."""
    kind: str
    """``ours``, ``published``, ``official``, or ``bare``: the same exchanges, nothing paid."""
    command: tuple[Path | str, ...]
    trips: tuple[int, ...] = (2,)
    """Round trips that its calls can take."""
    many: bool = True
    """Whether it makes many calls at once."""
    streams_at_once: bool = False
    """Whether it pays for a stream in the first request."""
    rows: tuple[str, ...] | None = None
    """The only rows that it is in."""

    @property
    def pays(self) -> bool:
        """Whether each call must have paid."""
        return self.kind != "bare"


def contenders(setup: Setup) -> list[Contender]:
    """All of them, ours first under each heading."""
    return [*_rust(setup), *_python(setup), *_node(setup)]


def _rust(setup: Setup) -> list[Contender]:
    def drive(what: str) -> tuple[Path | str, ...]:
        return (setup.programs / "drive", what)

    both, journal = (1, 2), ("one", "two", "at 64")
    return [
        Contender("ours", "Rust", "ours", drive("blockrun"), both),
        Contender("ours, journal in memory", "Rust", "ours", drive("memory"), both, rows=journal),
        Contender("ours, durability power", "Rust", "ours", drive("power"), both, rows=journal),
        Contender("bare reqwest", "Rust", "bare", drive("reqwest"), both),
    ]


def _python(setup: Setup) -> list[Contender]:
    def buyer(environment: Path, what: str) -> tuple[Path | str, ...]:
        return (environment / "bin/python", HERE / "buyer.py", what)

    ours, published = setup.bench / "python", setup.comparison / "published"
    official = setup.comparison / "x402"
    blockrun = f"blockrun-llm {_python_version(published, 'blockrun_llm')}"
    x402 = f"x402 {_python_version(official, 'x402')}"
    sync, many, both = "Python", "Python, asynchronous", (1, 2)
    return [
        Contender("ours", sync, "ours", buyer(ours, "blockrun"), both, many=False),
        Contender(blockrun, sync, "published", buyer(published, "blockrun"), many=False),
        Contender(
            f"{x402}, requests", sync, "official", buyer(official, "x402-requests"), many=False
        ),
        Contender("bare httpx", sync, "bare", buyer(official, "httpx"), both, many=False),
        Contender("ours", many, "ours", buyer(ours, "blockrun-async"), both),
        Contender(blockrun, many, "published", buyer(published, "blockrun-async")),
        Contender(f"{x402}, httpx", many, "official", buyer(official, "x402-httpx")),
        Contender("bare httpx", many, "bare", buyer(official, "httpx-async"), both),
    ]


def _node(setup: Setup) -> list[Contender]:
    def buyer(folder: Path, what: str) -> tuple[Path | str, ...]:
        # Beside its packages: Node looks for them from where the file is.
        shutil.copy(HERE / "buyer.mjs", folder)
        return ("node", folder / "buyer.mjs", what)

    published, official = setup.bench / "published", setup.comparison
    blockrun = f"@blockrun/llm {_node_version(published, '@blockrun/llm')}"
    x402 = f"@x402/fetch {_node_version(official, '@x402/fetch')}"
    return [
        Contender("ours", "Node", "ours", buyer(setup.bench / "node", "blockrun"), (1, 2)),
        # It keeps the price of the last stream for the next one.
        Contender(
            blockrun, "Node", "published", buyer(published, "published"), streams_at_once=True
        ),
        Contender(x402, "Node", "official", buyer(official, "x402")),
        Contender("bare fetch", "Node", "bare", buyer(official, "fetch"), (1, 2)),
    ]


def _python_version(environment: Path, package: str) -> str:
    found = next(environment.glob(f"lib/python*/site-packages/{package}-*.dist-info"))
    return found.name.removesuffix(".dist-info").rpartition("-")[2]


def _node_version(folder: Path, package: str) -> str:
    manifest = json.loads((folder / "node_modules" / package / "package.json").read_text())
    return str(manifest["version"])
