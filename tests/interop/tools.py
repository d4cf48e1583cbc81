"""Tools that are paid by x402 over MCP: our client and the official ones, at our gateway and at a server
behind the official payment wrapper, which settles through ours.

A purchase is good when its buyer got an answer and the ledger has one transfer from it to that seller,
of the right amount, in the transaction of the receipt. Ends with status 1 unless all are good.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from blockrun_llm import LLMClient
from world import Ledger, free_port, running

HERE = Path(__file__).resolve().parent
PRICE = 1_000
CLIENTS = {
    "official": ("mcp_official.py", {}),
    "official TypeScript": ("mcp_typescript.mjs", {}),
    "ours": ("mcp_ours.py", {}),
    # The official server judges a payment anew each time, and refuses the one that it settled.
    "ours, an answer lost": ("mcp_ours.py", {"LOSE": "1"}),
}
SKIPPED = {("ours, an answer lost", "official")}


class Shop(NamedTuple):
    """Who sells, and where."""

    name: str
    url: str
    payee: str


async def purchase(setup: Path, client: str, shop: Shop, ledger: Ledger) -> str | None:
    """One purchase by a new buyer; what is wrong with it."""
    script, more = CLIENTS[client]
    command = [setup / "python/bin/python", HERE / "clients" / script]
    if script.endswith(".mjs"):
        command = ["node", setup / "clients" / script]
    key = "0x" + secrets.token_hex(32)
    with tempfile.TemporaryDirectory() as home:
        gateway = ledger.url.removesuffix("/practice/rpc") + "/api"
        told = {"BLOCKRUN_WALLET_KEY": key, "BLOCKRUN_HOME": home, "BLOCKRUN_API_URL": gateway}
        process = await asyncio.create_subprocess_exec(
            *command,
            env=os.environ | told | more | {"MCP_URL": shop.url},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complaints = await asyncio.wait_for(process.communicate(), 90)
    if process.returncode != 0:
        return complaints.decode()[-2_000:]
    told_of = json.loads(said)
    with LLMClient(key, gateway) as buyer:
        address = buyer.get_wallet_address()
    paid = await asyncio.to_thread(ledger.transfers, address)
    wanted = [(shop.payee, PRICE, told_of["transaction"])]
    if [(one.payee, one.micro, one.transaction) for one in paid] != wanted:
        return f"the ledger has {paid}, wanted {wanted}"
    return None if told_of["text"] else "there was no answer"


async def main() -> None:
    """Starts the shops and buys."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--setup", type=Path, required=True, help="the official packages")
    parser.add_argument("--blockrun", type=Path, required=True, help="our command")
    given = parser.parse_args()
    python, log = str(given.setup / "python/bin/python"), given.setup / "tools.log"
    # A practice gateway has a payee of its own.
    payees = ["0x4020000000000000000000000000000000000402", f"0x{'77' * 19}c9"]
    bad = 0
    async with AsyncExitStack() as stack:
        named = ["--facilitator", "--facilitator-payee", payees[1]]
        command = [str(given.blockrun), "gateway", "--practice", "--ephemeral", "--port", "0"]
        said = await stack.enter_async_context(
            running([*command, *named], {}, "listening on ", log)
        )
        base, port = said.removesuffix("/api"), free_port()
        told = {"FACILITATOR_URL": base, "PAYEE": payees[1], "PORT": str(port)}
        server = [python, str(HERE / "servers/mcp_shop.py")]
        await stack.enter_async_context(running(server, told, port, log))
        ledger = Ledger(f"{base}/practice/rpc")
        shops = [
            Shop("ours", f"{base}/mcp", payees[0]),
            Shop("official", f"http://127.0.0.1:{port}/mcp", payees[1]),
        ]
        for shop in shops:
            for client in CLIENTS:
                if (client, shop.name) in SKIPPED:
                    continue
                wrong = await purchase(given.setup, client, shop, ledger)
                bad += wrong is not None
                print(f"{client} at {shop.name}: {wrong or 'paid once'}")
    if bad:
        sys.exit(f"{bad} purchases of tools went wrong; servers complain in {log}")


asyncio.run(main())
