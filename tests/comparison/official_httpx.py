"""One purchase with the official Python client, as its documentation uses it."""

import asyncio
import json
import os
import sys
from importlib.metadata import version

from eth_account import Account
from x402 import x402Client
from x402.http.clients import x402HttpxClient
from x402.mechanisms.evm import EthAccountSigner
from x402.mechanisms.evm.exact.register import register_exact_evm_client

URL = os.environ["BUYER_URL"] + "/v1/chat/completions"
CALL = {"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "Hello!"}]}


async def main() -> None:
    account = Account.from_key(os.environ["BUYER_KEY"])
    client = x402Client()
    register_exact_evm_client(client, EthAccountSigner(account))
    answered = False
    async with x402HttpxClient(client, timeout=float(os.environ["BUYER_TIMEOUT"])) as http:
        for _ in range(2):  # the call, and after an error the application's own plain retry
            try:
                response = await http.post(URL, json=CALL)
                response.raise_for_status()
                answered = bool(response.json()["choices"])
                break
            except Exception as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr)
    named = f"x402 {version('x402')} (httpx {version('httpx')})"
    print(json.dumps({"client": named, "payer": account.address, "answered": answered}))


asyncio.run(main())
