"""The official Python facilitator behind its three paths, on Base Sepolia."""

import os

import uvicorn
from fastapi import FastAPI
from x402 import x402Facilitator
from x402.mechanisms.evm import FacilitatorWeb3Signer
from x402.mechanisms.evm.exact import register_exact_evm_facilitator
from x402.schemas import PaymentPayload, PaymentRequirements
from x402.schemas.v1 import PaymentPayloadV1, PaymentRequirementsV1

signer = FacilitatorWeb3Signer(os.environ["GAS_KEY"], os.environ["RPC_URL"])
facilitator = x402Facilitator()
register_exact_evm_facilitator(facilitator, signer, networks="eip155:84532")
app = FastAPI()


def parts(body: dict) -> tuple:
    """The payment and what it is for, in the types of their version."""
    if body["x402Version"] == 1:
        types = (PaymentPayloadV1, PaymentRequirementsV1)
    else:
        types = (PaymentPayload, PaymentRequirements)
    fields = ("paymentPayload", "paymentRequirements")
    return tuple(kind.model_validate(body[name]) for kind, name in zip(types, fields, strict=True))


@app.post("/verify")
async def verify(body: dict) -> dict:
    """Judges a payment."""
    return (await facilitator.verify(*parts(body))).model_dump(by_alias=True, exclude_none=True)


@app.post("/settle")
async def settle(body: dict) -> dict:
    """Executes it."""
    return (await facilitator.settle(*parts(body))).model_dump(by_alias=True, exclude_none=True)


@app.get("/supported")
async def supported() -> dict:
    """What it settles."""
    return facilitator.get_supported().model_dump(by_alias=True, exclude_none=True)


uvicorn.run(app, port=int(os.environ["PORT"]), log_level="warning")
