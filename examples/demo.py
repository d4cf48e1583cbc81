"""Watch agents pay: a practice gateway, a fresh wallet, and one paid call from each language.

Started by `make demo`. Nothing here is real money and nothing leaves this machine. Ends with an
error unless the wallet's balance fell by exactly the sum of the prices. Swift and Kotlin need what
`make swift` and `make kotlin` built, and are skipped, loudly, where that is missing.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import urllib.request
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
RELEASE = TARGET / "release"
USDC = "0x036CbD53842c5426634e7929541eC2318f3dCF7e"
BALANCE_OF = "0x70a08231"

KOTLIN = TARGET / "kotlin"


def class_path() -> str:
    """What Kotlin's example stands on; the build wrote down where the packages of others are."""
    packages = KOTLIN / "classpath"
    found = [packages.read_text()] if packages.exists() else []
    return os.pathsep.join([str(KOTLIN / "classes"), str(KOTLIN / "test-classes"), *found])


AGENTS = {
    "Python": [sys.executable, str(ROOT / "examples/hello.py")],
    "Node": ["node", str(ROOT / "examples/hello.mjs")],
    "Rust": [str(RELEASE / "hello")],
    "Shell": [str(RELEASE / "blockrun"), "chat", "Hello!"],
    "Swift": [
        str(ROOT / "bindings-swift/scripts/swift.sh"),
        *(str(RELEASE), str(TARGET / "swift"), "run", "--skip-build", "hello"),
    ],
    "Kotlin": ["java", "-cp", class_path(), "HelloKt"],
}
# What is only there where there is a toolchain.
BUILT = {
    "Swift": TARGET / "swift/debug/hello",
    "Kotlin": KOTLIN / "test-classes/HelloKt.class",
}
# What the script of a toolchain that is missing ends with.
NO_TOOLCHAIN = 77


def start_gateway() -> tuple[subprocess.Popen[str], str]:
    """Starts the practice gateway on a free port and returns it with its API address."""
    command = [str(RELEASE / "blockrun"), "gateway", "--practice", "--ephemeral", "--port", "0"]
    gateway = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert gateway.stdout is not None
    line = gateway.stdout.readline()
    if not line.startswith("listening on "):
        sys.exit(f"the gateway did not start: {line!r}")
    return gateway, line.removeprefix("listening on ").strip()


def micro_balance(api_url: str, address: str) -> int:
    """Asks the practice ledger for a balance in micro-USDC, as a wallet would ask a chain."""
    call = {"to": USDC, "data": BALANCE_OF + address[2:].lower().rjust(64, "0")}
    request = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [call, "latest"]}
    answer = urllib.request.urlopen(
        urllib.request.Request(
            api_url.removesuffix("/api") + "/practice/rpc",
            data=json.dumps(request).encode(),
            headers={"content-type": "application/json"},
        ),
        timeout=10,
    )
    return int(json.load(answer)["result"], 16)


def run_agent(command: list[str], environment: dict[str, str]) -> dict[str, str] | None:
    """Runs one agent and reads what it printed: a name and a value per line.

    None where its toolchain has gone.
    """
    done = subprocess.run(
        command, env=environment, text=True, timeout=60, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    if done.returncode == NO_TOOLCHAIN:
        return None
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}")
    names = ("reply", "model", "price", "transaction")
    found: dict[str, str] = {}
    for line in done.stdout.splitlines():
        name, _, value = line.partition(" ")
        # The command prints the bare answer and the payment beside it.
        found |= {name: value.strip()} if name in names else {"reply": line}
    missing = [name for name in names if name not in found]
    if missing:
        sys.exit(f"{' '.join(command)} did not print {missing}:\n{done.stdout}")
    return found


def usdc(micro: int) -> str:
    return f"{Decimal(micro) / 1_000_000:.6f} USDC"


def show(language: str, found: dict[str, str], before: int, after: int) -> int:
    """Prints one call as a block and returns its price."""
    price = int(Decimal(found["price"].split()[0]) * 1_000_000)
    print(f"── {language} " + "─" * (70 - len(language)))
    print(f"   reply        {found['reply']}")
    print(f"   model        {found['model']}")
    print(f"   price        {usdc(price)}")
    print(f"   transaction  {found['transaction']}")
    print(f"   balance      {usdc(before)} → {usdc(after)}\n")
    if before - after != price:
        sys.exit(f"{language}: the balance fell by {usdc(before - after)}, not by the price")
    return price


def skipped(language: str) -> None:
    """Says that a language could not take part."""
    stars = "*" * 72
    print(f"{stars}\n*** SKIPPED: {language}. Its toolchain is missing, or built nothing yet:")
    print(f"*** `make {language.lower()}` says what it needs.\n{stars}\n")


def demo(api_url: str, home: str) -> None:
    key = "0x" + secrets.token_hex(32)
    environment = os.environ | {
        "BLOCKRUN_WALLET_KEY": key, "BLOCKRUN_API_URL": api_url, "BLOCKRUN_HOME": home,
        "CI": "",  # or a toolchain that is missing would be fetched
    }
    from blockrun_llm import LLMClient  # built by `make build`

    address = LLMClient(private_key=key, api_url=api_url).get_wallet_address()
    first = micro_balance(api_url, address)
    print(f"gateway   {api_url} (practice: play money, built-in model)")
    print(f"wallet    {address}, new, holds {usdc(first)}\n")
    balance, total, calls = first, 0, 0
    for language, command in AGENTS.items():
        there = language not in BUILT or BUILT[language].exists()
        found = run_agent(command, environment) if there else None
        if found is None:
            skipped(language)
            continue
        calls += 1
        before, balance = balance, micro_balance(api_url, address)
        total += show(language, found, before, balance)
    if first - balance != total:
        sys.exit(f"the balance fell by {usdc(first - balance)}, the prices sum to {usdc(total)}")
    print(f"{calls} calls, {usdc(total)} paid; the balance fell by exactly that.")


def main() -> None:
    gateway, api_url = start_gateway()
    try:
        with tempfile.TemporaryDirectory() as home:
            demo(api_url, home)
    finally:
        gateway.send_signal(signal.SIGTERM)
        stopped = gateway.wait(timeout=40)
    if stopped != 0:
        sys.exit(f"the gateway ended with {stopped}")


if __name__ == "__main__":
    main()
