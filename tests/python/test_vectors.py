"""The shared vectors through the public offline API."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account
from support import ROOT

from blockrun_llm import offline

if TYPE_CHECKING:
    from collections.abc import Callable


def signing(case: dict[str, Any]) -> None:
    case.pop("source")
    network, authorization = case.pop("network"), case.pop("authorization")
    signer, signature = case.pop("signer"), case.pop("signature")
    assert offline.recover_signer(network, authorization, signature) == signer
    values = {name: case.pop(name) for name in ("domain_separator", "struct_hash", "digest")}
    if key := case.pop("private_key", None):
        signed = offline.sign_authorization(key, network, authorization)
        assert signed == {"signer": signer, "signature": signature, **values}


def nonce(case: dict[str, Any]) -> None:
    made = offline.nonce(*(case.pop(name) for name in ("wallet", "key", "method", "url")))
    assert made == case.pop("nonce")
    assert offline.payment_id(made) == case.pop("payment_id")


def quote(case: dict[str, Any]) -> None:
    price = offline.quote_chat(case.pop("body"), **case.pop("rule"))
    expected = {name: case.pop(name) for name in ("amount_micro", "input_tokens", "output_tokens")}
    assert price == {**expected, "amount_usd": expected["amount_micro"] / 1_000_000}


def payment(case: dict[str, Any]) -> None:
    now, url, nonce = case.pop("now"), case.pop("url"), case.pop("nonce")
    for challenge in (case["challenge"], json.dumps(case.pop("challenge"))):
        signed = offline.sign_payment(case["private_key"], challenge, url=url, now=now, nonce=nonce)
        assert signed["header_name"] == case["header_name"]
        header = json.loads(base64.b64decode(signed["header_value"], validate=True))
        # Addresses mean the same in any case.
        assert json.loads(json.dumps(header).lower()) == json.loads(
            json.dumps(case["header"]).lower()
        )
        assert signed["authorization"] == header["payload"]["authorization"]
        assert signed["amount_micro"] == int(signed["authorization"]["value"])
    verdict = offline.verify_payment(
        signed["header_value"], case.pop("requirement"), now=now, version=case.pop("version")
    )
    assert verdict["valid"]
    assert verdict["amount_micro"] == signed["amount_micro"]
    assert verdict["nonce"] == nonce
    for name in ("private_key", "header_name", "header"):
        case.pop(name)


def verify(case: dict[str, Any]) -> None:
    verdict = offline.verify_payment(
        case.pop("header_value"),
        case.pop("requirement"),
        now=case.pop("now"),
        version=case.pop("version"),
    )
    reason = case.pop("reason")
    assert (verdict["valid"], verdict.get("reason")) == (reason is None, reason), verdict


@pytest.mark.parametrize("run", [signing, nonce, quote, payment, verify])
def test_vectors(run: Callable[[dict[str, Any]], None]) -> None:
    cases = json.loads((ROOT / f"tests/vectors/{run.__name__}.json").read_text())
    ran = 0
    for case in cases:
        name = case.pop("id")
        run(case)
        assert not case, f"{name}: fields that nobody looked at: {sorted(case)}"
        ran += 1
    print(f"{run.__name__}.json: ran {ran} of {len(cases)}")  # noqa: T201
    assert ran


def test_a_signature_is_that_of_eth_account() -> None:
    key = "0x" + "42" * 32
    account = Account.from_key(key)
    message: dict[str, Any] = {
        "from": account.address,
        "to": "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
        "value": 123_456,
        "validAfter": 0,
        "validBefore": 1_790_000_300,
        "nonce": "0x" + "07" * 32,
    }
    domain = {
        "name": "USD Coin",
        "version": "2",
        "chainId": 8453,
        "verifyingContract": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
    }
    kinds = {"from": "address", "to": "address", "nonce": "bytes32"}
    types = [{"name": name, "type": kinds.get(name, "uint256")} for name in message]
    theirs = Account.sign_typed_data(
        key, domain, {"TransferWithAuthorization": types}, message
    ).signature
    ours = offline.sign_authorization(key, "eip155:8453", message)
    assert ours["signature"] == "0x" + bytes(theirs).hex()
    assert ours["signer"] == account.address


def test_canonical_json() -> None:
    assert offline.canonical_json(' {"b": 1.0, "a": ["\\u00e9"]} ') == '{"a":["é"],"b":1.0}'
    with pytest.raises(ValueError, match="not valid JSON"):
        offline.canonical_json("{")


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: offline.nonce("0x1", "k", "POST", "https://a.example"), ValueError, "wallet"),
        (lambda: offline.nonce("0x" + "1" * 40, "k", "POST", "nowhere"), ValueError, "url"),
        (lambda: offline.payment_id("0x12"), ValueError, "nonce"),
        (lambda: offline.sign_authorization("0x12", "base", {}), ValueError, "authorization"),
        (lambda: offline.verify_payment("", {}, now=-1), ValueError, "now"),
        (lambda: offline.verify_payment("", {}, now=True), TypeError, "now"),
        (lambda: offline.verify_payment("", {}, now=1, version=3), ValueError, "version"),
        (lambda: offline.verify_payment("", {"a": {1}}, now=1), TypeError, "requirement"),
    ],
)
def test_bad_arguments_are_named(
    call: Callable[[], object], kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind, match=text):
        call()
