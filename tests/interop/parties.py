"""The clients, servers and facilitators of the matrix, and how each is started."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from itertools import product
from pathlib import Path
from typing import NamedTuple

from world import ROOT, Ledger, free_port, running

HERE = Path(__file__).resolve().parent
GAS_KEYS = (
    # Anvil's accounts 1 and 3: everybody knows them.
    "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
)
FACILITATORS = ("ours, practice", "ours, chain", "official Python")
SERVERS = (("ours", 2), ("FastAPI", 2), ("Express", 2), ("ours v1", 1), ("Express v1", 1))


class Setup(NamedTuple):
    """Where things are."""

    packages: Path
    """The official ones: a virtual environment and a folder for Node."""
    blockrun: Path
    """Our command, which can settle on a chain."""
    target: Path
    """Where our examples and libraries are built."""

    @property
    def log(self) -> Path:
        """Where servers complain."""
        return self.packages / "servers.log"

    @property
    def python(self) -> str:
        """The Python of the official packages."""
        return str(self.packages / "python/bin/python")


class Client(NamedTuple):
    """A row of the table."""

    title: str
    versions: tuple[int, ...]
    command: tuple[str, ...]
    environment: Mapping[str, str] = {}


class Column(NamedTuple):
    """A server and the facilitator behind it; where it is, once it runs."""

    server: str
    facilitator: str
    version: int
    payee: str
    url: str = ""
    ledger: Ledger = Ledger("")

    @property
    def title(self) -> str:
        """What the table calls it."""
        return f"{self.server} ← {self.facilitator}"


def columns() -> list[Column]:
    """Every server with every facilitator, each with a payee of its own."""
    pairs = enumerate(product(SERVERS, FACILITATORS), 1)
    return [
        Column(server, facilitator, version, f"0x{'77' * 19}{number:02x}")
        for number, ((server, version), facilitator) in pairs
    ]


def _toolchains() -> str:
    """Where this account's fetched toolchains are: the clients have a home of their own."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return os.environ.get("BLOCKRUN_TOOLCHAINS") or f"{cache}/blockrun"


def clients(setup: Setup) -> list[Client]:
    """Those that can be run here; the others are named on standard error."""
    both = (1, 2)
    examples, native = ROOT / "examples", setup.target / "release"
    node, own = setup.packages / "clients", HERE / "clients"
    reqwest = setup.target / "x402-reqwest/debug/interop-x402-reqwest"
    kotlin = setup.target / "kotlin"
    swift = ROOT / "bindings-swift/scripts/swift.sh"
    ours = [
        (Client("ours, Rust", both, (str(native / "hello"),)), native / "hello"),
        (Client("ours, Python", both, (sys.executable, str(examples / "hello.py"))), examples),
        (Client("ours, Node", both, ("node", str(examples / "hello.mjs"))), examples),
        (
            Client(
                "ours, Swift",
                both,
                (str(swift), str(native), str(setup.target / "swift"))
                + ("run", "--skip-build", "hello"),
                {"BLOCKRUN_TOOLCHAINS": _toolchains()},
            ),
            setup.target / "swift/debug/hello",
        ),
        (
            Client("ours, Kotlin", both, ("java", "-cp", _class_path(kotlin), "HelloKt")),
            kotlin / "test-classes/HelloKt.class",
        ),
    ]
    uniffi = {"PYTHONPATH": str(setup.target / "uniffi/python")}
    ours.append((
        Client("ours, UniFFI's Python", both, (sys.executable, str(own / "uniffi.py")), uniffi),
        setup.target / "uniffi/python",
    ))
    official = [
        Client("official httpx", both, (setup.python, str(own / "httpx_client.py"))),
        Client("official requests", both, (setup.python, str(own / "requests_client.py"))),
        # Beside their packages: Node looks for them from where the file is.
        Client("@x402/fetch", both, ("node", str(node / "fetch.mjs"))),
        Client("@x402/axios", (2,), ("node", str(node / "axios.mjs"))),
        Client("x402-fetch", (1,), ("node", str(node / "fetch_v1.mjs"))),
        Client("x402-axios", (1,), ("node", str(node / "axios_v1.mjs"))),
        Client("x402-reqwest", both, (str(reqwest),)),
    ]
    missing = [client.title for client, needs in ours if not needs.exists()]
    if missing:
        print(f"*** NOT RUN, because it is not built here: {', '.join(missing)}", file=sys.stderr)
    found = [client for client, needs in ours if needs.exists()]
    return [*found, *official]


