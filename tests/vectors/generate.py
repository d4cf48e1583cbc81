"""Writes the vectors of this folder with implementations that are not ours.

Signatures and hashes come from eth-account and eth-abi, prices from the formula written down once
more below with Python's big integers. The Rust core must not be the only judge of its own work.

    python -m pip install eth-account && python tests/vectors/generate.py
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

from eth_abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

HERE = Path(__file__).parent
HARDHAT_0 = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
NETWORKS = {
    "eip155:8453": ("USD Coin", 8453, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"),
    "eip155:84532": ("USDC", 84532, "0x036CbD53842c5426634e7929541eC2318f3dCF7e"),
    "eip155:5042": ("USDC", 5042, "0x3600000000000000000000000000000000000000"),
}
FIELDS = ("from:address to:address value:uint256 validAfter:uint256 validBefore:uint256 "
          "nonce:bytes32")


def typed_data(network: str, authorization: dict) -> dict:
    name, chain_id, contract = NETWORKS[network]
    fields = [dict(zip(("name", "type"), field.split(":"), strict=True)) for field in FIELDS.split()]
    return {
        "domain": {
            "name": name, "version": "2", "chainId": chain_id, "verifyingContract": contract,
        },
        "primaryType": "TransferWithAuthorization",
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"}, {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "TransferWithAuthorization": fields,
        },
        "message": {
            **authorization,
            **{key: int(authorization[key]) for key in ("value", "validAfter", "validBefore")},
            "nonce": bytes.fromhex(authorization["nonce"][2:]),
        },
    }


def signing_case(identity: str, source: str, network: str, authorization: dict,
                 signature: str | None = None) -> dict:
    """One authorization; without `signature` the case is signed with the test key."""
    message = encode_typed_data(full_message=typed_data(network, authorization))
    digest = keccak(b"\x19\x01" + message.header + message.body)
    case = {"id": identity, "source": source, "network": network}
    if signature is None:
        case["private_key"] = HARDHAT_0
        signature = "0x" + Account.sign_message(message, HARDHAT_0).signature.hex().removeprefix("0x")
    signer = Account.recover_message(message, signature=signature)
    assert signer == authorization["from"], identity
    return case | {
        "authorization": authorization,
        "domain_separator": "0x" + message.header.hex(),
        "struct_hash": "0x" + message.body.hex(),
        "digest": "0x" + digest.hex(),
        "signature": signature,
        "signer": signer,
    }


def signing() -> list[dict]:
    account = Account.from_key(HARDHAT_0).address
    spec = {
        "from": account, "to": "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", "value": "10000",
        "validAfter": "0", "validBefore": "1740672154",
        "nonce": "0xf3746613c2d920b5fdabc0856f2aeb2d4f88ee6037b8cc5d04a71a4462f13480",
    }
    official = spec | {
        "from": "0x857b06519E91e3A54538791bDbb0E22373e36b66", "validAfter": "1740672089",
    }
    edge = spec | {
        "value": str(2**256 - 1), "validAfter": "1", "validBefore": str(2**64),
        "nonce": "0x" + "00" * 31 + "01",
    }
    published = {
        "from": account, "to": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "value": "1000",
        "validAfter": "1789999400", "validBefore": "1790000300", "nonce": "0x" + "11" * 32,
    }
    v0 = ("0x2d6a7588d6acca505cbf0d9a4a227e0c52c6c34008c8e8986a1283259764173608a2ce6496642e377d6da8"
          "dbbf5836e9bd15092f9ecab05ded3d6293af148b571c")
    return [
        signing_case("V0", "x402 specification, example of the exact EVM scheme", "eip155:84532",
                     official, v0),
        signing_case("V1", "eth-account and viem agree", "eip155:8453", spec),
        signing_case("V2", "eth-account and viem agree", "eip155:84532", spec),
        signing_case("V3", "eth-account", "eip155:8453", edge),
        signing_case("P1", "published Python package", "eip155:8453", published),
        signing_case("P2", "published Python package", "eip155:5042", published),
        signing_case("P3", "published Python package", "eip155:84532", published),
    ]


def nonce_case(identity: str, wallet: str, key: str, method: str, url: str, origin: str,
               path: str) -> dict:
    words = [keccak(text=text) for text in (key, method, origin, path)]
    nonce = keccak(encode(
        ["bytes32", "address", "bytes32", "bytes32", "bytes32", "bytes32"],
        [keccak(text="blockrun/nonce/v1"), wallet, *words],
    ))
    return {
        "id": identity, "wallet": wallet, "key": key, "method": method, "url": url,
        "nonce": "0x" + nonce.hex(), "payment_id": "pay_" + keccak(b"id" + nonce)[:16].hex(),
    }


def nonces() -> list[dict]:
    wallet = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    other = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    chat = "/api/v1/chat/completions"
    site = "https://blockrun.ai:443"
    return [
        nonce_case("plain", wallet, "order-1", "POST", f"https://blockrun.ai{chat}", site, chat),
        nonce_case("query-does-not-count", wallet, "order-1", "POST",
                   f"https://blockrun.ai{chat}?a=1#b", site, chat),
        nonce_case("host-case-and-port-do-not-count", wallet, "order-1", "POST",
                   f"https://BlockRun.AI:443{chat}", site, chat),
        nonce_case("key-counts", wallet, "order-2", "POST", f"https://blockrun.ai{chat}", site, chat),
        nonce_case("wallet-counts", other, "order-1", "POST", f"https://blockrun.ai{chat}", site,
                   chat),
        nonce_case("method-counts", wallet, "order-1", "GET", f"https://blockrun.ai{chat}", site,
                   chat),
        nonce_case("port-counts", wallet, "order-1", "POST", f"http://127.0.0.1:8402{chat}",
                   "http://127.0.0.1:8402", chat),
        nonce_case("path-counts", wallet, "order-1", "POST", "https://blockrun.ai/", site, "/"),
        nonce_case("unicode-and-empty", wallet, "", "POST", "http://[::1]:80/%C3%A9",
                   "http://[::1]:80", "/%C3%A9"),
        nonce_case("unicode-key", wallet, "Grüße 🦀", "POST", f"https://blockrun.ai{chat}", site, chat),
    ]


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def ceil(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def quote_case(identity: str, body: dict, **changes: int) -> dict:
    rule = {
        "margin_bps": 1000, "floor_micro": 1000, "output_permille": 1000, "image_tokens": 1024,
        "input_rate": 150_000, "output_rate": 600_000, "max_output": 16_384,
    } | changes
    images = 0

    def strip(value: object) -> object:
        nonlocal images
        if isinstance(value, dict):
            return {key: strip(item) for key, item in value.items()}
        if isinstance(value, list):
            return [strip(item) for item in value]
        if isinstance(value, str) and value.startswith("data:"):
            images += 1
            return ""
        return value

    named = ("messages", "response_format", "tools")
    priced = {key: strip(body[key]) for key in named if body.get(key) is not None}
    tokens_in = ceil(len(canonical(priced).encode()), 4) + images * rule["image_tokens"]
    asked = body.get("max_completion_tokens") or body.get("max_tokens") or 1024
    tokens = min(asked, rule["max_output"]) * (body.get("n") or 1)
    tokens_out = ceil(tokens * rule["output_permille"], 1000)
    cost = tokens_in * rule["input_rate"] + tokens_out * rule["output_rate"]
    amount = max(rule["floor_micro"], ceil(cost * (10_000 + rule["margin_bps"]), 10**10))
    return {
        "id": identity, "body": json.dumps(body, ensure_ascii=identity.startswith("escaped")),
        "rule": rule, "input_tokens": tokens_in, "output_tokens": tokens_out,
        "amount_micro": amount,
    }


def quotes() -> list[dict]:
    hello = [{"role": "user", "content": "Hello!"}]
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    picture = [{"role": "user", "content": [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 400}},
        {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}},
    ]}]
    long = [{"role": "user", "content": "x" * 4001}]
    return [
        quote_case("floor", {"model": "m", "messages": hello}),
        quote_case("output-limit", {"messages": hello, "max_tokens": 4096}),
        quote_case("clamped-to-the-model", {"messages": hello, "max_tokens": 999_999}),
        quote_case("three-choices", {"messages": hello, "n": 3, "max_tokens": 4096}),
        quote_case("completion-limit-wins",
                   {"messages": hello, "max_tokens": 1, "max_completion_tokens": 8000}),
        quote_case("null-is-absent",
                   {"messages": hello, "tools": None, "n": None, "max_tokens": 5000}),
        quote_case("tools-and-format", {
            "messages": hello, "tools": tools, "response_format": {"type": "json_object"},
            "max_tokens": 4000, "user": "does not count",
        }),
        quote_case("a-data-url-is-one-image", {"messages": picture}, input_rate=2_500_000),
        quote_case("utf8-bytes-count", {"messages": [{"role": "user", "content": "é🦀" * 500}]},
                   input_rate=2_500_000),
        quote_case("escaped-is-the-same-text", {"messages": [{"role": "user", "content": "é🦀" * 500}]},
                   input_rate=2_500_000),
        quote_case("rounded-up", {"messages": long, "max_tokens": 1}, input_rate=1_000_001,
                   floor_micro=0),
        quote_case("a-tenth-of-the-output", {"messages": hello, "max_tokens": 9_999},
                   output_permille=100, output_rate=60_000_000),
        quote_case("no-margin", {"messages": long, "max_tokens": 8192}, margin_bps=0),
        quote_case("free-rates-cost-the-floor", {"messages": long}, input_rate=0, output_rate=0),
    ]


def requirement(network: str = "eip155:84532", amount: str = "1000", **changes: object) -> dict:
    name, _, contract = NETWORKS[network]
    return {
        "scheme": "exact", "network": network, "amount": amount, "asset": contract,
        "payTo": "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", "maxTimeoutSeconds": 300,
        "extra": {"name": name, "version": "2"},
    } | changes


def payment_case(identity: str, challenge: dict, chosen: int, **changes: object) -> dict:
    """A whole v2 payment: what must be in the header's JSON for a 402."""
    inputs = {
        "url": "https://blockrun.ai/api/v1/chat/completions", "now": 1_790_000_000,
        "nonce": "0x" + "22" * 32,
    } | changes
    offer = challenge["accepts"][chosen]
    version = challenge["x402Version"]
    caip2 = {"base": "eip155:8453", "base-sepolia": "eip155:84532"}.get(
        offer["network"], offer["network"])
    validity = min(offer["maxTimeoutSeconds"], 600)
    authorization = {
        "from": Account.from_key(HARDHAT_0).address, "to": offer["payTo"],
        "value": offer["amount" if version == 2 else "maxAmountRequired"], "validAfter": "0",
        "validBefore": str(inputs["now"] + validity), "nonce": inputs["nonce"],
    }
    signed = signing_case(identity, "", caip2, authorization)
    payload = {"signature": signed["signature"], "authorization": authorization}
    if version == 1:
        header = {"x402Version": 1, "scheme": "exact", "network": offer["network"],
                  "payload": payload}
    else:
        header = {"x402Version": 2, "accepted": offer, "payload": payload}
        if "resource" in challenge:
            header["resource"] = challenge["resource"]
        if challenge.get("extensions"):
            header["extensions"] = json.loads(json.dumps(challenge["extensions"]))
            if "payment-identifier" in header["extensions"]:
                nonce = bytes.fromhex(inputs["nonce"][2:])
                header["extensions"]["payment-identifier"]["info"]["id"] = (
                    "pay_" + keccak(b"id" + nonce)[:16].hex())
    return {
        "id": identity, "private_key": HARDHAT_0, "challenge": challenge, **inputs,
        "header_name": "payment-signature" if version == 2 else "x-payment",
        "header": header, "requirement": offer, "version": version,
    }


