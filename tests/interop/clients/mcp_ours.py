"""The same with ours, through a session of the package `mcp`. With LOSE, so many answers to a payment
are lost on their way."""

import asyncio
import json
import os

from blockrun_llm import AsyncLLMClient
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client
from purchase import BODY

PAYMENT = "x402/payment"

URL = os.environ["MCP_URL"]


async def main() -> None:
    """Buys, and tells."""
    left, shown = int(os.environ.get("LOSE", "0")), []
    async with streamablehttp_client(URL) as (read, write, _), ClientSession(read, write) as session:
        await session.initialize()

        async def call(params: dict) -> object:
            nonlocal left
            meta = params.get("_meta")
            result = await session.call_tool(params["name"], params["arguments"], meta=meta)
            if meta and PAYMENT in meta:
                shown.append(json.dumps(meta[PAYMENT]))
                if left:
                    left -= 1
                    raise ConnectionError("lost")
            return result

        async with AsyncLLMClient() as client:
            answer = await client.call_tool(call, "chat", BODY, server=URL)
    assert len(set(shown)) == 1, "another payment was made"
    transaction = (answer.settlement or {}).get("transaction")
    print(json.dumps({"text": answer.result.content[0].text, "transaction": transaction}))


asyncio.run(main())
