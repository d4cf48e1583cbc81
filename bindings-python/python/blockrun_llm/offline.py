"""Sign, verify and price without any network: for tests, auditors and other servers.

Everything that is otherwise chance or time comes in as an argument, so the same input gives the
same bytes in every language. Nothing here looks at budgets, records anything or talks to anyone:
what is signed here can be executed by whoever gets it.

Bad arguments are a ``ValueError`` or a ``TypeError``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import _native
from ._json import dump
from ._money import dollars

if TYPE_CHECKING:
    from ._dollars import Dollars

__all__ = [
    "canonical_json",
    "nonce",
    "payment_id",
    "quote_chat",
    "recover_signer",
    "sign_authorization",
    "sign_payment",
    "verify_payment",
]


def sign_authorization(
    private_key: str, network: str, authorization: Mapping[str, str | int]
) -> dict[str, str]:
    """Signs an EIP-3009 authorization for USDC.

    Args:
        private_key: 64 hex digits, with or without ``0x``.
        network: CAIP-2 identifier or x402 v1 name.
        authorization: ``from``, ``to``, ``value``, ``validAfter``, ``validBefore`` and ``nonce``;
            numbers as decimal strings or ints.

    Returns:
        ``signer``, ``domain_separator``, ``struct_hash``, ``digest`` and ``signature``, 0x-hex.
    """
    signed: dict[str, str] = json.loads(
        _native.sign_authorization(private_key, network, _authorization(authorization))
    )
    return signed


def recover_signer(network: str, authorization: Mapping[str, str | int], signature: str) -> str:
    """The account that signed an authorization; compare it with ``from``."""
    return _native.recover_signer(network, _authorization(authorization), signature)


def nonce(wallet: str, key: str, method: str, url: str) -> str:
    """The nonce of a call, derived from its idempotency key: one call, one nonce.

    It also depends on the paying wallet, the method, and the origin and path of the URL; not on
    price, payee, body or time.
    """
    return _native.nonce(wallet, key, method, url)


def payment_id(nonce: str) -> str:
    """The public id of the call with this nonce: what travels instead of its key."""
    return _native.payment_id(nonce)


def sign_payment(
    private_key: str,
    challenge: Mapping[str, Any] | str,
    *,
    url: str,
    now: int,
    nonce: str,
    max_cost_per_call: Dollars | None = None,
) -> dict[str, Any]:
    """Answers a 402: chooses the first acceptable requirement and signs it.

    Args:
        private_key: 64 hex digits, with or without ``0x``.
        challenge: Body of the 402, or the text of its header.
        url: The URL that is really called.
        now: Unix time.
        nonce: 32 bytes in hex; see `nonce`.
        max_cost_per_call: The most to sign, in dollars, inclusive. Default 1.

    Returns:
        ``header_name``, ``header_value``, ``amount_micro``, ``network`` and ``authorization``.

    Raises:
        RequirementRejected: Nothing in it is acceptable.
        SpendLimitError: It costs more.
    """
    text = challenge if isinstance(challenge, str) else dump("challenge", challenge)
    arguments = {"url": url, "now": now, "nonce": nonce, "max_cost_per_call": max_cost_per_call}
    signed: dict[str, Any] = json.loads(_native.sign_payment(private_key, text, arguments))
    return {**signed, "amount_micro": signed.pop("amount")}


def verify_payment(
    header_value: str, requirement: Mapping[str, Any], *, now: int, version: int = 2
) -> dict[str, Any]:
    """Verifies a payment header against the requirement that a server offers for the request.

    It asks no chain: whether the payer has the money and the nonce is unused is not known.

    Args:
        header_value: Value of ``PAYMENT-SIGNATURE`` or ``X-PAYMENT``.
        requirement: An entry of ``accepts``.
        now: Unix time.
        version: x402 version of the requirement, 1 or 2.

    Returns:
        ``valid`` and, when it is, ``network``, ``payer``, ``payee``, ``amount_micro``, ``nonce``,
        ``valid_after``, ``valid_before`` and ``digest``; else the protocol's ``reason`` and a
        ``detail`` for people.
    """
    arguments = {"now": now, "version": version}
    verdict: dict[str, Any] = json.loads(
        _native.verify_payment(header_value, dump("requirement", requirement), arguments)
    )
    if "invalid" in verdict:
        reason = verdict["invalid"]
        return {"valid": False, "reason": reason["code"], "detail": reason["detail"]}
    payment = verdict["valid"]
    return {"valid": True, "amount_micro": payment.pop("amount"), **payment}


def quote_chat(
    body: Mapping[str, Any] | str,
    *,
    input_rate: int,
    output_rate: int,
    max_output: int,
    margin_bps: int = 1_000,
    floor_micro: int = 1_000,
    output_permille: int = 1_000,
    image_tokens: int = 1_024,
) -> dict[str, Any]:
    """The price of a chat request by rule ``q1``.

    Args:
        body: The request.
        input_rate: Micro-USDC for a million input tokens.
        output_rate: Micro-USDC for a million output tokens.
        max_output: Most output tokens that the model writes.
        margin_bps: Margin in hundredths of a percent.
        floor_micro: The least that a call costs, in micro-USDC.
        output_permille: Share of the output maximum that is priced, in thousandths.
        image_tokens: Tokens counted for an image that comes as a data URL.

    Returns:
        ``amount_micro``, ``amount_usd``, ``input_tokens`` and ``output_tokens``.
    """
    rule = {
        "input_rate": input_rate,
        "output_rate": output_rate,
        "max_output": max_output,
        "margin_bps": margin_bps,
        "floor_micro": floor_micro,
        "output_permille": output_permille,
        "image_tokens": image_tokens,
    }
    text = body if isinstance(body, str) else dump("body", body)
    price: dict[str, int] = json.loads(_native.quote_chat(text, rule))
    amount = price.pop("amount")
    return {"amount_micro": amount, "amount_usd": dollars(amount), **price}


def canonical_json(text: str) -> str:
    """A JSON text with sorted keys and without spaces; numbers as they were written."""
    return _native.canonical_json(text)


def _authorization(fields: Mapping[str, str | int]) -> str:
    # On the wire the numbers are decimal strings: they have up to 256 bits.
    return dump(
        "authorization",
        {name: str(value) if type(value) is int else value for name, value in fields.items()},
    )
