"""A tool behind the official payment wrapper of `x402.mcp`, over streamable HTTP."""

import os

from mcp.server.fastmcp import FastMCP
from x402 import x402ResourceServer
from x402.http import FacilitatorConfig, HTTPFacilitatorClient
from x402.mcp import create_payment_wrapper
from x402.mechanisms.evm.exact import ExactEvmServerScheme
from x402.schemas import ResourceConfig

NETWORK = "eip155:84532"

server = x402ResourceServer(
    HTTPFacilitatorClient(FacilitatorConfig(url=os.environ["FACILITATOR_URL"]))
)
server.register(NETWORK, ExactEvmServerScheme())
server.initialize()
config = ResourceConfig(
    scheme="exact", pay_to=os.environ["PAYEE"], price="$0.001", network=NETWORK
)
accepts = server.build_payment_requirements(config)
shop = FastMCP("shop", host="127.0.0.1", port=int(os.environ["PORT"]), log_level="WARNING")


@shop.tool(name="chat", description="Says hello")
@create_payment_wrapper(server, accepts=accepts)
async def chat(model: str, messages: list[dict]) -> str:
    """Says hello."""
    return f"Hello from {model}!"


shop.run(transport="streamable-http")