def payments() -> list[dict]:
    resource = {"url": "https://blockrun.ai/api/v1/chat/completions", "description": "d",
                "mimeType": "application/json"}
    v1 = {
        "scheme": "exact", "network": "base-sepolia", "maxAmountRequired": "1000",
        "asset": NETWORKS["eip155:84532"][2], "payTo": "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
        "resource": resource["url"], "description": "d", "mimeType": "application/json",
        "outputSchema": None, "maxTimeoutSeconds": 60, "extra": {"name": "USDC", "version": "2"},
    }
    extensions = {
        "payment-identifier": {"info": {"required": False}, "schema": {"type": "object"}},
        "bazaar": {"info": {"input": {"type": "http"}}, "schema": {}},
    }
    return [
        payment_case("v2", {"x402Version": 2, "resource": resource, "accepts": [requirement()]}, 0),
        payment_case("v1", {"x402Version": 1, "error": "pay", "accepts": [v1]}, 0),
        payment_case("v2-base", {"x402Version": 2, "accepts": [requirement("eip155:8453")]}, 0),
        payment_case("a-bad-one-first", {"x402Version": 2, "accepts": [
            requirement(scheme="upto"), requirement(amount="0"), requirement(odd={"kept": [1.50]}),
        ]}, 2),
        payment_case("years-are-clamped",
                     {"x402Version": 2, "accepts": [requirement(maxTimeoutSeconds=10**9)]}, 0),
        payment_case("extensions-are-echoed",
                     {"x402Version": 2, "accepts": [requirement()], "extensions": extensions}, 0),
        payment_case("exactly-a-dollar",
                     {"x402Version": 2, "accepts": [requirement(amount="1000000")]}, 0),
    ]


