"""Paid calls a second, and processor time per call: our gateway beside the official servers.

All of them have the same stand-in for a facilitator, the same calls, and payments that were signed
before the clock ran; rounds go around, so that what else the machine does meets all of them.
`make load` builds what this needs and writes LOAD.md.
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
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
PATH = "/api/v1/chat/completions"
PAYEE = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C"
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    """A server under load, and what each round measured."""

    name: str
    command: list[str]
    calls: int
    claims: str
    """What is on disk before an answer goes out."""
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


def used(pid: int) -> float:
    """Processor seconds that a process has used, in all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid: int) -> int:
    """Resident kibibytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def load(target: Path, port: int, in_flight: int, calls: int, seconds: float) -> dict[str, Any]:
    url = f"http://127.0.0.1:{port}{PATH}"
    command = [str(target / "release/load"), url, str(in_flight), str(calls), str(seconds)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def play(server: Server, target: Path, in_flight: int, seconds: float) -> None:
    """One round: everything new, a short warm-up, then the load."""
    facilitator, port = free_port(), free_port()
    url = f"http://127.0.0.1:{facilitator}"
    stub = [str(target / "release/facilitator-stub"), str(facilitator)]
    with tempfile.TemporaryDirectory() as data, running(stub, facilitator):
        words = {"{url}": url, "{port}": str(port), "{data}": data}
        command = [words.get(word, word) for word in server.command]
        with running(command, port, FACILITATOR_URL=url, PAYEE=PAYEE) as pid:
            load(target, port, in_flight, max(server.calls // 20, 50), seconds)
            before = used(pid)
            measured = load(target, port, in_flight, server.calls, seconds)
            measured["cpu_ms"] = 1000 * (used(pid) - before) / max(measured["calls"], 1)
            measured["memory_mb"] = memory(pid) / 1024
            if measured["failed"]:
                raise SystemExit(f"{server.name}: {measured}")
            server.rounds.append(measured)


def servers(target: Path, interop: Path) -> list[Server]:
    shops = ROOT / "tests/interop/servers"
    gateway = [str(target / "release/blockrun"), "gateway", "--settle-through", "{url}"]
    gateway += ["--payee", PAYEE, "--rpc-url", "off", "--port", "{port}"]
    claimed = "claim, answer, settlement"
    return [
        Server("blockrun gateway", [*gateway, "--data", "{data}"], 40_000, claimed),
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", type=Path, required=True, help="cargo's target folder")
    parser.add_argument("--interop", type=Path, required=True, help="the official packages")
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--write", type=Path, help="where the table goes")
    given = parser.parse_args()
    tried = servers(given.target, given.interop)
    for _ in range(given.rounds):
        for server in tried:
            play(server, given.target, given.in_flight, given.seconds)
            print(server.name, json.dumps(server.rounds[-1]), flush=True)
    lines = table(tried)
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
