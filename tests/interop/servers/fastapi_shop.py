"""A chat endpoint behind the official FastAPI middleware, as its documentation uses it."""

import os

import uvicorn
from fastapi import FastAPI
from x402 import x402ResourceServer
from x402.http import FacilitatorConfig, HTTPFacilitatorClient
from x402.http.middleware.fastapi import PaymentMiddlewareASGI
from x402.http.types import PaymentOption, RouteConfig
from x402.mechanisms.evm.exact import ExactEvmServerScheme

PATH = "/api/v1/chat/completions"
NETWORK = "eip155:84532"

server = x402ResourceServer(
    HTTPFacilitatorClient(FacilitatorConfig(url=os.environ["FACILITATOR_URL"]))
)
server.register(NETWORK, ExactEvmServerScheme())
option = PaymentOption(
    scheme="exact", pay_to=os.environ["PAYEE"], price="$0.001", network=NETWORK
)
app = FastAPI()
app.add_middleware(
    PaymentMiddlewareASGI,
    routes={f"POST {PATH}": RouteConfig(accepts=option, description="A chat")},
    server=server,
)


@app.post(PATH)
async def chat(body: dict) -> dict:
    """Says hello."""
    message = {"role": "assistant", "content": "Hello from FastAPI"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": [choice],
    }


uvicorn.run(app, port=int(os.environ["PORT"]), log_level="warning")
