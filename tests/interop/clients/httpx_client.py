"""One purchase with the official httpx client, as its documentation uses it."""

import asyncio

from purchase import BODY, URL, account, tell
from x402 import x402Client
from x402.http.clients import x402HttpxClient
from x402.mechanisms.evm import EthAccountSigner
from x402.mechanisms.evm.exact.register import register_exact_evm_client


async def main() -> None:
    """Buys, and tells."""
    client = x402Client()
    register_exact_evm_client(client, EthAccountSigner(account()))
    async with x402HttpxClient(client, timeout=30) as http:
        response = await http.post(URL, json=BODY)
        response.raise_for_status()
        tell(response.json(), response.headers)


asyncio.run(main())
