"""One purchase of a tool with the official client of `x402.mcp`."""

import asyncio
import json
import os

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client
from purchase import BODY, account
from x402 import x402Client
from x402.mcp import x402MCPSession
from x402.mechanisms.evm import EthAccountSigner
from x402.mechanisms.evm.exact.register import register_exact_evm_client


URL = os.environ["MCP_URL"]


async def main() -> None:
    """Buys, and tells."""
    client = x402Client()
    register_exact_evm_client(client, EthAccountSigner(account()))
    async with streamablehttp_client(URL) as (read, write, _), ClientSession(read, write) as session:
        await session.initialize()
        answer = await x402MCPSession(session, client).call_tool("chat", BODY)
    said = answer.payment_response
    print(json.dumps({"text": answer.content[0].text, "transaction": said.transaction}))


asyncio.run(main())
