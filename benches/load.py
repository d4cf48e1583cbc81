"""Paid calls a second, and processor time per call: our gateway beside the official servers.

All of them have the same stand-in for a facilitator, the same calls, and payments that were signed
before the clock ran; rounds go around, so that what else the machine does meets all of them. After
each round what the buyers have receipts for, what the facilitator was asked for and, of our
gateway, what its books say must be the same, to the micro-USDC.
`make load` builds what this needs and writes LOAD.md; `--soak SECONDS` loads our gateway alone for
so long and sees that its memory stays what it is.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clients.process import resident, used

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
PATH = "/api/v1/chat/completions"
PAYEE = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C"


@dataclass
class Server:
    """A server under load, and what each round measured."""

    name: str
    command: list[str]
    calls: int
    claims: str
    """What is on disk before an answer goes out."""
    books: bool = False
    """Whether it keeps any: what it sold, and for how much."""
    rounds: list[dict[str, Any]] = field(default_factory=list)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def running(command: list[str], port: int, **environment: str) -> Iterator[int]:
    """Runs a server until its port answers and the block ends; gives its process id."""
    server = subprocess.Popen(
        command,
        env={**os.environ, "PORT": str(port), **environment},
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in range(400):
            if server.poll() is not None:
                raise SystemExit(f"{command[0]} ended with {server.returncode}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield server.pid
    finally:
        server.terminate()
        server.wait()


def load(target: Path, port: int, in_flight: int, calls: int, seconds: float) -> dict[str, Any]:
    url = f"http://127.0.0.1:{port}{PATH}"
    command = [str(target / "release/load"), url, str(in_flight), str(calls), str(seconds)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


@dataclass
class Running:
    """A server that runs, with its facilitator, and what was bought of it so far."""

    server: Server
    target: Path
    pid: int
    port: int
    facilitator: int
    calls: int = 0
    micro_usdc: int = 0

    def load(self, in_flight: int, calls: int, seconds: float) -> dict[str, Any]:
        """Paid calls, none of which may fail; each receipt names a transaction of its own."""
        measured = load(self.target, self.port, in_flight, calls, seconds)
        if measured["failed"] or measured["transactions"] != measured["calls"]:
            raise SystemExit(f"{self.server.name}: {measured}")
        self.calls += measured["calls"]
        self.micro_usdc += measured["paid_micro"]
        return measured

    def balance(self) -> None:
        """Receipts, settlements and books are of the same calls, and of the same sum."""
        told = ask(self.facilitator, "/")
        sums = {"receipts": (self.calls, self.micro_usdc)}
        sums["facilitator"] = (told["settled"], told["micro_usdc"])
        if self.server.books:
            report = ask(self.port, "/admin/revenue")
            sums["books"] = (report["calls"], int(report["micro_usdc"]))
        if len(set(sums.values())) > 1:
            raise SystemExit(f"{self.server.name}: calls and micro-USDC differ: {sums}")


def ask(port: int, path: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as response:
        told: dict[str, Any] = json.load(response)
    return told


@contextmanager
def opened(server: Server, target: Path) -> Iterator[Running]:
    """A server with everything new, until the block ends."""
    facilitator, port = free_port(), free_port()
    url = f"http://127.0.0.1:{facilitator}"
    stub = [str(target / "release/facilitator-stub"), str(facilitator)]
    with tempfile.TemporaryDirectory() as data, running(stub, facilitator):
        words = {"{url}": url, "{port}": str(port), "{data}": data}
        command = [words.get(word, word) for word in server.command]
        with running(command, port, FACILITATOR_URL=url, PAYEE=PAYEE) as pid:
            yield Running(server, target, pid, port, facilitator)


def play(server: Server, target: Path, in_flight: int, seconds: float) -> None:
    """One round: everything new, a short warm-up, then the load."""
    with opened(server, target) as shop:
        shop.load(in_flight, max(server.calls // 20, 50), seconds)
        before = used(shop.pid)
        measured = shop.load(in_flight, server.calls, seconds)
        measured["cpu_ms"] = 1000 * (used(shop.pid) - before) / max(measured["calls"], 1)
        measured["memory_mb"] = resident(shop.pid)
        shop.balance()
        server.rounds.append(measured)


def first_byte(server: Server, target: Path, calls: int) -> dict[str, int]:
    """Medians in microseconds to the first byte of a stream, free and paid, one call at a time."""
    with opened(server, target) as shop:
        command = [str(target / "release/first-byte"), f"http://127.0.0.1:{shop.port}{PATH}"]
        done = subprocess.run([*command, str(calls)], check=True, capture_output=True, text=True)
    told: dict[str, int] = json.loads(done.stdout)
    return told


def soak(server: Server, target: Path, in_flight: int, seconds: float) -> None:
    """Loads a server for so long. Its memory may not grow once it is warm."""
    sizes: list[float] = []
    with opened(server, target) as shop:
        # However slow the machine is: its caches fill with calls, not with time.
        shop.load(in_flight, server.calls // 2, seconds)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            piece = min(seconds / 8, 30)
            measured = shop.load(in_flight, server.calls, piece)
            shop.balance()
            sizes.append(resident(shop.pid))
            print(f"{measured['per_second']:,.0f} calls/s, {sizes[-1]:.0f} MB", flush=True)
        quarter = max(len(sizes) // 4, 1)
        early = statistics.median(sizes[quarter : 2 * quarter] or sizes[:1])
        late = statistics.median(sizes[-quarter:])
        if late > 1.15 * early + 4:
            raise SystemExit(f"its memory grows: {early:.0f} MB, then {late:.0f} MB")
        print(
            f"{shop.calls:,} paid calls: receipts, settlements and books agree on "
            f"{shop.micro_usdc:,} micro-USDC; {early:.0f} MB, then {late:.0f} MB"
        )


def gateway(target: Path) -> Server:
    command = [str(target / "release/blockrun"), "gateway", "--settle-through", "{url}"]
    command += ["--payee", PAYEE, "--rpc-url", "off", "--port", "{port}", "--data", "{data}"]
    claimed = "claim, answer, settlement"
    return Server("blockrun gateway", command, 40_000, claimed, books=True)


def others(target: Path, interop: Path) -> list[Server]:
    shops = ROOT / "tests/interop/servers"
    return [
        Server("x402-axum 2.0.2", [str(target / "x402-axum/release/load-x402-axum")], 40_000, "-"),
        Server(
            "@x402/express 2.27", ["node", str(interop / "servers/express_shop.mjs")], 4_000, "-"
        ),
        Server(
            "x402 FastAPI 2.25",
            [str(interop / "python/bin/python"), str(shops / "fastapi_shop.py")],
            1_000,
            "-",
        ),
    ]


def row(server: Server, first: Server) -> str:
    def middle(name: str) -> float:
        return statistics.median(one[name] for one in server.rounds)

    rates = [one["per_second"] for one in server.rounds]
    spread = (max(rates) - min(rates)) / middle("per_second")
    ratio = middle("per_second") / statistics.median(one["per_second"] for one in first.rounds)
    return (
        f"| {server.name} | {middle('per_second'):,.0f} | ±{spread / 2:.0%} | {ratio:.2f} "
        f"| {middle('cpu_ms'):.3f} | {middle('median_us') / 1000:.2f} "
        f"| {middle('p99_us') / 1000:.1f} | {middle('memory_mb'):.0f} | {server.claims} |"
    )


def table(tried: list[Server]) -> list[str]:
    head = "| server | calls/s | spread | ratio | CPU ms/call | median ms | p99 ms | MB | on disk |"
    line = "|---|---:|---:|---:|---:|---:|---:|---:|---|"
    return [head, line, *(row(server, tried[0]) for server in tried)]


def stream_line(told: dict[str, int]) -> str:
    free, paid = told["free_us"] / 1000, told["paid_us"] / 1000
    return (
        f"Time to the first byte of a stream, one call at a time: {free:.2f} ms for a free model, "
        f"{paid:.2f} ms paid: a payment adds {paid - free:.2f} ms (three commits, two questions to "
        "the facilitator)."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", type=Path, required=True, help="cargo's target folder")
    parser.add_argument("--interop", type=Path, help="the official packages; not for --soak")
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--write", type=Path, help="where the table goes")
    parser.add_argument("--soak", type=float, metavar="SECONDS", help="our gateway alone, so long")
    given = parser.parse_args()
    if given.soak:
        soak(gateway(given.target), given.target, given.in_flight, given.soak)
        return
    tried = [gateway(given.target), *others(given.target, given.interop)]
    for _ in range(given.rounds):
        for server in tried:
            play(server, given.target, given.in_flight, given.seconds)
            print(server.name, json.dumps(server.rounds[-1]), flush=True)
    lines = [*table(tried), "", stream_line(first_byte(tried[0], given.target, 300))]
    print("\n".join(lines))
    if given.write:
        head = (
            f"Measured on {date.today()}, {platform.machine()}, {os.cpu_count()} cores that the "
            f"load shares, {platform.system()} {platform.release()}: {given.in_flight} in flight, "
            f"medians of {given.rounds} rounds."
        )
        given.write.write_text("\n".join(["# Load", "", head, "", *lines, ""]))


if __name__ == "__main__":
    main()