def invalid_payments() -> list[dict]:
    """Headers that a server must refuse, each made from a good one by one change."""
    good = payments()[0]
    base64_of = lambda value: base64.b64encode(json.dumps(value).encode()).decode()  # noqa: E731

    def case(identity: str, reason: str, now: int = 1_790_000_000, **changes: object) -> dict:
        header = json.loads(json.dumps(good["header"]))
        for path, value in changes.items():
            *parents, leaf = path.split("__")
            target = header
            for parent in parents:
                target = target[parent]
            target[leaf] = value
        return {"id": identity, "header_value": base64_of(header), "now": now, "reason": reason,
                "requirement": good["requirement"], "version": 2}

    signature = bytearray.fromhex(good["header"]["payload"]["signature"][2:])
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high_s = (order - int.from_bytes(signature[32:64], "big")).to_bytes(32, "big")
    flipped = bytes(signature[:32]) + high_s + bytes([55 - signature[64]])
    exact = "invalid_exact_evm_payload_"
    inner = "payload__authorization__"
    return [
        {"id": "good", "header_value": base64_of(good["header"]), "now": 1_790_000_000,
         "reason": None, "requirement": good["requirement"], "version": 2},
        case("version", "invalid_x402_version", x402Version=3),
        case("other-terms", "invalid_payment_requirements", accepted__amount="999"),
        case("scheme", "unsupported_scheme", accepted__scheme="upto"),
        case("network", "invalid_network", accepted__network="eip155:8453"),
        case("value", exact + "authorization_value_mismatch", **{inner + "value": "999"}),
        case("payee", exact + "recipient_mismatch",
             **{inner + "to": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"}),
        case("expired", exact + "authorization_valid_before", now=1_790_000_300),
        case("nearly-expired", exact + "authorization_valid_before", now=1_790_000_295),
        case("not-yet", exact + "authorization_valid_after",
             **{inner + "validAfter": "1790000001"}),
        case("somebody-else", exact + "signature",
             **{inner + "from": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"}),
        case("other-nonce", exact + "signature", **{inner + "nonce": "0x" + "33" * 32}),
        case("short-nonce", "invalid_payload", **{inner + "nonce": "0x" + "33" * 31}),
        case("high-s", exact + "signature", payload__signature="0x" + flipped.hex()),
        case("short-signature", exact + "signature", payload__signature="0x1234"),
        case("not-hex", "invalid_payload", payload__signature="xyz"),
        {"id": "not-base64", "header_value": "%%%", "now": 1_790_000_000,
         "reason": "invalid_payload", "requirement": good["requirement"], "version": 2},
    ]


def main() -> None:
    files = {
        "signing": signing(), "nonce": nonces(), "quote": quotes(), "payment": payments(),
        "verify": invalid_payments(),
    }
    for name, cases in files.items():
        text = json.dumps(cases, indent=2, ensure_ascii=False)
        (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