def _class_path(kotlin: Path) -> str:
    packages = kotlin / "classpath"
    found = [packages.read_text()] if packages.exists() else []
    return os.pathsep.join([str(kotlin / "classes"), str(kotlin / "test-classes"), *found])


class Facilitator(NamedTuple):
    """One that runs, and the ledger that it settles on."""

    url: str
    ledger: Ledger


async def open_columns(
    stack: AsyncExitStack, setup: Setup, chain: Ledger, wanted: list[Column]
) -> list[Column]:
    """Starts the facilitators, then a server of every kind in front of each."""
    started = await asyncio.gather(*(
        _facilitator(stack, setup, chain, name, [one.payee for one in wanted])
        for name in FACILITATORS
    ))
    behind = dict(zip(FACILITATORS, started, strict=True))
    servers = (_server(stack, setup, column, behind[column.facilitator]) for column in wanted)
    return [await server for server in servers]


async def _facilitator(
    stack: AsyncExitStack, setup: Setup, chain: Ledger, name: str, payees: list[str]
) -> Facilitator:
    ours = [str(setup.blockrun), "gateway", "--ephemeral", "--port", "0", "--facilitator"]
    if name == "official Python":
        port = free_port()
        environment = {"GAS_KEY": GAS_KEYS[1], "RPC_URL": chain.url, "PORT": str(port)}
        command = [setup.python, str(HERE / "servers/facilitator.py")]
        await stack.enter_async_context(running(command, environment, port, setup.log))
        return Facilitator(f"http://127.0.0.1:{port}", chain)
    if name == "ours, practice":
        said = await stack.enter_async_context(running([*ours, "--practice"], {}, "listening on ", setup.log))
        url = said.removesuffix("/api")
        return Facilitator(url, Ledger(f"{url}/practice/rpc"))
    named = [part for payee in payees for part in ("--facilitator-payee", payee)]
    chained = ["--onchain", "--rpc-url", chain.url, "--payee", payees[0], *named]
    environment = {"BLOCKRUN_GATEWAY_GAS_KEY": GAS_KEYS[0]}
    said = await stack.enter_async_context(
        running([*ours, *chained], environment, "listening on ", setup.log)
    )
    return Facilitator(said.removesuffix("/api"), chain)


async def _server(
    stack: AsyncExitStack, setup: Setup, column: Column, behind: Facilitator
) -> Column:
    if column.server.startswith("ours"):
        command = [str(setup.blockrun), "gateway", "--ephemeral", "--port", "0"]
        command += ["--settle-through", behind.url, "--rpc-url", behind.ledger.url]
        command += ["--payee", column.payee, "--x402", f"v{column.version}"]
        url = await stack.enter_async_context(running(command, {}, "listening on ", setup.log))
        return column._replace(url=url, ledger=behind.ledger)
    port = free_port()
    environment = {"FACILITATOR_URL": behind.url, "PAYEE": column.payee, "PORT": str(port)}
    command = {
        "FastAPI": [setup.python, str(HERE / "servers/fastapi_shop.py")],
        "Express": ["node", str(setup.packages / "servers/express_shop.mjs"), "v2"],
        "Express v1": ["node", str(setup.packages / "servers/express_shop.mjs"), "v1"],
    }[column.server]
    await stack.enter_async_context(running(command, environment, port, setup.log))
    return column._replace(url=f"http://127.0.0.1:{port}/api", ledger=behind.ledger)
